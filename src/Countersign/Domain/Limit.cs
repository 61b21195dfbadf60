namespace Countersign.Domain;

/// <summary>What is limited over all accounts. The names are in the database.</summary>
enum LimitScope
{
    /// <summary>Tokens that a client's address has had issued.</summary>
    ClientIssues,

    /// <summary>Requests of a client's address to redeem.</summary>
    ClientRedeems,

    /// <summary>Codes, and notices in their place, to an address.</summary>
    Recipient,

    /// <summary>SMS to numbers that differ in their last digits only.</summary>
    SmsPrefix,

    /// <summary>SMS to numbers of a country.</summary>
    SmsCountry,

    /// <summary>All SMS.</summary>
    Sms,

    /// <summary>Tokens redeemed that went to numbers of a country.</summary>
    SmsCountryRedeemed,
}

/// <summary>So many within a span that ends now.</summary>
sealed record Quota(int Allowed, TimeSpan Span);

/// <summary>A subject (an address, a client, a country) and what it is allowed.</summary>
/// <param name="Quotas">All of them hold. Empty where it is only counted.</param>
sealed record Limit(LimitScope Scope, string Subject, IReadOnlyList<Quota> Quotas)
{
    /// <summary>What is counted is remembered for a day at least.</summary>
    static readonly TimeSpan ShortestMemory = TimeSpan.FromDays(1);

    /// <summary>When to ask again for a country that is not sent to because nobody there redeems.</summary>
    public static readonly TimeSpan PumpedRetryAfter = TimeSpan.FromHours(1);

    public TimeSpan Memory => Quotas.Aggregate(ShortestMemory, (longest, quota) => quota.Span > longest ? quota.Span : longest);
}

/// <summary>A limit as it was in one snapshot.</summary>
/// <param name="Revision">Of what is stored; 0 where nothing is. A commit that draws on it asks for the same.</param>
sealed record LimitState(Limit Limit, SlidingWindow Uses, long Revision)
{
    /// <summary>When there is room again; null where there is now.</summary>
    public DateTimeOffset? FreeAt(DateTimeOffset now) => Limit.Quotas.Max(quota => Uses.BelowAgainAt(quota.Allowed, now, quota.Span));

    /// <summary>Of the quota with the least left; null where there is none.</summary>
    public RateLimit? Room(DateTimeOffset now) => Limit.Quotas
        .Select(quota => new RateLimit(
            Limit.Scope.Name(), quota.Allowed, quota.Span, Math.Max(0, quota.Allowed - Uses.Count(now, quota.Span)),
            Uses.BelowAgainAt(1, now, quota.Span) - now ?? quota.Span))
        .MinBy(room => room.Remaining);

    public LimitState AfterUse(DateTimeOffset now) => this with { Uses = Uses.Add(now, Limit.Memory) };
}
