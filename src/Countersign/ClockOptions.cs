namespace Countersign;

/// <summary>Whether a node agrees with its database on the time: whatever expires does so by the clock of the node that is asked.</summary>
public sealed class ClockOptions
{
    public static readonly TimeSpan Max = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How far the node's clock may be from the database's: 0 (they are not compared) to 1 minute. Beyond, the node is not ready and answers
    /// <c>unavailable</c> until they agree. With SQLite there is one clock, and nothing to compare.
    /// </summary>
    public TimeSpan MaxSkew { get; set; } = TimeSpan.FromSeconds(5);
}
