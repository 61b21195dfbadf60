namespace Countersign.Domain;

/// <summary>
/// A change in two steps: a code to the current key, and, for that code, a code to the new key. The first token is consumed in the commit
/// that issues the second, so that no step can be taken twice or on its own.
/// </summary>
static class ChangingKey
{
    public static readonly Flow FirstStep = new First();
    public static readonly Flow SecondStep = new Second();

    /// <summary>What a key that goes away takes with it: every pending token that went to it or was about it.</summary>
    public static Change Replace(
        Account before, Change change, Address oldKey, Address newKey, Purpose purpose, Rules rules, DateTimeOffset now)
    {
        var revoked = RemovingKey.RevokeTokensOf(change, oldKey, now);
        // MFA of a key is off while it changes, or the platform says so: the new key starts without.
        return (revoked with { After = revoked.After.With(new UserKey(newKey, now, MfaEnabled: false)) })
            .Record(AuditEventType.UserKeyChanged, purpose, newKey.Masked)
            .Notify(before, MessageKind.KeyChanged, purpose, newKey.Masked, rules, now);
    }

    /// <summary>The same for both steps: what the first was allowed on has to stand when the second is taken.</summary>
    static Refusal? GuardBoth(Account account, KeyType? keyType, Rules rules)
    {
        if (account.Key(keyType!.Value) is null)
            return Refusal.KeyMissing;
        return account.HasMfa(keyType, rules) ? Refusal.MfaEnabled : null;
    }

    sealed class First : Flow
    {
        public override Refusal? Guard(Account account, KeyType? keyType, Rules rules) => GuardBoth(account, keyType, rules);

        public override Address ProvenBy(Account account, KeyType? keyType) => Current(account, keyType);

        public override Change Complete(
            Account before, Change change, Purpose purpose, PendingOperation pending, AntiPhishingCode? newCode, Rules rules, DateTimeOffset now) =>
            throw new InvalidOperationException("The first step of a change is redeemed by issuing the second.");
    }

    sealed class Second : Flow
    {
        public override Refusal? Guard(Account account, KeyType? keyType, Rules rules) => GuardBoth(account, keyType, rules);

        public override Address ProvenBy(Account account, KeyType? keyType) =>
            throw new InvalidOperationException("The new key is named by the caller.");

        public override Change Complete(
            Account before, Change change, Purpose purpose, PendingOperation pending, AntiPhishingCode? newCode, Rules rules, DateTimeOffset now) =>
            Replace(before, change, Current(before, purpose.KeyType), pending.Target, purpose, rules, now);
    }
}

sealed partial record Account
{
    /// <summary>Redeems the token of the first step and issues that of the second, in one change.</summary>
    public Decision<IssuedToken> IssueForNewKey(
        Address newKey, AddressOwner? newKeyOwner, TokenCode code, Draw draw, TokenCodes codes, Rules rules, DateTimeOffset now)
    {
        var firstStep = new Purpose(Operation.ChangingKey, newKey.KeyType);
        var secondStep = new Purpose(Operation.ChangingNewKey, newKey.KeyType);
        if (Owns(newKey))
            return new Refused(Refusal.SameKey, secondStep);
        if (IsLocked(secondStep, now, out var locked))
            return locked;

        var spending = Spend(firstStep, code, codes, rules, now);
        if (spending.Refused is { } refused)
            return new Decision<IssuedToken>(refused, spending.Change);
        if (Flow.Of(Operation.ChangingNewKey).Guard(this, newKey.KeyType, rules) is { } refusal)
            return new Decision<IssuedToken>(new Refused(refusal, secondStep), RefusedToken(firstStep, spending.Pending!, refusal));

        return Send(spending.Change!, secondStep, newKey, newKeyOwner, draw, codes, rules, now);
    }
}
