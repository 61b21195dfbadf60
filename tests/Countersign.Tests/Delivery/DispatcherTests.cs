using System.Text;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Stores;
using static Countersign.Tests.Delivery.Dispatching;

namespace Countersign.Tests.Delivery;

public sealed class DispatcherTests
{
    static readonly CancellationToken Ct = CancellationToken.None;

    [Fact]
    public async Task A_message_goes_from_its_commit_to_the_sender_without_a_query()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        node.Engine.Clear();

        var issued = await IssueAsync(node);
        var sent = await node.Email.FirstAsync(_ => true);
        Assert.Equal(issued.Reference, sent.Message.Reference);
        await Eventually.ThatAsync(() => node.Engine.Count(OutboxSql.Finish) == 1, "the message is handed off");

        Assert.Equal(
            [AccountSql.Load, LimitSql.FindAhead, AccountSql.Update, AccountSql.UpsertToken, OutboxSql.Insert, AuditSql.Insert, OutboxSql.Finish],
            node.Engine.Statements);
    }

    [Fact]
    public async Task The_account_shows_how_far_its_message_came()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var answer = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Email.Behaviour = (_, _) => answer.Task;

        await IssueAsync(node);
        await node.Email.FirstAsync(_ => true);
        Assert.Equal(DeliveryState.Queued, await DeliveryAsync(node));
        answer.SetResult(SendResult.Accepted);
        await Eventually.ThatAsync(async () => await DeliveryAsync(node) == DeliveryState.Sent, "the account says SENT");

        node.Email.Answer(SendStatus.Deferred, "busy");
        await IssueAsync(node);
        await Eventually.ThatAsync(async () => (await node.OutboxAsync())[^1].Attempts == 1, "the message is tried");
        Assert.Equal(DeliveryState.Queued, await DeliveryAsync(node));

        node.Email.Answer(SendStatus.Rejected, "no such mailbox");
        await IssueAsync(node);
        await Eventually.ThatAsync(async () => await DeliveryAsync(node) == DeliveryState.Failed, "the account says FAILED");
    }

    [Fact]
    public async Task What_is_refused_for_good_is_dead_after_one_try()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        node.Email.Answer(SendStatus.Rejected, "no such mailbox");

        await IssueAsync(node);
        var dead = await RowAsync(node, row => row.State == OutboxState.Dead);
        // What it says stays until it expires: an operator may have it tried again.
        Assert.Equal(("no such mailbox", 1, false), (dead.LastError, dead.Attempts, dead.IsErased));

        for (var poll = 0; poll < 3; poll++)
            await node.PollAsync(Outbox.Lease);
        Assert.Single(node.Email.Tries);

        await node.PollAsync(TimeSpan.FromMinutes(30));
        await RowAsync(node, row => row is { State: OutboxState.Dead, LastError: "no such mailbox", IsErased: true });
        Assert.Single(node.Email.Tries);
    }

    [Theory]
    [InlineData(0, 0.5, 1)]
    [InlineData(1, 1, 2)]
    [InlineData(2, 2, 4)]
    [InlineData(5, 16, 32)]
    [InlineData(8, 128, 256)]
    [InlineData(9, 150, 300)]
    [InlineData(1_000, 150, 300)]
    public void The_pause_before_a_retry_doubles_up_to_five_minutes_and_is_drawn_from_its_upper_half(int attempts, double shortest, double longest)
    {
        Assert.Equal(TimeSpan.FromSeconds(shortest), HandOff.RetryAfter(attempts, 0));
        Assert.Equal(TimeSpan.FromSeconds(longest), HandOff.RetryAfter(attempts, 1));
        for (var i = 0; i < 100; i++)
            Assert.InRange(HandOff.RetryAfter(attempts, TokenCodes.NewFraction()).TotalSeconds, shortest, longest);
    }

    [Fact]
    [Trait("Attack", "20")]
    public async Task A_message_that_is_put_off_is_tried_again_with_the_same_id_and_code_until_it_is_taken()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        node.Email.Behaviour = (_, _) => throw new IOException("The connection to alice@example.com broke.");

        await IssueAsync(node);
        for (var attempt = 0; attempt < 6; attempt++)
        {
            var row = await RowAsync(node, row => row.Attempts == attempt + 1);
            // The text of an exception may name the recipient: only its type is kept.
            Assert.Equal((OutboxState.Queued, "IOException"), (row.State, row.LastError));
            var full = Math.Pow(2, attempt);
            Assert.InRange((row.DueAt - node.Clock.Now).TotalSeconds, full / 2, full);

            // A poll before it is due leaves it alone; the one after takes it.
            var pause = row.DueAt - node.Clock.Now;
            if (pause > TimeSpan.FromSeconds(1))
            {
                var almost = pause - TimeSpan.FromMilliseconds(1);
                await node.PollAsync(almost < TimeSpan.FromSeconds(1) ? null : almost);
                Assert.Equal(row, Assert.Single(await node.OutboxAsync()));
            }

            if (attempt == 5)
                node.Email.Answer(SendStatus.Accepted);
            await node.PollAsync();
        }

        await RowAsync(node, row => row is { State: OutboxState.Sent, Attempts: 7, LastError: null, IsErased: true });
        Assert.Equal(7, node.Email.Tries.Count);
        Assert.Single(node.Email.Tries.Select(tried => (tried.Message.Id, tried.Message.OneTimeToken, tried.Message.Text)).Distinct());
    }

    [Fact]
    public async Task A_code_is_never_sent_after_its_expiry()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        node.Email.Answer(SendStatus.Deferred, "busy");
        var issued = await IssueAsync(node);
        await RowAsync(node, row => row.Attempts == 1);

        node.Email.Answer(SendStatus.Accepted);
        await node.PollAsync(issued.ExpiresAt - node.Clock.Now);
        var dead = await RowAsync(node, row => row.State == OutboxState.Dead);
        Assert.Equal(("expired", true), (dead.LastError, dead.IsErased));
        Assert.Single(node.Email.Tries);
    }

    [Fact]
    public async Task A_message_that_cannot_be_opened_holds_up_nobody_and_dies_with_its_code()
    {
        await using var database = new SqliteTestDatabase();
        var clock = new TestClock();
        await using var dead = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await using var node = await StartAsync(database, clock);
        await IssueForAsync(dead, 4);

        // Altered; sealed under a key that is gone; sealed properly, and no message; and one that is whole.
        var ids = (await node.OutboxAsync()).ConvertAll(row => row.Id);
        var elsewhere = new TokenCodes([new TokenKey("elsewhere", new byte[TokenKey.Size])]);
        await SealAsync(node, ids[0], [1, 2, 3]);
        await SealAsync(node, ids[1], elsewhere.Seal($"message/{ids[1]}/user-1", "{}"u8));
        await SealAsync(node, ids[2], node.Codes.Seal($"message/{ids[2]}/user-2", Encoding.UTF8.GetBytes("no JSON")));
        await node.PollAsync(Outbox.Lease);
        await node.Email.FirstAsync(sent => sent.Message.Id == ids[3]);

        foreach (var poison in ids[..3])
        {
            var row = await RowAsync(node, row => row.Id == poison && row.Attempts > 0);
            Assert.Equal((OutboxState.Queued, "cannot be opened"), (row.State, row.LastError));
        }

        await node.PollAsync(TimeSpan.FromMinutes(31));
        foreach (var poison in ids[..3])
            await RowAsync(node, row => row.Id == poison && row is { State: OutboxState.Dead, IsErased: true });
        Assert.Single(node.Email.Tries);
    }

    [Fact]
    public async Task A_sender_that_fails_on_one_message_sends_the_others()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        string? poison = null;
        node.Email.Behaviour = (message, _) => (Interlocked.CompareExchange(ref poison, message.Id, null) ?? message.Id) == message.Id
            ? throw new InvalidOperationException()
            : Task.FromResult(SendResult.Accepted);

        // More of them than there are workers.
        await IssueForAsync(node, 10);
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).Count(row => row.State == OutboxState.Sent) == 9, "nine are sent");
        var left = Assert.Single(await node.OutboxAsync(), row => row.State == OutboxState.Queued);
        Assert.Equal((poison, "InvalidOperationException", 1), (left.Id, left.LastError, left.Attempts));
    }

    [Fact]
    public async Task A_sender_that_hangs_on_one_message_sends_the_others()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        node.Sms.Behaviour = async (_, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct);
            return SendResult.Accepted;
        };

        await node.Security.IssueAsync(Alice, "alice", new Purpose(Operation.AddingKey, KeyType.PhoneNumber), Sample.Number("+4915112345678"), Ct);
        await node.Sms.FirstAsync(_ => true);
        await IssueForAsync(node, 10);
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).Count(row => row.State == OutboxState.Sent) == 10, "ten are sent");
    }

    [Fact]
    [Trait("Attack", "20")]
    public async Task The_messages_of_a_node_that_died_are_sent_by_another_when_their_lease_ends()
    {
        await using var database = new SqliteTestDatabase();
        var clock = new TestClock();
        await using var dead = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await using var alive = await StartAsync(database, clock);
        var issued = await IssueAsync(dead);
        var leasedUntil = clock.Now + Outbox.Lease;

        while (clock.Now < leasedUntil - TimeSpan.FromSeconds(1))
            await alive.PollAsync();
        Assert.Empty(alive.Email.Tries);

        await alive.PollAsync();
        var sent = await alive.Email.FirstAsync(_ => true);
        Assert.Equal((issued.Reference, leasedUntil), (sent.Message.Reference, sent.At));
        await RowAsync(alive, row => row.State == OutboxState.Sent);

        // The dead one comes back, and finds nothing to do.
        await dead.StartAsync();
        await alive.PollAsync(Outbox.Lease);
        Assert.Single(alive.Email.Tries);
        Assert.Empty(dead.Email.Tries);
    }

    [Fact]
    public async Task A_withdrawn_code_is_not_sent_on_a_retry()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        node.Email.Answer(SendStatus.Deferred, "busy");
        var cancelled = await IssueAsync(node);
        await RowAsync(node, row => row.Attempts == 1);
        await node.Security.CancelAsync(Alice, "alice", Changing, Ct);
        var kept = await IssueAsync(node);
        await RowAsync(node, row => row is { State: OutboxState.Queued, Attempts: 1 });

        node.Email.Answer(SendStatus.Accepted);
        await node.PollAsync(TimeSpan.FromSeconds(2));
        await RowAsync(node, row => row.State == OutboxState.Sent);
        Assert.Equal([OutboxState.Withdrawn, OutboxState.Sent], (await node.OutboxAsync()).Select(row => row.State));
        Assert.Equal(
            [cancelled.Reference, kept.Reference, kept.Reference], node.Email.Tries.Select(tried => tried.Message.Reference));
    }

    [Fact]
    public async Task The_twin_of_a_redeemed_token_is_not_sent_on_a_retry()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        await node.Security.IssueAsync(Alice, "alice", new Purpose(Operation.AddingKey, KeyType.PhoneNumber), Sample.Number("+4915112345678"), Ct);
        var first = await node.Sms.FirstAsync(_ => true);
        node.Sms.Answer(SendStatus.Deferred, "busy");
        node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await node.Security.IssueAsync(Alice, "alice", new Purpose(Operation.AddingKey, KeyType.PhoneNumber), Sample.Number("+4915112345678"), Ct);
        await RowAsync(node, row => row is { State: OutboxState.Queued, Attempts: 1 });

        var redeemed = await node.Security.RedeemAsync(
            Alice, "alice", new Purpose(Operation.AddingKey, KeyType.PhoneNumber), Sample.Code(first.Message.OneTimeToken!), null, Ct);
        Assert.NotNull(redeemed.Value);
        await node.Email.FirstAsync(sent => sent.Message.OneTimeToken is null);
        node.Sms.Answer(SendStatus.Accepted);
        for (var poll = 0; poll < 3; poll++)
            await node.PollAsync(Outbox.Lease);

        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).TrueForAll(row => row.State != OutboxState.Queued), "all is done");
        var codes = (await node.OutboxAsync()).Where(row => row.Kind == nameof(MessageKind.Code)).Select(row => row.State);
        Assert.Equal([OutboxState.Sent, OutboxState.Withdrawn], codes);
        Assert.Equal(2, node.Sms.Tries.Count(tried => tried.Message.OneTimeToken is not null));
    }

    [Fact]
    public async Task A_hand_off_that_could_not_be_stored_is_made_again_rather_than_never()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var fails = true;
        node.Engine.Before = text =>
        {
            if (text == OutboxSql.Finish && fails)
                throw new StoreUnavailableException("The disk is full.");
        };

        await IssueAsync(node);
        await node.Email.FirstAsync(_ => true);
        fails = false;
        await node.PollAsync(Outbox.Lease);
        await RowAsync(node, row => row.State == OutboxState.Sent);
        Assert.Equal(2, node.Email.Tries.Count);
        Assert.Single(node.Email.Tries.Select(sent => sent.Message.Id).Distinct());
    }

    [Fact]
    [Trait("ASVS", "16.5.4")]
    public async Task Whatever_goes_wrong_the_dispatcher_goes_on()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StartAsync(database);
        var failing = true;
        var failures = 0;
        node.Engine.Before = text =>
        {
            if (failing && text is OutboxSql.Finish or OutboxSql.AnyDue)
            {
                Interlocked.Increment(ref failures);
                throw new InvalidOperationException("A defect.");
            }
        };

        // As many as there are workers: if one fault ended a worker, none would be left.
        await IssueForAsync(node, Workers);
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        await Eventually.ThatAsync(() => Volatile.Read(ref failures) == Workers + 1, "all hand-offs and a poll fail");

        failing = false;
        node.Engine.Before = _ => { };
        var fresh = await IssueAsync(node);
        await node.Email.FirstAsync(sent => sent.Message.Reference == fresh.Reference);
        await node.PollAsync(Outbox.Lease);
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).TrueForAll(row => row.State == OutboxState.Sent), "all are sent");
    }

    static async Task<DeliveryState> DeliveryAsync(StoreNode node) =>
        Assert.Single((await node.Security.GetAsync(Alice, "alice", Ct)).Value!.PendingOperations).Delivery;

    static Task SealAsync(StoreNode node, string id, byte[] content) =>
        node.ExecuteAsync("UPDATE outbox SET sealed = @sealed WHERE id = @id", ("@id", id), ("@sealed", content));
}
