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
        await first.Outbox.BuryAsync("alice", message, "late", null, clock.Now, Ct);
        await first.Outbox.FinishAsync("alice", message, SendResult.Accepted, clock.Now);
        Assert.Equal(before, await first.OutboxAsync());

        await second.Outbox.FinishAsync("alice", message, SendResult.Accepted, clock.Now);
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

        await node.Outbox.FinishAsync("alice", message, SendResult.Accepted, node.Clock.Now);
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
        // What was sent stays sent.
        var sent = Assert.Single(await node.QueuedAsync(), message => message.UserId == "alice" && message.Content is { Code: not null, Channel: KeyType.Email });
        await node.Outbox.FinishAsync("alice", sent.Id, SendResult.Accepted, node.Clock.Now);
        await node.Security.ResendAsync(caller, "alice", changing, Ct);
        await node.Security.CancelAsync(caller, "alice", changing, Ct);
        await node.Security.CancelAsync(caller, "alice", adding, Ct);
        Assert.Equal(
            [
                "a***e@example.com QUEUED", "a***e@example.com QUEUED", "a***e@example.com SENT", "a***e@example.com WITHDRAWN",
                "+**********671 QUEUED", "+**********672 WITHDRAWN", "+**********673 QUEUED", "+**********674 WITHDRAWN",
            ],
            await StatesAsync(node));
        Assert.All(await node.OutboxAsync(), row => Assert.Equal(row.State != OutboxState.Queued, row.IsErased));

        // Nobody can send what is withdrawn.
        node.Clock.Advance(Lease);
        Assert.Equal(4, (await ClaimAsync(node)).Count);
    }

    public static async Task Codes_that_are_known_to_be_sent_are_not_looked_for(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true });
        var (caller, changing) = (new Caller("alice"), new Purpose(Operation.ChangingKey, KeyType.Email));
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.LoadAsync("alice");

        // Three of them, of which the third supersedes the first.
        for (var i = 0; i < 3; i++)
            await IssueAsync(isSent: true);
        Assert.Equal(0, Looks());
        await node.Security.CancelAsync(caller, "alice", changing, Ct);
        Assert.Equal(0, Looks());

        // Of the next three the first is still on its way.
        await IssueAsync(isSent: false);
        await IssueAsync(isSent: true);
        await IssueAsync(isSent: true);
        Assert.Equal(1, Looks());
        await IssueAsync(isSent: false);
        await node.Security.CancelAsync(caller, "alice", changing, Ct);
        Assert.Equal(2, Looks());
        Assert.Equal([.. Enumerable.Repeat("SENT", 5), "WITHDRAWN", "WITHDRAWN"], (await node.OutboxAsync()).Select(row => row.State).Order(StringComparer.Ordinal));

        int Looks() => node.Engine.Count(AccountSql.WithdrawCodes) + node.Engine.Count(AccountSql.WithdrawSuperseded);

        async Task IssueAsync(bool isSent)
        {
            Assert.Null((await node.Security.IssueAsync(caller, "alice", changing, null, Ct)).Refused);
            if (isSent)
                await node.Outbox.FinishAsync("alice", node.OwnStore.Recall("alice")!.State(changing).Pending!.MessageId, SendResult.Accepted, node.Clock.Now);
        }
    }

    public static async Task Finished_messages_are_forgotten_and_queued_ones_are_not(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        await node.ExecuteAsync(Copy, ("@id", "queued"), ("@leased_until", 0L));
        await node.Outbox.FinishAsync("alice", message, SendResult.Accepted, node.Clock.Now);

        await node.Outbox.PruneAsync(node.Clock.Now, Ct);
        Assert.Equal(2, (await node.OutboxAsync()).Count);
        await node.Outbox.PruneAsync(node.Clock.Now.AddMilliseconds(1), Ct);
        Assert.Equal("queued", Assert.Single(await node.OutboxAsync()).Id);
        Assert.Equal((1, 0), ((await node.Outbox.MeasureAsync(Ct)).Queued, (await node.Outbox.MeasureAsync(Ct)).Dead));
    }

    public static async Task A_node_that_gives_back_its_leases_gives_back_its_own_only(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await using var second = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        var message = await QueueAsync(first);
        await first.Engine.TryCommitAsync(
            [.. Enumerable.Range(0, 3).Select(i => new SqlStatement(Copy, ("@id", $"due-{i}"), ("@leased_until", 0L)))], Ct);
        Assert.Equal(3, (await ClaimAsync(second)).Count);

        Assert.Equal(1, await first.Outbox.ReleaseAsync(Ct));
        Assert.Equal([message], await ClaimAsync(second));
        Assert.Equal(4, await second.Outbox.ReleaseAsync(Ct));
        Assert.Equal(0, await second.Outbox.ReleaseAsync(Ct));
        Assert.Equal(4, (await ClaimAsync(first)).Count);

        // What is done with stays as it is.
        await first.Security.CancelAsync(new Caller("alice"), "alice", new Purpose(Operation.ChangingKey, KeyType.Email), Ct);
        Assert.Equal(0, await first.Outbox.ReleaseAsync(Ct));
    }

    public static async Task A_lease_is_renewed_by_the_node_that_has_it_and_by_no_other(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await using var second = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        var message = await QueueAsync(first);
        await first.ExecuteAsync(Copy, ("@id", "other"), ("@leased_until", clock.Now.ToUnixTimeMilliseconds() + 1));

        Assert.False(await second.Outbox.TryRenewAsync("alice", message, clock.Now + (2 * Lease), Ct));
        Assert.False(await second.Outbox.IsOursAsync("alice", message, Ct));
        Assert.False(await first.Outbox.TryRenewAsync("bob", message, clock.Now + (2 * Lease), Ct));
        Assert.True(await first.Outbox.IsOursAsync("alice", message, Ct));
        Assert.True(await first.Outbox.TryRenewAsync("alice", message, clock.Now + (2 * Lease), Ct));
        clock.Advance(Lease);
        Assert.Equal(["other"], await ClaimAsync(second));
        clock.Advance(Lease);
        Assert.Contains(message, await ClaimAsync(second));

        Assert.False(await first.Outbox.TryRenewAsync("alice", message, clock.Now + Lease, Ct));
        Assert.False(await first.Outbox.IsOursAsync("alice", message, Ct));
        await first.Security.CancelAsync(new Caller("alice"), "alice", new Purpose(Operation.ChangingKey, KeyType.Email), Ct);
        Assert.False(await second.Outbox.TryRenewAsync("alice", message, clock.Now + Lease, Ct));
        Assert.False(await second.Outbox.IsOursAsync("alice", message, Ct));
    }

    public static async Task A_dead_message_keeps_what_it_says_until_it_expires(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        var expiresAt = node.Clock.Now.AddMinutes(30);
        await node.Outbox.BuryAsync("alice", message, "no such mailbox", null, node.Clock.Now, Ct);
        var dead = Assert.Single(await node.OutboxAsync());
        Assert.Equal((OutboxState.Dead, 1, "no such mailbox", false, null), (dead.State, dead.Attempts, dead.LastError, dead.IsErased, dead.LeasedBy));
        // One that waits longer than that is not the sweep's matter, nor is one that is dead and has not expired.
        await node.ExecuteAsync(Copy, ("@id", "queued"), ("@leased_until", 0L));

        Assert.False(await node.Outbox.EraseExpiredAsync(expiresAt.AddMilliseconds(-1), Ct));
        Assert.True(await node.Outbox.EraseExpiredAsync(expiresAt, Ct));
        Assert.Equal(dead with { IsErased = true }, Assert.Single(await node.OutboxAsync(), row => row.Id == message));
        Assert.False(Assert.Single(await node.OutboxAsync(), row => row.Id == "queued").IsErased);
        Assert.False(await node.Outbox.EraseExpiredAsync(expiresAt, Ct));

        // One that dies of its expiry is erased with it.
        node.Clock.Advance(expiresAt - node.Clock.Now);
        Assert.Equal(["queued"], await ClaimAsync(node));
        await node.Outbox.BuryAsync("alice", "queued", "expired", null, node.Clock.Now, Ct);
        Assert.True(Assert.Single(await node.OutboxAsync(), row => row.Id == "queued").IsErased);
        Assert.Equal(new OutboxDepth(0, 2, null), await node.Outbox.MeasureAsync(Ct));
    }

    public static async Task Of_the_codes_of_a_purpose_all_but_the_two_that_can_be_redeemed_are_withdrawn(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var changing = new Purpose(Operation.ChangingKey, KeyType.Email);
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com"), PhoneNumber = Sample.Number("+4915112345671") });
        await node.PutAsync("bob", new AccountProfile { Email = Sample.Email("bob@example.com") });
        var others = new List<string>();
        async Task<string> IssueAsync(string userId, Purpose purpose)
        {
            node.Clock.Advance(TimeSpan.FromMilliseconds(1));
            await node.CodeAsync(userId, purpose.Operation, purpose.KeyType);
            return (await node.OutboxAsync())[^1].Id;
        }

        var first = await IssueAsync("alice", changing);
        others.Add(await IssueAsync("bob", changing));
        others.Add(await IssueAsync("alice", changing with { KeyType = KeyType.PhoneNumber }));
        others.Add(await IssueAsync("alice", changing with { Operation = Operation.RemovingKey }));
        // The second can still be redeemed beside the third, and the first, dead or not, cannot.
        var second = await IssueAsync("alice", changing);
        Assert.All(await node.OutboxAsync(), row => Assert.Equal(OutboxState.Queued, row.State));
        await node.Outbox.BuryAsync("alice", first, "no such mailbox", null, node.Clock.Now, Ct);
        var third = await IssueAsync("alice", changing);
        Assert.Equal([first], await IdsAsync(node, OutboxState.Withdrawn));
        var fourth = await IssueAsync("alice", changing);
        Assert.Equal([first, second], await IdsAsync(node, OutboxState.Withdrawn));
        Assert.Equal([.. others, third, fourth], await IdsAsync(node, OutboxState.Queued));
        Assert.All(await node.OutboxAsync(), row => Assert.Equal(row.State == OutboxState.Withdrawn, row.IsErased));
    }

    public static async Task An_operator_sees_messages_a_page_at_a_time(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        await node.Outbox.BuryAsync("alice", message, "no such mailbox", null, node.Clock.Now, Ct);
        await node.PutAsync("bob", new AccountProfile { Email = Sample.Email("bob@example.com") });
        foreach (var i in Enumerable.Range(0, 5))
        {
            await node.ExecuteAsync(Copy, ("@id", $"dead-{i}"), ("@leased_until", 0L));
            // Three of them were due at the same time.
            await node.ExecuteAsync(
                "UPDATE outbox SET state = 'DEAD', due_at = due_at + @later, user_id = @user_id WHERE id = @id",
                ("@later", i < 3 ? 1L : i), ("@user_id", i == 1 ? "bob" : "alice"), ("@id", $"dead-{i}"));
        }

        var all = await node.Operator.ListAsync(OutboxState.Dead, null, MessagePlace.End, 1_000, Ct);
        string[] expected = ["dead-4", "dead-3", "dead-2", "dead-1", "dead-0", message];
        Assert.Equal(expected, all.Select(row => row.Id));
        var first = all[^1];
        Assert.Equal(("alice", "EMAIL", MessageKind.Code, "userKeys/changing", "EMAIL"), (first.UserId, first.Channel, first.Kind, first.Operation, first.KeyType));
        Assert.Equal(("a***e@example.com", OutboxState.Dead, 1, "no such mailbox"), (first.DestinationMasked, first.State, first.Attempts, first.LastError));
        Assert.Equal((node.Clock.Now, node.Clock.Now, node.Clock.Now.AddMinutes(30)), (first.CreatedAt, first.FinishedAt!.Value, first.ExpiresAt));
        Assert.Null(all[0].FinishedAt);

        var pages = new List<string>();
        var place = MessagePlace.End;
        for (var i = 0; i < 3; i++)
        {
            var page = await node.Operator.ListAsync(OutboxState.Dead, null, place, 2, Ct);
            pages.AddRange(page.Select(row => row.Id));
            place = new MessagePlace(page[^1].DueAt, page[^1].Id);
        }

        Assert.Equal(expected, pages);
        Assert.Equal(["dead-1"], (await node.Operator.ListAsync(OutboxState.Dead, "bob", MessagePlace.End, 1_000, Ct)).Select(row => row.Id));
        var ofAlice = await node.Operator.ListAsync(OutboxState.Dead, "alice", new MessagePlace(all[2].DueAt, all[2].Id), 1, Ct);
        Assert.Equal(["dead-0"], ofAlice.Select(row => row.Id));
        Assert.Empty(await node.Operator.ListAsync(OutboxState.Queued, null, MessagePlace.End, 1_000, Ct));
    }

    public static async Task An_operator_has_a_dead_message_tried_again_until_it_expires(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        await node.ExecuteAsync(Copy, ("@id", "other"), ("@leased_until", 0L));
        await node.ExecuteAsync("UPDATE outbox SET state = 'DEAD' WHERE id = 'other'");
        var expiresAt = node.Clock.Now.AddMinutes(30);
        Task<ActionOutcome> RetryAsync(string userId = "alice") => node.Operator.RetryAsync("operator", userId, message, Ct);

        Assert.Equal((false, OutboxState.Queued), Outcome(await RetryAsync()));
        await node.Outbox.BuryAsync("alice", message, "no such mailbox", null, node.Clock.Now, Ct);
        Assert.Equal((false, null), Outcome(await RetryAsync("bob")));
        node.Clock.Advance(TimeSpan.FromMinutes(1));

        var retried = await RetryAsync();
        Assert.Equal((true, OutboxState.Queued), Outcome(retried));
        Assert.Equal((0, node.Clock.Now, null), (retried.Message!.Attempts, retried.Message.DueAt, retried.Message.FinishedAt));
        Assert.Equal(OutboxState.Dead, Assert.Single(await node.OutboxAsync(), row => row.Id == "other").State);
        Assert.Equal([message], await ClaimAsync(node));

        await node.Outbox.BuryAsync("alice", message, "no such mailbox", null, node.Clock.Now, Ct);
        node.Clock.Advance(expiresAt - node.Clock.Now - TimeSpan.FromMilliseconds(1));
        Assert.Equal((true, OutboxState.Queued), Outcome(await RetryAsync()));
        Assert.Equal([message], await ClaimAsync(node));
        await node.Outbox.BuryAsync("alice", message, "no such mailbox", null, node.Clock.Now, Ct);
        node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((false, OutboxState.Dead), Outcome(await RetryAsync()));
    }

    public static async Task A_dead_code_whose_token_has_ended_cannot_be_tried_again(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        await node.Outbox.BuryAsync("alice", message, "no such mailbox", null, node.Clock.Now, Ct);
        await node.Security.CancelAsync(new Caller("alice"), "alice", new Purpose(Operation.ChangingKey, KeyType.Email), Ct);

        Assert.Equal((false, OutboxState.Withdrawn), Outcome(await node.Operator.RetryAsync("operator", "alice", message, Ct)));
        Assert.True(Assert.Single(await node.OutboxAsync()).IsErased);
    }

    public static async Task An_operator_drops_a_message_that_is_dead_or_waits_and_no_other(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        await node.ExecuteAsync(Copy, ("@id", "dead"), ("@leased_until", 0L));
        await node.ExecuteAsync(Copy, ("@id", "sent"), ("@leased_until", 0L));
        await node.ExecuteAsync(Copy, ("@id", "other"), ("@leased_until", 0L));
        await node.ExecuteAsync("UPDATE outbox SET state = 'DEAD' WHERE id = 'dead'");
        await node.ExecuteAsync("UPDATE outbox SET state = 'SENT' WHERE id = 'sent'");
        Task<ActionOutcome> DropAsync(string id, string userId = "alice") => node.Operator.DropAsync("operator", userId, id, Ct);

        Assert.Equal((false, null), Outcome(await DropAsync(message, "bob")));
        foreach (var id in new[] { message, "dead" })
        {
            var dropped = await DropAsync(id);
            Assert.Equal((true, OutboxState.Withdrawn), Outcome(dropped));
            Assert.Equal(("dropped by an operator", node.Clock.Now), (dropped.Message!.LastError, dropped.Message.FinishedAt!.Value));
            Assert.True(Assert.Single(await node.OutboxAsync(), row => row.Id == id).IsErased);
            Assert.Equal((false, OutboxState.Withdrawn), Outcome(await DropAsync(id)));
        }

        Assert.Equal((false, OutboxState.Sent), Outcome(await DropAsync("sent")));
        Assert.Equal(["other"], await ClaimAsync(node));
    }

    static (bool, string?) Outcome(ActionOutcome outcome) => (outcome.IsDone, outcome.Message?.State);

    static async Task<List<string>> IdsAsync(StoreNode node, string state) =>
        [.. (await node.OutboxAsync()).Where(row => row.State == state).Select(row => row.Id)];

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
