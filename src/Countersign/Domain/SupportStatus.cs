namespace Countersign.Domain;

/// <summary>What came of what an operator wanted done to an account.</summary>
enum SupportStatus
{
    Done,

    /// <summary>The reason is missing, too short, too long or no text: see <see cref="SupportReason"/>. Nothing was done.</summary>
    BadReason,
    AccountNotFound,

    /// <summary>No token that could be revoked.</summary>
    NothingPending,

    /// <summary>Neither locked nor any wrong try.</summary>
    NotLocked,

    /// <summary>No such hold.</summary>
    NotHeld,
    MessageNotFound,

    /// <summary>It is not dead, or it has expired.</summary>
    MessageNotRetryable,

    /// <summary>It is neither dead nor waiting.</summary>
    MessageNotDroppable,
}
