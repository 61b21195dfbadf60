namespace Countersign.Domain;

/// <summary>What a client has left, as draft-ietf-httpapi-ratelimit-headers says it.</summary>
/// <param name="Name">The policy: <c>client-issues</c> or <c>client-redeems</c>.</param>
/// <param name="Quota">Requests within <paramref name="Window"/>.</param>
/// <param name="Remaining">What is left of them.</param>
/// <param name="ResetsIn">Until all of the quota is there again, if nothing more is used.</param>
public sealed record RateLimit(string Name, int Quota, TimeSpan Window, int Remaining, TimeSpan ResetsIn)
{
    /// <summary>That of the client with the least left. What others have used of an address is nobody's business.</summary>
    internal static RateLimit? Of(IReadOnlyList<LimitState> limits, DateTimeOffset now) => limits
        .Where(state => state.Limit.Scope is LimitScope.ClientIssues or LimitScope.ClientRedeems)
        .Select(state => state.Room(now))
        .MinBy(limit => limit?.Remaining);
}
