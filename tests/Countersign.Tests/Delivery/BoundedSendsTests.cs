using Countersign.Delivery;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Delivery;

public sealed class BoundedSendsTests
{
    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    static readonly SendResult Hangs = new(SendStatus.Deferred, "the sender does not come back");

    readonly TestClock clock = new();

    [Fact]
    public async Task A_try_is_cancelled_at_its_limit_and_abandoned_two_seconds_later()
    {
        var sends = new BoundedSends(clock);
        var (isTried, cancelledAt) = (false, default(DateTimeOffset?));
        var started = clock.Now;
        var end = new TaskCompletionSource<SendResult>();
        var trying = sends.RunAsync(
            Limit,
            async ct =>
            {
                ct.Register(() => cancelledAt ??= clock.Now);
                Volatile.Write(ref isTried, true);
                return await end.Task;
            },
            Ct);

        await HangAsync(1);
        await Eventually.ThatAsync(() => Volatile.Read(ref isTried), "it is tried");
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(started.AddSeconds(10), cancelledAt);
        Assert.False(trying.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Hangs, await trying);
        end.SetException(new IOException());
    }

    [Fact]
    public async Task What_the_sender_answers_is_passed_on_and_of_what_it_throws_the_type()
    {
        var sends = new BoundedSends(clock);
        var rejected = new SendResult(SendStatus.Rejected, "no such mailbox");
        Assert.Equal(rejected, await sends.RunAsync(Limit, _ => Task.FromResult(rejected), Ct));
        Assert.Equal(
            new SendResult(SendStatus.Deferred, "IOException"), await sends.RunAsync(Limit, _ => throw new IOException("+4915112345678"), Ct));
        Assert.Equal(
            new SendResult(SendStatus.Deferred, "TimeoutException"),
            await sends.RunAsync(Limit, _ => Task.FromException<SendResult>(new TimeoutException()), Ct));
    }

    [Fact]
    public async Task A_sender_that_blocks_its_thread_is_abandoned_too()
    {
        var sends = new BoundedSends(clock);
        using var end = new ManualResetEventSlim();
        var trying = sends.RunAsync(
            Limit,
            _ =>
            {
                end.Wait(Ct);
                return Task.FromResult(SendResult.Accepted);
            },
            Ct);

        await HangAsync(1);
        clock.Advance(Limit + BoundedSends.Grace);
        Assert.Equal(Hangs, await trying);
        end.Set();
    }

    [Fact]
    public async Task A_sender_with_many_abandoned_tries_gets_no_more_until_one_has_ended()
    {
        var sends = new BoundedSends(clock);
        var ends = Enumerable.Range(0, BoundedSends.MaxAbandoned).Select(_ => new TaskCompletionSource<SendResult>()).ToList();
        var trying = ends.ConvertAll(end => sends.RunAsync(Limit, _ => end.Task, Ct));
        await HangAsync(trying.Count);
        clock.Advance(Limit + BoundedSends.Grace);
        Assert.All(await Task.WhenAll(trying), result => Assert.Equal(Hangs, result));

        var tries = 0;
        Task<SendResult> TryAsync() => sends.RunAsync(
            Limit,
            _ =>
            {
                Interlocked.Increment(ref tries);
                return Task.FromResult(SendResult.Accepted);
            },
            Ct);
        Assert.Equal(Hangs, await TryAsync());
        Assert.Equal(0, tries);

        ends[0].SetException(new IOException());
        await Eventually.ThatAsync(async () => await TryAsync() == SendResult.Accepted, "it is tried again");
        ends.Skip(1).ToList().ForEach(end => end.SetResult(SendResult.Accepted));
    }

    [Fact]
    public async Task A_process_that_stops_waits_for_no_try()
    {
        var sends = new BoundedSends(clock);
        using var stopping = new CancellationTokenSource();
        var end = new TaskCompletionSource<SendResult>();
        var trying = sends.RunAsync(Limit, _ => end.Task, stopping.Token);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trying);
        end.SetResult(SendResult.Accepted);
    }

    /// <summary>Waits until so many tries have their two timers, so that moving the clock reaches them.</summary>
    Task HangAsync(int tries) => Eventually.ThatAsync(() => clock.Timers == 2 * tries, "the tries are timed");
}
