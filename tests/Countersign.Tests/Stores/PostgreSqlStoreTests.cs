using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

public sealed class PostgreSqlStoreTests : StoreConformance
{
    [Fact]
    public async Task Commits_that_come_at_once_share_a_transaction()
    {
        await using var database = NewDatabase();
        await using var node = await StoreNode.CreateAsync(database);
        var users = Enumerable.Range(0, 12).Select(i => $"user-{i}").ToArray();
        foreach (var user in users)
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });

        var accounts = await Task.WhenAll(users.Select(node.LoadAsync));
        Assert.All(await Task.WhenAll(accounts.Select(account => node.CommitAsync(account, Change.Of(account with { Locale = "de" })))), Assert.True);
        // The first goes at once, and the others wait for it.
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
