using Countersign.Delivery;
using Countersign.Stores;
using Countersign.Tests.Stores;
using static Countersign.Tests.Delivery.Dispatching;

namespace Countersign.Tests.Delivery;

public sealed class MetricsTests
{
    static readonly CancellationToken Ct = CancellationToken.None;

    [Fact]
    public async Task What_became_of_messages_is_counted()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database, null, "Countersign:Delivery:MaxAttempts=2");
        using var metrics = new Metrics(node.Meters);

        await IssueAsync(node);
        await metrics.CountsAsync("countersign.messages.sent EMAIL accepted", 1);
        node.Email.Answer(SendStatus.Rejected, "no such mailbox");
        await IssueAsync(node);
        await metrics.CountsAsync("countersign.messages.sent EMAIL rejected", 1);

        // Given up at the second try.
        node.Email.Answer(SendStatus.Deferred, "busy");
        await IssueAsync(node);
        await metrics.CountsAsync("countersign.messages.sent EMAIL deferred", 1);
        await RowAsync(node, row => row is { State: OutboxState.Queued, Attempts: 1 });
        await node.PollAsync(TimeSpan.FromSeconds(2));
        await metrics.CountsAsync("countersign.messages.sent EMAIL deferred", 2);
        await metrics.CountsAsync("countersign.messages.unsent EMAIL given_up", 1);

        // Expired before its second try.
        var issued = await IssueAsync(node);
        await metrics.CountsAsync("countersign.messages.sent EMAIL deferred", 3);
        await RowAsync(node, row => row is { State: OutboxState.Queued, Attempts: 1 });
        await node.PollAsync(issued.ExpiresAt - node.Clock.Now);
        await metrics.CountsAsync("countersign.messages.unsent EMAIL expired", 1);

        // Withdrawn while it waits for a worker.
        var free = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Email.Behaviour = (_, _) => free.Task;
        var tries = node.Email.Tries.Count;
        await IssueForAsync(node, Workers);
        await Eventually.ThatAsync(() => node.Email.Tries.Count == tries + Workers, "all workers are busy");
        await IssueAsync(node);
        await node.Security.CancelAsync(Alice, "alice", Changing, Ct);
        free.SetResult(SendResult.Accepted);
        await metrics.CountsAsync("countersign.messages.unsent EMAIL withdrawn", 1);
        await metrics.CountsAsync("countersign.messages.sent EMAIL accepted", 1 + Workers);
    }

    [Fact]
    public async Task What_waits_and_what_is_dead_is_measured()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        using var metrics = new Metrics(node.Meters);
        await node.PollAsync();
        Assert.Equal((0, 0, 0), metrics.Outbox());

        node.Email.Answer(SendStatus.Rejected, "no such mailbox");
        await IssueAsync(node);
        await RowAsync(node, row => row.State == OutboxState.Dead);
        node.Email.Answer(SendStatus.Deferred, "busy");
        var oldest = node.Clock.Now.AddMilliseconds(1);
        await IssueForAsync(node, 2);
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).Count(row => row.Attempts == 1) == 3, "all were tried");
        await node.PollAsync(TimeSpan.FromSeconds(10));
        await Eventually.ThatAsync(() => metrics.Outbox() == (2, 1, (node.Clock.Now - oldest).TotalSeconds), "two wait, and one is dead");
    }
}
