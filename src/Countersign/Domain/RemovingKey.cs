namespace Countersign.Domain;

/// <summary>An email or phone number goes, proven by the code that went to it; the last one stays.</summary>
sealed class RemovingKey : Flow
{
    public static readonly RemovingKey Instance = new();

    public override Refusal? Guard(Account account, KeyType? keyType, Rules rules)
    {
        if (account.Key(keyType!.Value) is null)
            return Refusal.KeyMissing;
        if (account.Keys.Count() == 1)
            return Refusal.LastKey;
        return account.HasMfa(keyType, rules) ? Refusal.MfaEnabled : null;
    }

    public override Address ProvenBy(Account account, KeyType? keyType) => Current(account, keyType);

    public override Change Complete(
        Account before, Change change, Purpose purpose, PendingOperation pending, AntiPhishingCode? newCode, Rules rules, DateTimeOffset now) =>
        Remove(before, change, pending.Target, purpose, rules, now);

    public static Change Remove(Account before, Change change, Address key, Purpose purpose, Rules rules, DateTimeOffset now)
    {
        var after = change.After.Without(key.KeyType);
        // The anti-phishing code works through email only: without one nobody would see it, or could change it.
        if (key.KeyType == KeyType.Email)
            after = after with { AntiPhishingCode = null };

        return RevokeTokensOf(change with { After = after }, key, now)
            .Record(AuditEventType.UserKeyRemoved, purpose, key.Masked)
            .Notify(before, MessageKind.KeyRemoved, purpose, key.Masked, rules, now);
    }

    /// <summary>A key that goes away takes with it every pending token that went to it or was about it.</summary>
    public static Change RevokeTokensOf(Change change, Address key, DateTimeOffset now) =>
        change.Revoke(
            (purpose, pending) => pending.Target.Equals(key) || (purpose.KeyType == key.KeyType && purpose.Operation != Operation.AddingKey),
            "key replaced or removed",
            now);
}
