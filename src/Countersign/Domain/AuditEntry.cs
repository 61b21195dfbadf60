namespace Countersign.Domain;

/// <summary>What an audit event records.</summary>
public enum AuditEventType
{
    TokenIssued,
    TokenRedeemed,
    TokenRefused,
    TokenRevoked,
    OperationLocked,
    UserKeyAdded,
    UserKeyChanged,
    UserKeyRemoved,
    MfaEnabled,
    MfaDisabled,
    AntiPhishingCodeSet,
    AccountProvisioned,
    AccountErased,
    HoldLifted,
    ChangeUndone,

    /// <summary>A request that was refused and changed nothing.</summary>
    RequestRefused,

    /// <summary>An operator has found the account by a search, or looked at it.</summary>
    SupportViewed,
    OperationUnlocked,
    MessageRetried,
    MessageDropped,
}

/// <summary>One line of an account's audit trail, as a decision writes it; who did it and when is added by the commit.</summary>
/// <param name="Target">Masked.</param>
sealed record AuditEntry(AuditEventType Type, Purpose? Purpose = null, string? Target = null, string? Reason = null);

static class AuditNames
{
    public static string Name(this AuditEventType type) => type switch
    {
        AuditEventType.TokenIssued => "token_issued",
        AuditEventType.TokenRedeemed => "token_redeemed",
        AuditEventType.TokenRefused => "token_refused",
        AuditEventType.TokenRevoked => "token_revoked",
        AuditEventType.OperationLocked => "operation_locked",
        AuditEventType.UserKeyAdded => "user_key_added",
        AuditEventType.UserKeyChanged => "user_key_changed",
        AuditEventType.UserKeyRemoved => "user_key_removed",
        AuditEventType.MfaEnabled => "mfa_enabled",
        AuditEventType.MfaDisabled => "mfa_disabled",
        AuditEventType.AntiPhishingCodeSet => "anti_phishing_code_set",
        AuditEventType.AccountProvisioned => "account_provisioned",
        AuditEventType.AccountErased => "account_erased",
        AuditEventType.HoldLifted => "hold_lifted",
        AuditEventType.ChangeUndone => "change_undone",
        AuditEventType.RequestRefused => "request_refused",
        AuditEventType.SupportViewed => "support_viewed",
        AuditEventType.OperationUnlocked => "operation_unlocked",
        AuditEventType.MessageRetried => "message_retried",
        AuditEventType.MessageDropped => "message_dropped",
    };
}
