namespace Countersign.Tests.Hosting;

/// <summary>The clock of a machine that somebody sets to another time: it goes on from there.</summary>
sealed class SkewedClock : TimeProvider
{
    long ahead;

    public TimeSpan Ahead
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref ahead));
        set => Interlocked.Exchange(ref ahead, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}
