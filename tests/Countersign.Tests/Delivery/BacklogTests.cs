using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Stores;
using static Countersign.Tests.Delivery.Dispatching;

namespace Countersign.Tests.Delivery;

public sealed class BacklogTests
{
    static readonly CancellationToken Ct = CancellationToken.None;

    [Fact]
    public async Task A_backlog_is_claimed_as_fast_as_it_is_sent_and_not_once_a_second()
    {
        const int Messages = 1_000;
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        await QueueAsync(node, Messages);

        // One second passes, and no more.
        await node.PollAsync();
        await Eventually.ThatAsync(
            async () => (await node.OutboxAsync()).TrueForAll(row => row.State == OutboxState.Sent), "all are sent", TimeSpan.FromSeconds(30));
        Assert.Equal(Messages, node.Email.Tries.Count);
        Assert.Equal(Messages, node.Email.Tries.Select(sent => sent.Message.Id).Distinct().Count());
    }

    [Fact]
    public async Task What_is_claimed_ahead_is_bounded()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        await using var other = await StartAsync(database);
        await QueueAsync(node, 300);
        var free = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Email.Behaviour = (_, _) => free.Task;

        await node.PollAsync();
        await Eventually.ThatAsync(() => node.Email.Tries.Count == Workers, "all workers are busy");
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        // The rest is for nodes that are free.
        await other.PollAsync();
        await Eventually.ThatAsync(() => other.Email.Tries.Count == 300 - SendQueue.MaxClaimed, "the other node sends the rest");
        free.SetResult(SendResult.Accepted);
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).TrueForAll(row => row.State == OutboxState.Sent), "all are sent");
        Assert.Equal(SendQueue.MaxClaimed, node.Email.Tries.Count);
    }

    [Fact]
    public async Task As_many_messages_are_sent_at_once_as_there_are_workers()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database, null, "Countersign:Delivery:Workers=3");
        var free = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (atOnce, most) = (0, 0);
        node.Email.Behaviour = async (_, _) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref atOnce));
            await free.Task;
            Interlocked.Decrement(ref atOnce);
            return SendResult.Accepted;
        };

        await IssueForAsync(node, 10);
        await Eventually.ThatAsync(() => node.Email.Tries.Count == 3, "three are tried");
        free.SetResult(SendResult.Accepted);
        await Eventually.ThatAsync(() => node.Email.Tries.Count == 10, "all are tried");
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task A_message_that_is_never_taken_is_given_up_and_can_be_tried_again()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database, null, "Countersign:Delivery:MaxAttempts=3");
        node.Email.Answer(SendStatus.Deferred, "busy");
        await IssueAsync(node);
        for (var attempt = 1; attempt < 3; attempt++)
        {
            await RowAsync(node, row => row is { State: OutboxState.Queued } && row.Attempts == attempt);
            await node.PollAsync(TimeSpan.FromSeconds(4));
        }

        var dead = await RowAsync(node, row => row.State == OutboxState.Dead);
        Assert.Equal((3, "busy", false), (dead.Attempts, dead.LastError, dead.IsErased));
        await node.PollAsync(Outbox.Lease);
        Assert.Equal(3, node.Email.Tries.Count);

        node.Email.Answer(SendStatus.Accepted);
        Assert.True((await node.Operator.RetryAsync("operator", "alice", dead.Id, Ct)).IsDone);
        await node.PollAsync();
        await RowAsync(node, row => row is { State: OutboxState.Sent, Attempts: 1, IsErased: true });
        Assert.Single(node.Email.Tries.Select(tried => (tried.Message.Id, tried.Message.OneTimeToken)).Distinct());
    }

    [Fact]
    public async Task A_message_whose_next_try_would_be_too_late_is_dead_when_it_expires()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database, null, "Countersign:Tokens:Lifetime=00:00:01");
        node.Email.Answer(SendStatus.Deferred, "busy");
        var issued = await IssueAsync(node);
        await RowAsync(node, row => row.Attempts == 1);
        await node.PollAsync();
        await RowAsync(node, row => row is { State: OutboxState.Dead, LastError: "expired", IsErased: true });
        Assert.Equal((1, issued.ExpiresAt), (node.Email.Tries.Count, node.Clock.Now));
    }

    [Fact]
    public async Task A_sender_that_never_comes_back_holds_no_worker_for_ever()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var never = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Sms.Behaviour = (_, _) => never.Task;
        foreach (var i in Enumerable.Range(0, Workers))
        {
            await node.PutAsync($"user-{i}", new AccountProfile { Email = Sample.Email($"user-{i}@example.com") });
            await node.Security.IssueAsync(
                new Caller($"user-{i}"), $"user-{i}", new Purpose(Operation.AddingKey, KeyType.PhoneNumber), Sample.Number($"+491511234567{i}"), Ct);
        }

        await Eventually.ThatAsync(() => node.Sms.Tries.Count == Workers, "all workers are busy");
        await IssueAsync(node);
        await Eventually.ThatAsync(
            () =>
            {
                node.Clock.Advance(TimeSpan.FromSeconds(1));
                return node.Email.Tries.Count == 1;
            },
            "the email is sent");
        await RowAsync(node, row => row is { State: OutboxState.Queued, Attempts: 1, LastError: "the sender does not come back" });
        never.SetResult(SendResult.Accepted);
    }

    /// <summary>Messages that are due, and no node's.</summary>
    static async Task QueueAsync(StoreNode node, int messages)
    {
        await node.ExecuteAsync("UPDATE accounts SET commit_id = 'backlog' WHERE user_id = 'alice'");
        var to = Sample.Email("alice@example.com");
        var statements = Enumerable.Range(0, messages)
            .Select(i => QueuedMessage.New("alice", $"backlog-{i:0000}", Sample.Notice(to, node.Clock.Now), isLeased: false))
            .Select(message => node.Outbox.Enqueue(message, "backlog"));
        Assert.True(await node.Engine.TryCommitAsync([.. statements], Ct));
    }

    static void InterlockedMax(ref int most, int value)
    {
        for (var known = Volatile.Read(ref most); value > known; known = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, known);
    }
}
