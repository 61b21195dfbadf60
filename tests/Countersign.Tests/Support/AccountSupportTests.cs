using Countersign.Domain;
using Countersign.Support;
using Countersign.Tests.Server;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Support;

public sealed class AccountSupportTests
{
    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly Caller Olga = new("olga");

    [Fact]
    public async Task A_search_is_logged_with_its_kind_and_without_what_was_searched_for()
    {
        using var log = new CollectingLog();
        await using var database = SqliteTestDatabase.New(null);
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Log = log });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });

        await node.Support.FindAsync(Olga, "alice@example.com", Ct);
        await node.Support.FindAsync(Olga, "+4915112345678", Ct);
        await node.Support.FindAsync(Olga, "somebody", Ct);
        await node.Support.GetAsync(Olga, "alice", Ct);
        await node.Support.RevokeAsync(Olga, "alice", null, "ticket 4711", Ct);

        string[] expected =
        [
            "olga has searched for an account by email, and 1 were found", "olga has searched for an account by phone number, and 0 were found",
            "olga has searched for an account by user id, and 0 were found", "olga has opened the account alice; it is there: True",
            "olga wanted to revoke, of the account alice: NothingPending",
        ];
        Assert.All(expected, line => Assert.Contains(log.Lines, logged => logged.Contains(line, StringComparison.Ordinal)));
        foreach (var text in (string[])["alice@example.com", "15112345678", "somebody", "ticket 4711"])
            Assert.DoesNotContain(log.Lines, logged => logged.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trail_that_is_too_long_is_not_verified_while_somebody_waits()
    {
        await using var database = SqliteTestDatabase.New(null);
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.ExecuteAsync("UPDATE accounts SET trail_events = @events", ("@events", (long)CaseReading.MaxVerified));

        var trail = (await node.Support.GetAsync(Olga, "alice", Ct))!.Trail;

        Assert.Equal((TrailState.TooLong, 20_001L, 0), (trail.State, trail.Events, trail.Findings.Count));
    }

    [Fact]
    public async Task A_case_has_the_newest_50_messages_and_200_events()
    {
        await using var database = SqliteTestDatabase.New(null);
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        for (var i = 0; i < 205; i++)
        {
            await node.Security.IssueAsync(new Caller("alice"), "alice", new Purpose(Operation.ChangingKey, KeyType.Email), null, Ct);
            node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        var found = (await node.Support.GetAsync(Olga, "alice", Ct))!;

        Assert.Equal((50, 200, 207L), (found.Messages.Count, found.Events.Count, found.Trail.Events));
        Assert.Equal(node.Clock.Now.AddMilliseconds(-1), found.Messages[0].View.CreatedAt);
        Assert.Equal("support_viewed", found.Events[0].Type);
    }

    [Fact]
    public async Task Figures_of_31_days_at_most_are_read_at_once()
    {
        await using var database = SqliteTestDatabase.New(null);
        await using var node = await StoreNode.CreateAsync(database);
        var to = node.Clock.Now;

        Assert.Equal(31 * 24, (await node.Figures.ReadAsync(to.AddDays(-31), to, Ct)).Hours.Count);
        await Assert.ThrowsAsync<ArgumentException>(() => node.Figures.ReadAsync(to.AddDays(-31).AddMilliseconds(-1), to, Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => node.Figures.ReadAsync(to, to, Ct));
        // By whatever clock of the world it is asked: hours are those of UTC.
        var hour = Assert.Single((await node.Figures.ReadAsync(to.ToOffset(TimeSpan.FromMinutes(330)), to.AddMinutes(1), Ct)).Hours);
        Assert.Equal((to, TimeSpan.Zero), (hour.Start, hour.Start.Offset));
    }
}
