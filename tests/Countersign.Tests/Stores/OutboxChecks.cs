using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>What the outbox must do in every database.</summary>
static class OutboxChecks
{
    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly TimeSpan Lease = Outbox.Lease;

    public static async Task A_leased_message_is_nobody_elses_until_its_lease_ends(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await using var second = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        var message = await QueueAsync(first);
        // Something that is due all the while, so that it is the lease that decides, and not that there is nothing to look for.
        await first.ExecuteAsync(Copy, ("@id", "due"), ("@leased_until", 0L));

        Assert.Equal(["due"], await ClaimAsync(second));
        clock.Advance(Lease - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await ClaimAsync(second));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([message, "due"], (await ClaimAsync(second)).OrderBy(id => id == "due"));
        // Now it is the second one's.
        Assert.Empty(await ClaimAsync(first));
    }

    public static async Task A_node_that_lost_its_lease_decides_nothing(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await using var second = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        var message = await QueueAsync(first);
        clock.Advance(Lease);
        Assert.Equal([message], await ClaimAsync(second));
        var before = await first.OutboxAsync();

        await first.Outbox.PostponeAsync("alice", message, "late", clock.Now, Ct);
        await first.Outbox.FinishAsync("alice", message, OutboxState.Dead, "late", clock.Now, Ct);
        Assert.Equal(before, await first.OutboxAsync());

        await second.Outbox.FinishAsync("alice", message, OutboxState.Sent, null, clock.Now, Ct);
        Assert.Equal(OutboxState.Sent, Assert.Single(await first.OutboxAsync()).State);
    }

    public static async Task Two_nodes_that_claim_at_once_share_what_is_due(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await using var second = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await QueueAsync(first);
        await first.Engine.TryCommitAsync(
            [.. Enumerable.Range(0, 150).Select(i => new SqlStatement(Copy, ("@id", $"due-{i:000}"), ("@leased_until", 0L)))], Ct);

        var claims = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(racer => Task.Run(() => ClaimAsync(racer % 2 == 0 ? first : second))));
        Assert.Equal(Enumerable.Range(0, 150).Select(i => $"due-{i:000}"), claims.SelectMany(claim => claim).Order(StringComparer.Ordinal));
    }

    public static async Task What_a_message_said_is_gone_from_hand_off_on(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        Assert.False(Assert.Single(await node.OutboxAsync()).IsErased);

        await node.Outbox.FinishAsync("alice", message, OutboxState.Sent, null, node.Clock.Now, Ct);
        var sent = Assert.Single(await node.OutboxAsync());
        Assert.True(sent.IsErased);
        Assert.Equal((OutboxState.Sent, 1, null), (sent.State, sent.Attempts, sent.LastError));

        // And nothing brings it back.
        node.Clock.Advance(Lease * 2);
        Assert.Empty(await ClaimAsync(node));
        await node.Outbox.PostponeAsync("alice", message, "late", node.Clock.Now, Ct);
        Assert.Equal(sent, Assert.Single(await node.OutboxAsync()));
    }

    public static async Task A_postponed_message_waits_until_it_is_due(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        await node.Outbox.PostponeAsync("alice", message, "busy", node.Clock.Now.AddMinutes(1), Ct);
        var postponed = Assert.Single(await node.OutboxAsync());
        Assert.Equal((OutboxState.Queued, 1, "busy", null), (postponed.State, postponed.Attempts, postponed.LastError, postponed.LeasedBy));

        node.Clock.Advance(TimeSpan.FromSeconds(59));
        await node.ExecuteAsync(Copy, ("@id", "due"), ("@leased_until", 0L));
        await node.ExecuteAsync("UPDATE outbox SET due_at = 0 WHERE id = 'due'");
        Assert.Equal(["due"], await ClaimAsync(node));
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([message], await ClaimAsync(node));
    }

    public static async Task The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var caller = new Caller("alice");
        var (adding, changing) = (new Purpose(Operation.AddingKey, KeyType.PhoneNumber), new Purpose(Operation.ChangingKey, KeyType.Email));
        await node.PutAsync("bob", new AccountProfile { Email = Sample.Email("bob@example.com") });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com"), EmailMfa = true });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.CodeAsync("bob", adding.Operation, adding.KeyType, Sample.Number("+4915112345671"));
        await node.CodeAsync("alice", changing.Operation, changing.KeyType);
        await node.CodeAsync("alice", adding.Operation, adding.KeyType, Sample.Number("+4915112345672"));
        // A decoy: what it sends is a notice to the owner, who is to hear of it whatever becomes of the operation.
        await node.PutAsync("carol", new AccountProfile { PhoneNumber = Sample.Number("+4915112345673") });
        await node.Security.IssueAsync(caller, "alice", adding, Sample.Number("+4915112345673"), Ct);
        await node.CodeAsync("alice", adding.Operation, adding.KeyType, Sample.Number("+4915112345674"));

        Assert.Equal(["+**********672 WITHDRAWN", "+**********674 QUEUED"], await StatesAsync(node, "+**********672", "+**********674"));
        await node.Security.CancelAsync(caller, "alice", adding, Ct);
        Assert.Equal(
            [
                "a***e@example.com QUEUED", "a***e@example.com QUEUED", "a***e@example.com QUEUED",
                "+**********671 QUEUED", "+**********672 WITHDRAWN", "+**********673 QUEUED", "+**********674 WITHDRAWN",
            ],
            await StatesAsync(node));
        Assert.All(await node.OutboxAsync(), row => Assert.Equal(row.State == OutboxState.Withdrawn, row.IsErased));

        // Nobody can send what is withdrawn.
        node.Clock.Advance(Lease);
        Assert.Equal(5, (await ClaimAsync(node)).Count);
    }

    public static async Task Finished_messages_are_forgotten_and_queued_ones_are_not(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        await node.ExecuteAsync(Copy, ("@id", "queued"), ("@leased_until", 0L));
        await node.Outbox.FinishAsync("alice", message, OutboxState.Sent, null, node.Clock.Now, Ct);

        await node.Outbox.PruneAsync(node.Clock.Now, Ct);
        Assert.Equal(2, (await node.OutboxAsync()).Count);
        await node.Outbox.PruneAsync(node.Clock.Now.AddMilliseconds(1), Ct);
        Assert.Equal("queued", Assert.Single(await node.OutboxAsync()).Id);
        Assert.Equal((1, 0), ((await node.Outbox.MeasureAsync(Ct)).Queued, (await node.Outbox.MeasureAsync(Ct)).Dead));
    }

    static async Task<string> QueueAsync(StoreNode node)
    {
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.CodeAsync("alice", Operation.ChangingKey, KeyType.Email);
        return Assert.Single(await node.OutboxAsync()).Id;
    }

    static async Task<List<string>> ClaimAsync(StoreNode node) => [.. (await node.Outbox.ClaimAsync(node.Clock.Now, 100, Ct)).Select(claimed => claimed.Id)];

    static async Task<List<string>> StatesAsync(StoreNode node, params string[] destinations) =>
    [
        .. (await node.OutboxAsync())
            .Where(row => destinations.Length == 0 || destinations.Contains(row.Destination))
            .Select(row => $"{row.Destination} {row.State}")
            .OrderBy(state => state[0] == '+').ThenBy(state => state, StringComparer.Ordinal),
    ];

    /// <summary>Another message like the first one.</summary>
    const string Copy =
        """
        INSERT INTO outbox (
          user_id, id, channel, kind, operation, key_type, carries_code, destination_masked, sealed, state, attempts,
          due_at, expires_at, leased_by, leased_until, created_at)
        SELECT
          user_id, @id, channel, kind, operation, key_type, carries_code, destination_masked, sealed, 'QUEUED', 0,
          due_at, expires_at, NULL, @leased_until, created_at
        FROM outbox WHERE kind = 'Code' ORDER BY created_at, id LIMIT 1
        """;
}
