namespace Countersign.Domain;

/// <summary>What came of an operator's wish, and what has to be stored before that may be said.</summary>
/// <param name="Change">Null where nothing has to be stored.</param>
sealed record SupportDecision(SupportStatus Status, Change? Change);

enum MessageAction
{
    Retry,
    Drop,
}

/// <summary>What a commit does to a message that was there before it.</summary>
sealed record MessageOrder(string MessageId, MessageAction Action);

/// <summary>What the platform's support does to an account. An operator never learns a code, and never makes a change in the owner's place.</summary>
sealed partial record Account
{
    /// <summary>An operator who looks again and again leaves one event in so long: nobody fills a trail by looking.</summary>
    public static readonly TimeSpan ViewSpan = TimeSpan.FromMinutes(15);

    /// <summary>What a look at the account leaves in the trail.</summary>
    /// <param name="how">What was looked for, or at.</param>
    /// <param name="isRecorded">Whether the trail has it already, within <see cref="ViewSpan"/>.</param>
    public SupportDecision View(string how, bool isRecorded) =>
        new(SupportStatus.Done, isRecorded ? null : Change.Of(this).Record(AuditEventType.SupportViewed, reason: how));

    /// <param name="purpose">Null for all that are pending.</param>
    public SupportDecision Revoke(Purpose? purpose, string reason, DateTimeOffset now)
    {
        // Of all the reasons for which tokens are revoked, this one was written by somebody.
        var change = Change.Of(this).Revoke((pending, _) => purpose is null || pending == purpose, $"support: {reason}", now);
        return change.Withdrawn.IsEmpty ? RefuseSupport(SupportStatus.NothingPending, purpose, now) : new SupportDecision(SupportStatus.Done, change);
    }

    /// <summary>Ends a lock, and forgets the wrong tries of the day. A token whose own budget is spent stays spent: it is issued again.</summary>
    public SupportDecision Unlock(Purpose purpose, string reason, DateTimeOffset now)
    {
        var state = State(purpose);
        if (!state.Guesses.IsLocked(now) && state.Guesses.WrongTries.Count(now, GuessBudget.Span) == 0)
            return RefuseSupport(SupportStatus.NotLocked, purpose, now);

        var change = Change.Of(With(state with { Guesses = GuessBudget.Fresh })).Record(AuditEventType.OperationUnlocked, purpose, reason: reason);
        return new SupportDecision(SupportStatus.Done, change);
    }

    public SupportDecision LiftForSupport(HoldReason hold, string reason, DateTimeOffset now) =>
        Lift(hold, reason, now).Change is { } change ? new SupportDecision(SupportStatus.Done, change) : RefuseSupport(SupportStatus.NotHeld, null, now);

    /// <param name="destination">Of the message, masked.</param>
    public SupportDecision Order(MessageOrder order, Purpose? purpose, string destination, string reason)
    {
        var type = order.Action switch
        {
            MessageAction.Retry => AuditEventType.MessageRetried,
            MessageAction.Drop => AuditEventType.MessageDropped,
        };
        return new SupportDecision(
            SupportStatus.Done, Change.Of(this).Record(type, purpose, destination, $"{order.MessageId}: {reason}") with { Order = order });
    }

    /// <summary>What was wanted and cannot be done is in the trail, as any other request is that was refused.</summary>
    public SupportDecision RefuseSupport(SupportStatus status, Purpose? purpose, DateTimeOffset now) =>
        new(status, Refuse(null, purpose?.Operation, purpose?.KeyType, null, status.Name(), now));
}
