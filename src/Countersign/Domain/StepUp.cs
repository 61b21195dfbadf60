namespace Countersign.Domain;

/// <summary>What the bearer says of how its subject has authenticated.</summary>
/// <param name="At">Unix seconds, <c>auth_time</c>; null where it is not there, or no time.</param>
/// <param name="Acr"><c>acr</c>: the authentication context class.</param>
/// <param name="Amr"><c>amr</c>: the methods that were used (RFC 8176).</param>
sealed record Authentication(long? At, IReadOnlyCollection<string> Acr, IReadOnlyCollection<string> Amr);

/// <summary>Why an authentication does not do.</summary>
enum StepUpLack
{
    Recency,
    Level,
    Method,
}

/// <summary>What an operation asks of the authentication behind a request (RFC 9470).</summary>
/// <param name="MaxAge">How long ago it may have been; null for ever.</param>
/// <param name="AcrValues">One of these levels; empty for any.</param>
/// <param name="AmrValues">All of these methods; empty for any.</param>
sealed record StepUp(TimeSpan? MaxAge, IReadOnlyList<string> AcrValues, IReadOnlyList<string> AmrValues)
{
    /// <summary>What a provider's clock may be ahead of ours. Behind, it only makes an authentication older.</summary>
    public static readonly TimeSpan ToleratedClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>The first that is lacking; null where nothing is.</summary>
    public StepUpLack? LackOf(Authentication authentication, DateTimeOffset now)
    {
        if (MaxAge is { } maxAge && !IsRecent(authentication.At, maxAge, now))
            return StepUpLack.Recency;
        if (AcrValues.Count > 0 && !AcrValues.Any(authentication.Acr.Contains))
            return StepUpLack.Level;
        return AmrValues.All(authentication.Amr.Contains) ? null : StepUpLack.Method;
    }

    /// <summary>In whole seconds, as the claim is.</summary>
    static bool IsRecent(long? at, TimeSpan maxAge, DateTimeOffset now)
    {
        if (at is not { } seconds)
            return false;

        var age = (Int128)now.ToUnixTimeSeconds() - seconds;
        return age <= (long)maxAge.TotalSeconds && age >= -(long)ToleratedClockSkew.TotalSeconds;
    }
}
