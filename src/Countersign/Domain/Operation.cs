namespace Countersign.Domain;

/// <summary>The two kinds of user key; also the two channels that a message can take.</summary>
public enum KeyType
{
    Email,
    PhoneNumber,
}

/// <summary>What a one-time token is for.</summary>
public enum Operation
{
    AddingKey,

    /// <summary>The first step of a change: proves the current key.</summary>
    ChangingKey,

    /// <summary>The second step of a change: proves the new key, and is what redeeming a change means.</summary>
    ChangingNewKey,
    RemovingKey,
    AddingAntiPhishing,
    ChangingAntiPhishing,
    EnablingMfa,
    DisablingMfa,
}

/// <summary>
/// An operation and the key type that it is about (null for the anti-phishing code, which an account has once).
/// Pending tokens, guess budgets, send limits and locks are kept per purpose.
/// </summary>
public readonly record struct Purpose(Operation Operation, KeyType? KeyType)
{
    /// <summary>Whether a key type is there where one belongs: with all but the two operations of the anti-phishing code.</summary>
    public bool IsWhole => (KeyType is null) == (Operation is Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing);

    public override string ToString() => KeyType is { } keyType ? $"{Operation.Name()} {keyType.Name()}" : Operation.Name();
}

/// <summary>The names of the contract. They are on the wire, in the database and under every digest: they never change.</summary>
public static class Names
{
    public static string Name(this KeyType keyType) => keyType switch
    {
        KeyType.Email => "EMAIL",
        KeyType.PhoneNumber => "PHONE_NUMBER",
    };

    public static string Name(this Operation operation) => operation switch
    {
        Operation.AddingKey => "userKeys/adding",
        Operation.ChangingKey => "userKeys/changing",
        Operation.ChangingNewKey => "userKeys/changing/newKey",
        Operation.RemovingKey => "userKeys/removing",
        Operation.AddingAntiPhishing => "antiPhishing/adding",
        Operation.ChangingAntiPhishing => "antiPhishing/changing",
        Operation.EnablingMfa => "mfa/enabling",
        Operation.DisablingMfa => "mfa/disabling",
    };

    public static string Name(this Refusal refusal) => refusal switch
    {
        Refusal.FeatureDisabled => "feature-disabled",
        Refusal.AccountNotFound => "account-not-found",
        Refusal.KeyExists => "key-exists",
        Refusal.KeyMissing => "key-missing",
        Refusal.LastKey => "last-key",
        Refusal.MfaEnabled => "mfa-enabled",
        Refusal.MfaDisabled => "mfa-disabled",
        Refusal.EmailRequired => "email-required",
        Refusal.AntiPhishingExists => "anti-phishing-exists",
        Refusal.AntiPhishingMissing => "anti-phishing-missing",
        Refusal.NothingPending => "nothing-pending",
        Refusal.KeyTaken => "key-taken",
        Refusal.SameKey => "validation",
        Refusal.TokenInvalid => "token-invalid",
        Refusal.TooManyAttempts => "too-many-attempts",
        Refusal.RateLimited => "rate-limited",
        Refusal.NotHeld => "not-held",
        Refusal.AccountFrozen => "account-frozen",
    };

    public static string Name(this HoldReason reason) => reason switch
    {
        HoldReason.KeyAdded => Operation.AddingKey.Name(),
        HoldReason.KeyChanged => Operation.ChangingKey.Name(),
        HoldReason.KeyRemoved => Operation.RemovingKey.Name(),
        HoldReason.AntiPhishingCodeChanged => Operation.ChangingAntiPhishing.Name(),
        HoldReason.MfaEnabled => Operation.EnablingMfa.Name(),
        HoldReason.MfaDisabled => Operation.DisablingMfa.Name(),
        HoldReason.Recovered => "recovery",
    };

    public static string Name(this DeliveryState delivery) => delivery switch
    {
        DeliveryState.Queued => "QUEUED",
        DeliveryState.Sent => "SENT",
        DeliveryState.Failed => "FAILED",
    };

    internal static string Name(this MessageKind kind) => kind switch
    {
        MessageKind.Code => "CODE",
        MessageKind.KeyAdded => "KEY_ADDED",
        MessageKind.KeyChanged => "KEY_CHANGED",
        MessageKind.KeyRemoved => "KEY_REMOVED",
        MessageKind.MfaEnabled => "MFA_ENABLED",
        MessageKind.MfaDisabled => "MFA_DISABLED",
        MessageKind.AntiPhishingCodeSet => "ANTI_PHISHING_CODE_SET",
        MessageKind.AddressInUse => "ADDRESS_IN_USE",
        MessageKind.AddressKept => "ADDRESS_KEPT",
        MessageKind.ChangeRequested => "CHANGE_REQUESTED",
        MessageKind.ChangeUndone => "CHANGE_UNDONE",
    };

    internal static string Name(this LimitScope scope) => scope switch
    {
        LimitScope.ClientIssues => "client-issues",
        LimitScope.ClientRedeems => "client-redeems",
        LimitScope.Recipient => "recipient",
        LimitScope.SmsPrefix => "sms-prefix",
        LimitScope.SmsCountry => "sms-country",
        LimitScope.Sms => "sms",
        LimitScope.SmsCountryRedeemed => "sms-country-redeemed",
    };

    public static bool TryParseKeyType(string? text, out KeyType keyType) => TryParse(text, Name, out keyType);

    public static bool TryParseOperation(string? text, out Operation operation) => TryParse(text, Name, out operation);

    public static bool TryParseHoldReason(string? text, out HoldReason reason) => TryParse(text, Name, out reason);

    static bool TryParse<T>(string? text, Func<T, string> name, out T value) where T : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (name(candidate) == text)
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }
}
