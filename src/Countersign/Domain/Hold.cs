namespace Countersign.Domain;

/// <summary>What a hold follows. A code that is set for the first time, and the first step of a change, are none of it.</summary>
public enum HoldReason
{
    KeyAdded,
    KeyChanged,
    KeyRemoved,
    AntiPhishingCodeChanged,
    MfaEnabled,
    MfaDisabled,

    /// <summary>Changes were undone by whoever had the account before them.</summary>
    Recovered,
}

/// <summary>For how long after a change the platform should refuse withdrawals and the like.</summary>
public sealed record Hold(HoldReason Reason, DateTimeOffset Until);

sealed partial record Account
{
    /// <summary>Why an operator ends a hold, in the operator's words: 1 to so many characters.</summary>
    public const int MaxExplanationLength = 200;

    /// <summary>Those that stand, in the order of their reasons; what has passed is not forgotten by the store, and does not count.</summary>
    public IReadOnlyList<Hold> HoldsAt(DateTimeOffset now) =>
        [.. Holds.Where(hold => hold.Value > now).OrderBy(hold => hold.Key).Select(hold => new Hold(hold.Key, hold.Value))];

    /// <summary>Ends a hold before its time, because an operator says so. The account is the answer.</summary>
    public Decision<Account> Lift(HoldReason reason, string explanation, DateTimeOffset now)
    {
        var thaws = reason == HoldReason.Recovered && FrozenUntil > now;
        if (!thaws && !(Holds.TryGetValue(reason, out var until) && until > now))
            return new Refused(Refusal.NotHeld);

        // Whoever is sure enough of the owner to end the hold of a recovery is sure enough to have things changed again.
        var change = Change.Of(this with { Holds = Holds.Remove(reason), FrozenUntil = thaws ? null : FrozenUntil })
            .Record(AuditEventType.HoldLifted, reason: $"{reason.Name()}: {explanation}");
        return new Decision<Account>(change.After, change);
    }

    /// <summary>The account with a hold for the reason: of two for the same, the one that lasts longer.</summary>
    public Account Held(HoldReason reason, Rules rules, DateTimeOffset now)
    {
        var until = now + rules.HoldFor(reason);
        return until <= now || (Holds.TryGetValue(reason, out var standing) && standing >= until)
            ? this
            : this with { Holds = Holds.SetItem(reason, until) };
    }

    /// <summary>The hold that a completed operation opens; null for one that opens none.</summary>
    static HoldReason? HoldAfter(Operation operation) => operation switch
    {
        Operation.AddingKey => HoldReason.KeyAdded,
        Operation.ChangingNewKey => HoldReason.KeyChanged,
        Operation.RemovingKey => HoldReason.KeyRemoved,
        Operation.ChangingAntiPhishing => HoldReason.AntiPhishingCodeChanged,
        Operation.EnablingMfa => HoldReason.MfaEnabled,
        Operation.DisablingMfa => HoldReason.MfaDisabled,
        Operation.ChangingKey or Operation.AddingAntiPhishing => null,
    };
}
