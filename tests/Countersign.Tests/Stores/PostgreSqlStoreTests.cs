using Countersign.Domain;
using Countersign.PostgreSql;
using Countersign.Stores;
using Microsoft.Extensions.Logging.Abstractions;
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
        var won = await CommitTogetherAsync(database, () => accounts.Select(account => node.CommitAsync(account, Change.Of(account with { Locale = "de" }))));

        Assert.All(won, Assert.True);
        Assert.Equal([2L], await node.ReadAsync("SELECT COUNT(DISTINCT xmin::text) FROM accounts WHERE locale = 'de'", reader => reader.GetInt64(0)));
    }

    [Fact]
    public async Task Of_commits_at_once_one_that_is_lost_costs_the_others_nothing()
    {
        await using var database = PostgreSqlTestDatabase.New(null);
        await using var node = await StoreNode.CreateAsync(database);
        var users = Enumerable.Range(0, 12).Select(i => $"user-{i:00}").ToArray();
        foreach (var user in users)
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });

        var accounts = await Task.WhenAll(users.Select(node.LoadAsync));
        Assert.True(await node.CommitAsync(accounts[5], Change.Of(accounts[5] with { Locale = "fr" })));
        var won = await CommitTogetherAsync(database, () => accounts.Select(account =>
            node.CommitAsync(account, Change.Of(account with { Locale = "de" }).Record(AuditEventType.AccountProvisioned))));
        Assert.Equal(users.Select(user => user != "user-05"), won);
        // The others are one transaction still, with an event each.
        Assert.Equal([2L], await node.ReadAsync("SELECT COUNT(DISTINCT xmin::text) FROM accounts WHERE locale = 'de'", reader => reader.GetInt64(0)));
        Assert.Equal([23L], await node.ReadAsync("SELECT COUNT(*) FROM audit_events", reader => reader.GetInt64(0)));
    }

    [Fact]
    public async Task A_statement_is_planned_once_whatever_of_it_is_null()
    {
        await using var database = PostgreSqlTestDatabase.New(null);
        await using var node = await StoreNode.CreateAsync(database);
        // One connection, which shows what is prepared on it.
        await using var engine = new PostgreSqlEngine(
            PostgreSqlSettings.Complete($"{database.ConnectionString};Maximum Pool Size=1"), NullLoggerFactory.Instance);
        for (var i = 0; i < 8; i++)
        {
            (string, object?)[] owner = i % 2 == 0 ? [("@key_type", "EMAIL"), ("@canonical", null)] : [("@key_type", null), ("@canonical", "alice@example.com")];
            await engine.ReadAsync(new SqlStatement(AccountSql.FindOwner, owner), reader => reader.Read(), Ct);
        }

        var prepared = await engine.ReadAsync(
            new SqlStatement("SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM key_claims%'"), reader => reader.Read() ? reader.GetInt64(0) : -1, Ct);
        Assert.Equal(1, prepared);
    }

    /// <summary>The first goes at once, and meets a lock on the account of the first user; the others wait for it.</summary>
    static async Task<bool[]> CommitTogetherAsync(PostgreSqlTestDatabase database, Func<IEnumerable<Task<bool>>> commit)
    {
        Task<bool>[] commits;
        await using (var other = new NpgsqlConnection(database.ConnectionString))
        {
            await other.OpenAsync(Ct);
            await using var transaction = await other.BeginTransactionAsync(Ct);
            await using var locking = new NpgsqlCommand("SELECT 1 FROM accounts ORDER BY user_id LIMIT 1 FOR UPDATE", other, transaction);
            await locking.ExecuteScalarAsync(Ct);
            commits = [.. commit()];
        }

        return await Task.WhenAll(commits);
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
