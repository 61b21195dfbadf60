using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Support;

namespace Countersign.Tests.Stores;

/// <summary>What support does to messages: the trail says so if, and only if, it was done.</summary>
static class SupportMessageChecks
{
    const string Reason = "ticket 4711";

    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly Caller Olga = new("olga");

    public static async Task An_operator_has_a_dead_message_tried_again_with_a_reason(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);

        var other = await OtherAsync(node);
        Assert.Equal(SupportStatus.MessageNotRetryable, await RetryAsync(node, message));
        Assert.Equal(SupportStatus.MessageNotFound, await RetryAsync(node, "another"));
        foreach (var id in new[] { message, other })
            await node.Outbox.BuryAsync("alice", id, "no such mailbox", null, node.Clock.Now, Ct);
        Assert.Equal(SupportStatus.BadReason, await node.Support.RetryMessageAsync(Olga, "alice", message, " ", Ct));
        Assert.All((await node.Support.GetAsync(Olga, "alice", Ct))!.Messages, shown => Assert.True(shown.CanRetry));
        node.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(SupportStatus.Done, await RetryAsync(node, message));
        Assert.Equal(SupportStatus.MessageNotRetryable, await RetryAsync(node, message));

        var row = Assert.Single(await node.OutboxAsync(), row => row.Id == message);
        Assert.Equal((OutboxState.Queued, 0, node.Clock.Now, false), (row.State, row.Attempts, row.DueAt, row.IsErased));
        Assert.Equal([message], (await node.Outbox.ClaimAsync(node.Clock.Now, 10, Ct)).Select(claimed => claimed.Id));
        await node.Outbox.BuryAsync("alice", message, "no such mailbox", null, node.Clock.Now, Ct);
        node.Clock.Advance(TimeSpan.FromMinutes(29));
        Assert.Equal(SupportStatus.MessageNotRetryable, await RetryAsync(node, message));
        Assert.Equal([$"message_retried userKeys/changing EMAIL a***e@example.com {message}: ticket 4711 olga"], await ActionsAsync(node));
    }

    public static async Task An_operator_drops_a_message_with_a_reason(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var message = await QueueAsync(node);
        var other = await OtherAsync(node);

        Assert.Equal(SupportStatus.Done, await DropAsync(node, message));
        Assert.Equal(SupportStatus.MessageNotDroppable, await DropAsync(node, message));
        Assert.Equal(SupportStatus.AccountNotFound, await node.Support.DropMessageAsync(Olga, "bob", message, Reason, Ct));

        var row = Assert.Single(await node.OutboxAsync(), row => row.Id == message);
        Assert.Equal((OutboxState.Withdrawn, true, "dropped by an operator"), (row.State, row.IsErased, row.LastError));
        Assert.Equal(OutboxState.Queued, Assert.Single(await node.OutboxAsync(), row => row.Id == other).State);
        Assert.Equal([$"message_dropped userKeys/changing EMAIL a***e@example.com {message}: ticket 4711 olga"], await ActionsAsync(node));
    }

    /// <summary>What has become of the message between the decision and its commit, another statement says than the one that guards the account.</summary>
    public static async Task What_is_sent_meanwhile_is_not_dropped_and_the_trail_does_not_say_so(TestDatabase database)
    {
        var setup = new StoreNode.Setup();
        await using var node = await StoreNode.CreateAsync(database, setup);
        var message = await QueueAsync(node);

        setup.Gate.Arm(reads: 2);
        var dropping = DropAsync(node, message);
        await Eventually.ThatAsync(() => node.Engine.Count(OperatorSql.Find) == 1, "it is decided");
        await node.Outbox.FinishAsync("alice", message, SendResult.Accepted, node.Clock.Now);
        await node.LoadAsync("alice");

        Assert.Equal(SupportStatus.MessageNotDroppable, await dropping);
        Assert.Equal(OutboxState.Sent, Assert.Single(await node.OutboxAsync()).State);
        Assert.Empty(await ActionsAsync(node));
    }

    public static async Task What_is_queued_meanwhile_is_not_queued_again_and_the_trail_does_not_say_so(TestDatabase database)
    {
        var setup = new StoreNode.Setup();
        await using var node = await StoreNode.CreateAsync(database, setup);
        var message = await QueueAsync(node);
        await node.Outbox.BuryAsync("alice", message, "no such mailbox", null, node.Clock.Now, Ct);

        setup.Gate.Arm(reads: 2);
        var retrying = RetryAsync(node, message);
        await Eventually.ThatAsync(() => node.Engine.Count(OperatorSql.Find) == 1, "it is decided");
        Assert.True((await node.Operator.RetryAsync("somebody", "alice", message, Ct)).IsDone);
        await node.LoadAsync("alice");

        Assert.Equal(SupportStatus.MessageNotRetryable, await retrying);
        Assert.Equal(OutboxState.Queued, Assert.Single(await node.OutboxAsync()).State);
        Assert.Empty(await ActionsAsync(node));
    }

    public static async Task Of_two_operators_one_does_it(TestDatabase database)
    {
        foreach (var winner in (string[])["retry", "drop"])
        {
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);
            var user = $"alice-{winner}";
            var message = await QueueAsync(node, user);
            await node.Outbox.BuryAsync(user, message, "no such mailbox", null, node.Clock.Now, Ct);

            setup.Gate.Arm(reads: 2, winner);
            var retrying = node.Support.RetryMessageAsync(new Caller("retry"), user, message, Reason, Ct);
            var dropping = node.Support.DropMessageAsync(new Caller("drop"), user, message, Reason, Ct);
            var (retried, dropped) = (await retrying, await dropping);

            // What is queued again can still be dropped; what was dropped is gone.
            Assert.Equal(winner == "retry" ? SupportStatus.Done : SupportStatus.MessageNotRetryable, retried);
            Assert.Equal(SupportStatus.Done, dropped);
            Assert.Equal(OutboxState.Withdrawn, Assert.Single(await node.OutboxAsync(), row => row.Id == message).State);
            Assert.Equal(
                winner == "retry" ? ["message_retried", "message_dropped"] : ["message_dropped"],
                (await node.EventsAsync(user)).Where(type => type.StartsWith("message_", StringComparison.Ordinal)));
        }
    }

    public static async Task What_is_tried_again_is_sent_and_what_is_dropped_is_not(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var dead = await QueueAsync(node);
        await node.Outbox.BuryAsync("alice", dead, "no such mailbox", null, node.Clock.Now, Ct);
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(SupportStatus.Done, await RetryAsync(node, dead));
        // It has just been written, and this node would send it from its memory.
        var bobs = await QueueAsync(node, "bob");
        Assert.Equal(SupportStatus.Done, await node.Support.DropMessageAsync(Olga, "bob", bobs, Reason, Ct));

        await node.StartAsync();
        await node.PollAsync();
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).Single(row => row.Id == dead).State == OutboxState.Sent, "the message is sent");
        Assert.Equal([dead], node.Email.Tries.Select(sent => sent.Message.Id));
        Assert.Equal(OutboxState.Withdrawn, (await node.OutboxAsync()).Single(row => row.Id == bobs).State);
    }

    public static async Task A_lost_commit_does_nothing_to_a_message(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        foreach (var (action, isDead) in new[] { (MessageAction.Retry, true), (MessageAction.Drop, false) })
        {
            var user = $"alice-{action}";
            var message = await QueueAsync(node, user);
            if (isDead)
                await node.Outbox.BuryAsync(user, message, "no such mailbox", null, node.Clock.Now, Ct);
            var stale = await node.LoadAsync(user);
            Assert.True(await node.CommitAsync(stale, Change.Of(stale)));
            var before = await node.OutboxAsync();

            var change = stale.Order(new MessageOrder(message, action), null, "a***e@example.com", Reason).Change!;
            Assert.False(await node.CommitAsync(stale, change));
            Assert.Equal(before, await node.OutboxAsync());
            Assert.True(await node.CommitAsync(await node.LoadAsync(user), change));
            Assert.NotEqual(before, await node.OutboxAsync());
        }
    }

    static async Task<string> QueueAsync(StoreNode node, string user = "alice")
    {
        await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
        var issued = await node.Security.IssueAsync(new Caller(user), user, new Purpose(Operation.ChangingKey, KeyType.Email), null, Ct);
        return Assert.Single(await node.QueuedAsync(), message => message.Content.Reference == issued.Value!.Reference).Id;
    }

    static async Task<string> OtherAsync(StoreNode node)
    {
        await node.CodeAsync("alice", Operation.EnablingMfa, KeyType.Email);
        return (await node.QueuedAsync()).Single(message => message.Content.Operation == Operation.EnablingMfa).Id;
    }

    static Task<SupportStatus> RetryAsync(StoreNode node, string id) => node.Support.RetryMessageAsync(Olga, "alice", id, Reason, Ct);

    static Task<SupportStatus> DropAsync(StoreNode node, string id) => node.Support.DropMessageAsync(Olga, "alice", id, Reason, Ct);

    static async Task<List<string>> ActionsAsync(StoreNode node) =>
    [
        .. (await node.Store.ReadEventsAsync("alice", 1_000, Ct)).Where(e => e.Type.StartsWith("message_", StringComparison.Ordinal))
            .Select(e => $"{e.Type} {e.Operation} {e.KeyType} {e.Target} {e.Reason} {e.Actor}"),
    ];
}
