using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Delivery;

public sealed class SendQueueTests : IDisposable
{
    static readonly CancellationToken Ct = CancellationToken.None;

    readonly TestClock clock = new();
    readonly SendQueue queue = new();

    [Fact]
    [Trait("ASVS", "15.4.4")]
    public async Task Workers_take_what_is_new_and_what_was_claimed_in_turns()
    {
        foreach (var i in Enumerable.Range(0, 3))
        {
            Add($"fresh-{i}", isFresh: true);
            Add($"claimed-{i}", isFresh: false);
        }

        Add("fresh-3", isFresh: true);
        var taken = new List<string>();
        foreach (var _ in Enumerable.Range(0, 7))
            taken.Add((await queue.TakeAsync(Ct))!.Message.Id);
        Assert.Equal(["fresh-0", "claimed-0", "fresh-1", "claimed-1", "fresh-2", "claimed-2", "fresh-3"], taken);
    }

    [Fact]
    public async Task There_is_room_for_what_is_new_until_a_thousand_wait_or_the_first_has_waited_for_five_seconds()
    {
        foreach (var i in Enumerable.Range(0, SendQueue.MaxFresh))
        {
            Assert.True(queue.HasRoom(clock.Now));
            Add($"{i}", isFresh: true);
        }

        Assert.False(queue.HasRoom(clock.Now));
        // What was promised room at the same moment is taken all the same.
        Assert.True(Add("promised", isFresh: true));
        foreach (var _ in Enumerable.Range(0, SendQueue.MaxFresh))
            await queue.TakeAsync(Ct);

        clock.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromMilliseconds(1));
        Assert.True(queue.HasRoom(clock.Now));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(queue.HasRoom(clock.Now));
        await queue.TakeAsync(Ct);
        Assert.True(queue.HasRoom(clock.Now));
    }

    [Fact]
    public async Task More_is_claimed_when_half_of_it_is_taken()
    {
        Assert.Equal(SendQueue.MaxClaimed, queue.ClaimRoom);
        foreach (var i in Enumerable.Range(0, SendQueue.MaxClaimed))
            Add($"{i}", isFresh: false);
        var room = queue.WaitForRoomAsync();
        foreach (var _ in Enumerable.Range(1, (SendQueue.MaxClaimed / 2) - 1))
            await queue.TakeAsync(Ct);
        Assert.Equal((0, false), (queue.ClaimRoom, room.IsCompleted));

        await queue.TakeAsync(Ct);
        Assert.Equal((SendQueue.MaxClaimed / 2, true), (queue.ClaimRoom, room.IsCompleted));
        Assert.True(queue.WaitForRoomAsync().IsCompleted);
    }

    [Fact]
    public async Task What_the_node_claims_of_its_own_is_in_memory_once_with_the_new_lease()
    {
        var message = Message("one");
        Assert.True(queue.TryAdd(message, isFresh: true, clock.Now));
        Assert.True(queue.TryAdd(message with { LeasedUntil = clock.Now + (2 * Outbox.Lease) }, isFresh: false, clock.Now));

        var held = (await queue.TakeAsync(Ct))!;
        Assert.Equal(clock.Now + (2 * Outbox.Lease), held.LeasedUntil);
        // Also while it is in hand.
        Assert.True(queue.TryAdd(message with { LeasedUntil = clock.Now + (3 * Outbox.Lease) }, isFresh: false, clock.Now));
        Assert.Equal(clock.Now + (3 * Outbox.Lease), held.LeasedUntil);
        Assert.Equal((0, 1), queue.Close());
    }

    [Fact]
    public async Task A_queue_that_is_closed_takes_nothing_in_and_is_emptied()
    {
        Add("one", isFresh: true);
        Add("two", isFresh: false);
        Add("three", isFresh: true);
        var one = await queue.TakeAsync(Ct);
        Assert.Equal((2, 1), queue.Close());

        Assert.False(Add("late", isFresh: true));
        Assert.False(Add("late", isFresh: false));
        Assert.Equal((false, 0), (queue.HasRoom(clock.Now), queue.ClaimRoom));
        queue.Done(one!);
        Assert.Equal(["two", "three"], [(await queue.TakeAsync(Ct))!.Message.Id, (await queue.TakeAsync(Ct))!.Message.Id]);
        // Every worker hears of the end.
        Assert.Equal([null, null, null], await Task.WhenAll(queue.TakeAsync(Ct), queue.TakeAsync(Ct), queue.TakeAsync(Ct)));
    }

    [Fact]
    public async Task Withdrawing_meets_the_account_and_what_is_meant()
    {
        foreach (var (userId, id) in new[] { ("alice", "one"), ("alice", "two"), ("bob", "one") })
            Assert.True(queue.TryAdd(Message(id, userId), isFresh: true, clock.Now));
        queue.Withdraw("alice", message => message.Id == "one");
        queue.Withdraw("carol", _ => true);

        var withdrawn = new List<bool>();
        foreach (var _ in Enumerable.Range(0, 3))
            withdrawn.Add((await queue.TakeAsync(Ct))!.IsWithdrawn);
        Assert.Equal([true, false, false], withdrawn);
    }

    public void Dispose() => queue.Dispose();

    bool Add(string id, bool isFresh) => queue.TryAdd(Message(id), isFresh, clock.Now);

    QueuedMessage Message(string id, string userId = "alice") =>
        QueuedMessage.New(userId, id, Sample.CodeMessage(id, Sample.Email("alice@example.com"), new Purpose(Operation.ChangingKey, KeyType.Email), clock.Now));
}
