namespace Countersign.Domain;

/// <summary>Setting the anti-phishing code, for the first time or anew. Works only through email, where the code is shown.</summary>
sealed class AntiPhishing : Flow
{
    public static readonly AntiPhishing Adding = new(isSetBefore: false);
    public static readonly AntiPhishing Changing = new(isSetBefore: true);

    readonly bool isSetBefore;

    AntiPhishing(bool isSetBefore) => this.isSetBefore = isSetBefore;

    public override Refusal? Guard(Account account, KeyType? keyType, Rules rules)
    {
        if (account.Email is null)
            return Refusal.EmailRequired;

        return (isSetBefore, account.AntiPhishingCode is not null) switch
        {
            (false, true) => Refusal.AntiPhishingExists,
            (true, false) => Refusal.AntiPhishingMissing,
            (false, false) or (true, true) => null,
        };
    }

    public override Address ProvenBy(Account account, KeyType? keyType) => Current(account, KeyType.Email);

    public override Change Complete(
        Account before, Change change, Purpose purpose, PendingOperation pending, AntiPhishingCode? newCode, Rules rules, DateTimeOffset now) =>
        Set(before, change, newCode, purpose, rules, now);

    public static Change Set(Account before, Change change, AntiPhishingCode? code, Purpose purpose, Rules rules, DateTimeOffset now) =>
        (change with { After = change.After with { AntiPhishingCode = code } })
            .Record(AuditEventType.AntiPhishingCodeSet, purpose)
            .Notify(before, MessageKind.AntiPhishingCodeSet, purpose, code?.Masked, rules, now);
}
