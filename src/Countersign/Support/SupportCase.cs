using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Support;

/// <summary>By what an account was found.</summary>
enum QueryKind
{
    UserId,
    Email,
    PhoneNumber,
}

/// <summary>An account that a search has found.</summary>
/// <param name="IsErased">The account is gone; its trail is there.</param>
/// <param name="KeptUntil">
/// The address that was searched for is a key of the account no longer, and kept for it until then; null where it is one, and where a user id was searched for.
/// </param>
sealed record AccountMatch(string UserId, QueryKind FoundBy, bool IsErased, DateTimeOffset? KeptUntil);

/// <summary>All that an operator is shown of an account: no code, no digest and no address that is not masked.</summary>
/// <param name="IsErased">Only the trail is left, and when sessions end.</param>
/// <param name="AntiPhishingCode">Masked; null where none is set.</param>
/// <param name="FrozenUntil">Until when nothing can be changed, because a change was undone; null where it can.</param>
/// <param name="Holds">Those that stand.</param>
/// <param name="Limits">Of the operations that the account has a memory of.</param>
/// <param name="Messages">The newest first, <see cref="CaseReading.MaxMessages"/> at most.</param>
/// <param name="Events">The newest first, <see cref="CaseReading.MaxEvents"/> at most.</param>
/// <param name="SessionsNotBefore">Sessions that began before have to end; null where none has to.</param>
sealed record SupportCase(
    string UserId,
    bool IsErased,
    string? Locale,
    IReadOnlyList<SupportKey> Keys,
    string? AntiPhishingCode,
    DateTimeOffset? FrozenUntil,
    IReadOnlyList<SupportPending> PendingOperations,
    IReadOnlyList<Hold> Holds,
    IReadOnlyList<SupportLimits> Limits,
    IReadOnlyList<SupportMessage> Messages,
    IReadOnlyList<AuditEvent> Events,
    TrailCheck Trail,
    DateTimeOffset? SessionsNotBefore);

/// <param name="Masked">The address, masked.</param>
sealed record SupportKey(KeyType KeyType, string Masked, bool MfaEnabled, DateTimeOffset VerifiedAt);

/// <param name="Destination">Masked.</param>
/// <param name="AttemptsRemaining">Wrong tries until its tokens end.</param>
sealed record SupportPending(
    Purpose Purpose,
    string Destination,
    string Reference,
    DateTimeOffset ExpiresAt,
    DateTimeOffset ResendAt,
    int AttemptsRemaining,
    DeliveryState Delivery);

/// <summary>What an account has used of the limits of one purpose.</summary>
/// <param name="Issues">Tokens within the last hour, of <paramref name="IssuesPerHour"/>.</param>
/// <param name="WrongTries">Within the last 24 hours, of <paramref name="WrongTriesPerDay"/>.</param>
/// <param name="Locks">So often it was locked since something was redeemed last; each lock is longer than the one before.</param>
/// <param name="LockedUntil">Null where it is not locked.</param>
/// <param name="NextIssueAt">Null where a token can be issued at once.</param>
sealed record SupportLimits(
    Purpose Purpose,
    int Issues,
    int IssuesPerHour,
    int WrongTries,
    int WrongTriesPerDay,
    int Locks,
    DateTimeOffset? LockedUntil,
    DateTimeOffset? NextIssueAt);

/// <param name="CanRetry">It is dead, and has not expired.</param>
/// <param name="CanDrop">It is dead or waits.</param>
sealed record SupportMessage(MessageView View, bool CanRetry, bool CanDrop);

/// <summary>Whether an audit trail is as it was written.</summary>
/// <param name="Events">How many events there are; those that were looked at.</param>
/// <param name="Findings">What is wrong, a sentence each.</param>
sealed record TrailCheck(TrailState State, long Events, IReadOnlyList<string> Findings);

enum TrailState
{
    Intact,
    Broken,

    /// <summary>More events than are gone through while somebody waits: <c>Countersign.Server audit verify --user</c> tells.</summary>
    TooLong,
}
