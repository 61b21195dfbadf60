namespace Countersign.Domain;

/// <summary>A new email or phone number, proven by the code that went to it.</summary>
sealed class AddingKey : Flow
{
    public static readonly AddingKey Instance = new();

    public override Refusal? Guard(Account account, KeyType? keyType, Rules rules) =>
        account.Key(keyType!.Value) is null ? null : Refusal.KeyExists;

    public override Address ProvenBy(Account account, KeyType? keyType) =>
        throw new InvalidOperationException("What is added is named by the caller.");

    public override Change Complete(
        Account before, Change change, Purpose purpose, PendingOperation pending, AntiPhishingCode? newCode, Rules rules, DateTimeOffset now) =>
        Add(before, change, pending.Target, purpose, rules, now);

    public static Change Add(Account before, Change change, Address address, Purpose purpose, Rules rules, DateTimeOffset now) =>
        (change with { After = change.After.With(new UserKey(address, now, MfaEnabled: false)) })
            .Record(AuditEventType.UserKeyAdded, purpose, address.Masked)
            .Notify(before, MessageKind.KeyAdded, purpose, address.Masked, rules, now);
}
