namespace Countersign.Domain;

/// <summary>When tokens of a purpose were issued: what spaces resends and bounds the messages of an hour.</summary>
/// <param name="LastIssuedAt">Null after a success, which owes nobody a pause.</param>
sealed record SendBudget(SlidingWindow Issues, DateTimeOffset? LastIssuedAt)
{
    public static readonly TimeSpan Span = TimeSpan.FromHours(1);

    public static readonly SendBudget Fresh = new(SlidingWindow.Empty, null);

    public SendBudget AfterIssue(DateTimeOffset now) => new(Issues.Add(now, Span), now);

    public SendBudget AfterSuccess() => this with { LastIssuedAt = null };

    /// <summary>From when on the next token may be issued: a moment in the past where that is so for long, and now where there was none before.</summary>
    public DateTimeOffset NextIssueAt(KeyType channel, Rules rules, DateTimeOffset now)
    {
        var spaced = LastIssuedAt + rules.ResendAfter(channel);
        var counted = Issues.BelowAgainAt(rules.IssuesPerHour, now, Span);
        return (counted > spaced ? counted : spaced ?? counted) ?? now;
    }
}
