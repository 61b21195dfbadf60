namespace Countersign.Support;

/// <summary>What happened over time, as it was counted from the audit trails and the outbox.</summary>
sealed class ActivityFigures
{
    /// <summary>What is read at once.</summary>
    public static readonly TimeSpan MaxSpan = TimeSpan.FromDays(31);

    /// <summary>The hours from that of <paramref name="from"/> on, and before <paramref name="to"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="to"/> is not after <paramref name="from"/>, or there are more than <see cref="MaxSpan"/> between.</exception>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<ActivityReport> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken ct) => throw new NotImplementedException();
}
