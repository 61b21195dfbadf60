namespace Countersign.Domain;

/// <summary>When tokens of a purpose were issued: what spaces resends and bounds the messages of an hour.</summary>
/// <param name="LastIssuedAt">Null after a success, which owes nobody a pause.</param>
sealed record SendBudget(SlidingWindow Issues, DateTimeOffset? LastIssuedAt)
{
    public static readonly TimeSpan Span = TimeSpan.FromHours(1);

    public static readonly SendBudget Fresh = new(SlidingWindow.Empty, null);

    public SendBudget AfterIssue(DateTimeOffset now) => new(Issues.Add(now, Span), now);

    public SendBudget AfterSuccess() => this with { LastIssuedAt = null };

    /// <summary>When the next token may be issued; not after <paramref name="now"/> means at once.</summary>
    public DateTimeOffset NextIssueAt(KeyType channel, Rules rules, DateTimeOffset now)
    {
        var spaced = LastIssuedAt + rules.ResendAfter(channel) ?? now;
        var counted = Issues.BelowAgainAt(rules.IssuesPerHour, now, Span) ?? now;
        return spaced > counted ? spaced : counted;
    }
}
