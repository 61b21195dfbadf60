using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Stores;
using static Countersign.Tests.Delivery.Dispatching;

namespace Countersign.Tests.Delivery;

/// <summary>Messages that wait in the memory of a node whose workers are all busy.</summary>
public sealed class MemoryTests
{
    static readonly CancellationToken Ct = CancellationToken.None;

    /// <summary>Less than it takes until a try is given up.</summary>
    static readonly TimeSpan AMoment = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_code_that_this_node_withdraws_is_not_sent_and_no_query_is_needed_to_know()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var free = await OccupyAsync(node);
        node.Email.Answer(SendStatus.Accepted);
        var cancelled = await IssueAsync(node);
        await node.Security.CancelAsync(Alice, "alice", Changing, Ct);
        var kept = await IssueAsync(node);

        free.SetResult(SendResult.Accepted);
        await node.Email.FirstAsync(sent => sent.Message.Reference == kept.Reference);
        await RowAsync(node, row => row is { State: OutboxState.Sent, Destination: "a***e@example.com" });
        Assert.DoesNotContain(node.Email.Tries, sent => sent.Message.Reference == cancelled.Reference);
        Assert.Equal(0, node.Engine.Count(OutboxSql.IsOurs));
    }

    [Fact]
    public async Task Of_three_codes_that_wait_only_the_newest_two_are_sent()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var free = await OccupyAsync(node);
        node.Email.Answer(SendStatus.Accepted);
        var references = new List<string>();
        foreach (var _ in Enumerable.Range(0, 3))
            references.Add((await IssueAsync(node)).Reference);

        free.SetResult(SendResult.Accepted);
        await Eventually.ThatAsync(() => node.Email.Tries.Count == Workers + 2, "two are sent");
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).TrueForAll(row => row.State != OutboxState.Queued), "all is done");
        Assert.Equal(references[1..].Order(), node.Email.Tries.Skip(Workers).Select(sent => sent.Message.Reference!).Order());
        Assert.Equal(
            [OutboxState.Withdrawn, OutboxState.Sent, OutboxState.Sent],
            (await node.OutboxAsync()).Where(row => row.Destination == "a***e@example.com").Select(row => row.State));
    }

    [Fact]
    public async Task A_message_of_an_account_that_is_erased_is_not_sent()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var free = await OccupyAsync(node);
        node.Email.Answer(SendStatus.Accepted);
        await IssueAsync(node);
        await node.Security.EraseAsync(new Caller("platform"), "alice", Ct);
        await node.PutAsync("bob", new AccountProfile { Email = Sample.Email("bob@example.com") });
        await IssueAsync(node, "bob");

        free.SetResult(SendResult.Accepted);
        await node.Email.FirstAsync(sent => sent.Message.UserId == "bob");
        Assert.DoesNotContain(node.Email.Tries, sent => sent.Message.UserId == "alice");
    }

    [Fact]
    public async Task A_code_that_another_node_withdraws_while_it_waits_is_not_sent()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        await using var other = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = node.Clock });
        var free = await OccupyAsync(node);
        node.Email.Answer(SendStatus.Accepted);
        var cancelled = await IssueAsync(node);
        await other.Security.CancelAsync(Alice, "alice", Changing, Ct);
        node.Clock.Advance(AMoment);
        var kept = await IssueAsync(node);

        free.SetResult(SendResult.Accepted);
        await node.Email.FirstAsync(sent => sent.Message.Reference == kept.Reference);
        Assert.DoesNotContain(node.Email.Tries, sent => sent.Message.Reference == cancelled.Reference);
    }

    [Fact]
    public async Task A_message_that_an_operator_drops_is_not_sent()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var free = await OccupyAsync(node);
        node.Email.Answer(SendStatus.Accepted);
        var dropped = await IssueAsync(node);
        var id = (await node.OutboxAsync())[^1].Id;
        var kept = await IssueAsync(node);
        Assert.True((await node.Operator.DropAsync("operator", "alice", id, Ct)).IsDone);

        free.SetResult(SendResult.Accepted);
        await node.Email.FirstAsync(sent => sent.Message.Reference == kept.Reference);
        Assert.DoesNotContain(node.Email.Tries, sent => sent.Message.Reference == dropped.Reference);
        Assert.Equal(0, node.Engine.Count(OutboxSql.IsOurs));
    }

    [Fact]
    public async Task A_message_that_another_node_has_taken_meanwhile_is_not_sent_a_second_time()
    {
        await using var database = new SqliteTestDatabase();
        await using var slow = await StartAsync(database);
        await using var quick = await StartAsync(database);
        var free = await OccupyAsync(slow);
        slow.Email.Answer(SendStatus.Accepted);
        await IssueAsync(slow);

        // To the other node, whose clock has gone on, the lease has run out.
        await quick.PollAsync(Outbox.Lease + AMoment);
        await quick.Email.FirstAsync(sent => sent.Message.UserId == "alice");
        await RowAsync(quick, row => row is { State: OutboxState.Sent, Destination: "a***e@example.com" });

        slow.Clock.Advance(AMoment);
        free.SetResult(SendResult.Accepted);
        await slow.PutAsync("bob", new AccountProfile { Email = Sample.Email("bob@example.com") });
        await IssueAsync(slow, "bob");
        await slow.Email.FirstAsync(sent => sent.Message.UserId == "bob");
        Assert.DoesNotContain(slow.Email.Tries, sent => sent.Message.UserId == "alice");
    }

    [Fact]
    public async Task A_lease_that_has_run_out_in_memory_is_renewed_before_the_message_is_sent()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var free = await OccupyAsync(node);
        node.Email.Answer(SendStatus.Accepted);
        var issued = await IssueAsync(node);
        var renewed = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Email.Behaviour = (_, _) => renewed.Task;

        // What hangs is given up, and a worker comes to a message whose lease could run out while it is sent.
        node.Clock.Advance(Outbox.Lease - SenderRoute.Limit);
        await node.Email.FirstAsync(sent => sent.Message.Reference == issued.Reference);
        var row = Assert.Single(await node.OutboxAsync(), row => row.Destination == "a***e@example.com");
        Assert.Equal((node.Clock.Now + Outbox.Lease, 1), (row.LeasedUntil, node.Engine.Count(OutboxSql.Renew)));

        renewed.SetResult(SendResult.Accepted);
        free.SetResult(SendResult.Accepted);
    }

    [Fact]
    public async Task What_would_wait_for_long_is_left_for_any_node_to_claim_at_once()
    {
        await using var database = new SqliteTestDatabase();
        await using var busy = await StartAsync(database);
        await using var idle = await StartAsync(database);
        var free = await OccupyAsync(busy);
        busy.Email.Answer(SendStatus.Accepted);
        var waiting = await IssueAsync(busy);
        busy.Clock.Advance(TimeSpan.FromSeconds(5));
        var left = await IssueAsync(busy);

        await idle.PollAsync(TimeSpan.FromSeconds(6));
        await idle.Email.FirstAsync(sent => sent.Message.Reference == left.Reference);
        Assert.DoesNotContain(idle.Email.Tries, sent => sent.Message.Reference == waiting.Reference);
        free.SetResult(SendResult.Accepted);
        await busy.Email.FirstAsync(sent => sent.Message.Reference == waiting.Reference);
        Assert.DoesNotContain(busy.Email.Tries, sent => sent.Message.Reference == left.Reference);
    }
}
