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

static class SupportNames
{
    /// <summary>As the audit trail has it, where it is a refusal.</summary>
    public static string Name(this SupportStatus status) => status switch
    {
        SupportStatus.Done => "done",
        SupportStatus.BadReason => "validation",
        SupportStatus.AccountNotFound => "account-not-found",
        SupportStatus.NothingPending => "nothing-pending",
        SupportStatus.NotLocked => "not-locked",
        SupportStatus.NotHeld => "not-held",
        SupportStatus.MessageNotFound => "not-found",
        SupportStatus.MessageNotRetryable => "message-not-retryable",
        SupportStatus.MessageNotDroppable => "message-not-droppable",
    };
}
