using Countersign.Domain;

namespace Countersign;

/// <summary>Who asks, as the audit trail records it.</summary>
/// <param name="Actor">The user id of the account's owner, or the name of the platform's service.</param>
public sealed record Caller(string Actor, string? IpAddress = null, string? UserAgent = null)
{
    /// <summary>
    /// What the identity provider has verified of the caller, from which an account that does not exist yet is created; null where it is
    /// not to be created.
    /// </summary>
    public AccountProfile? Claims { get; init; }
}
