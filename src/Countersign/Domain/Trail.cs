namespace Countersign.Domain;

/// <summary>A place in an account's audit trail.</summary>
/// <param name="Events">How many there are up to here, since the trail began.</param>
/// <param name="Link">Of the last of them; empty where there is none.</param>
sealed record TrailMark(long Events, ReadOnlyMemory<byte> Link)
{
    public static readonly TrailMark Start = new(0, default);

    public bool Equals(TrailMark? other) => other is not null && Events == other.Events && Link.Span.SequenceEqual(other.Link.Span);

    public override int GetHashCode() => Events.GetHashCode();
}

sealed partial record Account
{
    /// <summary>
    /// Requests that were refused and changed nothing, in a minute: beyond these the trail has no more of them, so that nobody fills the
    /// database by asking. Whatever changes something is in the trail always.
    /// </summary>
    public const int MaxRefusalsPerMinute = 20;

    static readonly TimeSpan RefusalSpan = TimeSpan.FromMinutes(1);

    /// <summary>Where the audit trail ends; of a new account, where that of the last one of its name does.</summary>
    public TrailMark Trail { get; init; } = TrailMark.Start;

    /// <summary>The last version of an erased account of the same name, for one that is not stored yet; 0 where there was none.</summary>
    public long FormerVersion { get; init; }

    /// <summary>When a refusal that changed nothing was recorded, within the last minute.</summary>
    public SlidingWindow Refusals { get; init; } = SlidingWindow.Empty;

    /// <summary>What a refusal leaves in the trail, though nothing else comes of it; null where there are enough of them.</summary>
    /// <param name="change">What the request changes all the same, such as what it has used of a limit; null for nothing.</param>
    public Change? Refuse(Change? change, Operation? operation, KeyType? keyType, string? target, string reason, DateTimeOffset now)
    {
        if (Refusals.Count(now, RefusalSpan) >= MaxRefusalsPerMinute)
            return change;

        change ??= Change.Of(this);
        return (change with { After = change.After with { Refusals = Refusals.Add(now, RefusalSpan) } })
            .Record(AuditEventType.RequestRefused, operation is { } known ? new Purpose(known, keyType) : null, target, reason);
    }
}
