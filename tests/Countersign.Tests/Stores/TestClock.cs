using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Stores;

/// <summary>Stands still until a test moves it, and knows whether anybody waits for it to tick.</summary>
sealed class TestClock() : FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 19, 0, 0, TimeSpan.Zero))
{
    int timers;
    int tickers;

    public int Timers => Volatile.Read(ref timers);

    /// <summary>Those of them that go on ticking.</summary>
    public int Tickers => Volatile.Read(ref tickers);

    public DateTimeOffset Now => GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref timers);
        if (period != Timeout.InfiniteTimeSpan)
            Interlocked.Increment(ref tickers);
        return timer;
    }
}
