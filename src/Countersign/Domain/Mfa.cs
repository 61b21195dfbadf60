namespace Countersign.Domain;

/// <summary>Switching MFA on or off for one user key, proven by the code that went to it.</summary>
sealed class Mfa : Flow
{
    public static readonly Mfa Enabling = new(enables: true);
    public static readonly Mfa Disabling = new(enables: false);

    readonly bool enables;

    Mfa(bool enables) => this.enables = enables;

    public override Refusal? Guard(Account account, KeyType? keyType, Rules rules)
    {
        var key = account.Key(keyType!.Value);
        // A destination without a key has no MFA that could be disabled, so that there the second reason covers the first.
        if (enables && key is null)
            return Refusal.KeyMissing;
        if (enables && key!.MfaEnabled)
            return Refusal.MfaEnabled;
        return !enables && key?.MfaEnabled != true ? Refusal.MfaDisabled : null;
    }

    public override Address ProvenBy(Account account, KeyType? keyType) => Current(account, keyType);

    public override Change Complete(
        Account before, Change change, Purpose purpose, PendingOperation pending, AntiPhishingCode? newCode, Rules rules, DateTimeOffset now) =>
        Switch(before, change, purpose.KeyType!.Value, enables, purpose, rules, now);

    public static Change Switch(
        Account before, Change change, KeyType keyType, bool isEnabled, Purpose purpose, Rules rules, DateTimeOffset now)
    {
        var key = change.After.Key(keyType)!;
        return (change with { After = change.After.With(key with { MfaEnabled = isEnabled }) })
            .Record(isEnabled ? AuditEventType.MfaEnabled : AuditEventType.MfaDisabled, purpose, key.Address.Masked)
            .Notify(before, isEnabled ? MessageKind.MfaEnabled : MessageKind.MfaDisabled, purpose, key.Address.Masked, rules, now);
    }
}
