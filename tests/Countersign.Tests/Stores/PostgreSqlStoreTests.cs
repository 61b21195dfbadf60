using Countersign.Domain;
using Countersign.Stores;
using Npgsql;

namespace Countersign.Tests.Stores;

public sealed class PostgreSqlStoreTests : StoreConformance
{
    [Fact]
    public async Task Commits_that_come_at_once_share_a_transaction()
    {
        await using var database = PostgreSqlTestDatabase.New(null);
        await using var node = await StoreNode.CreateAsync(database);
        var users = Enumerable.Range(0, 12).Select(i => $"user-{i}").ToArray();
        foreach (var user in users)
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });

        var accounts = await Task.WhenAll(users.Select(node.LoadAsync));
        Task<bool>[] commits;
        await using (var other = new NpgsqlConnection(database.ConnectionString))
        {
            await other.OpenAsync(Ct);
            await using var transaction = await other.BeginTransactionAsync(Ct);
            await using var locking = new NpgsqlCommand("SELECT 1 FROM accounts WHERE user_id = 'user-0' FOR UPDATE", other, transaction);
            await locking.ExecuteScalarAsync(Ct);
            commits = [.. accounts.Select(account => node.CommitAsync(account, Change.Of(account with { Locale = "de" })))];
        }

        Assert.All(await Task.WhenAll(commits), Assert.True);
        // The first goes at once, and meets the lock; the others wait for it.
        Assert.Equal([2L], await node.ReadAsync("SELECT COUNT(DISTINCT xmin::text) FROM accounts WHERE locale = 'de'", reader => reader.GetInt64(0)));
    }

    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => PostgreSqlTestDatabase.New(wrap);
}

public sealed class PostgreSqlRaceTests : StoreRaces
{
    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => PostgreSqlTestDatabase.New(wrap);
}

public sealed class PostgreSqlSeededFaultTests : SeededFaults
{
    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => PostgreSqlTestDatabase.New(wrap);
}
