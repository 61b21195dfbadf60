namespace Countersign.Domain;

/// <summary>What issuing answers. It says nothing of the code.</summary>
public sealed record IssuedToken(TimeSpan Lifetime, DateTimeOffset ExpiresAt, DateTimeOffset ResendAt, Address Destination, string Reference);

/// <summary>What happens to any token, whatever it guards: issued, resent, cancelled, redeemed.</summary>
sealed partial record Account
{
    /// <summary>What is named where waiting is not what helps: <c>Retry-After</c> counts whole seconds.</summary>
    static readonly TimeSpan MinWait = TimeSpan.FromSeconds(1);

    /// <param name="newKey">What the caller wants to add; null where the flow itself says which key is proven.</param>
    /// <param name="newKeyOwner">Whose key that is already, if anybody's.</param>
    public Decision<IssuedToken> Issue(
        Purpose purpose, Address? newKey, AddressOwner? newKeyOwner, Draw draw, TokenCodes codes, Rules rules, DateTimeOffset now)
    {
        if (IsLocked(purpose, now, out var locked))
            return locked;

        var flow = Flow.Of(purpose.Operation);
        if (flow.Guard(this, purpose.KeyType, rules) is { } refusal)
            return new Refused(refusal, purpose);

        return Send(Change.Of(this), purpose, newKey ?? flow.ProvenBy(this, purpose.KeyType), newKeyOwner, draw, codes, rules, now);
    }

    /// <summary>One more token for a pending operation, to the address that it is frozen to.</summary>
    public Decision<IssuedToken> Resend(Purpose purpose, Draw draw, TokenCodes codes, Rules rules, DateTimeOffset now)
    {
        if (IsLocked(purpose, now, out var locked))
            return locked;

        return State(purpose).LivePending(now) is { } pending
            ? Send(Change.Of(this), purpose, pending.Target, pending.TargetOwner, draw, codes, rules, now)
            : new Refused(Refusal.NothingPending, purpose);
    }

    /// <summary>Ends a pending operation. The account is the answer, also where nothing was pending.</summary>
    public Decision<Account> Cancel(Purpose purpose, DateTimeOffset now)
    {
        var change = Change.Of(this).Revoke((pendingPurpose, _) => pendingPurpose == purpose, "cancelled", now);
        return new Decision<Account>(change.After, change.Withdrawn.IsEmpty ? null : change);
    }

    /// <summary>Spends the token and makes the change that it guards, every guard of the issuing row asked again.</summary>
    /// <param name="undo">What the notices of the change offer to undo it by.</param>
    public Decision<Account> Redeem(
        Purpose purpose, TokenCode code, AntiPhishingCode? newCode, UndoToken undo, TokenCodes codes, Rules rules, DateTimeOffset now)
    {
        var spending = Spend(purpose, code, codes, rules, now);
        if (spending.Refused is { } refused)
            return new Decision<Account>(refused, spending.Change);

        var flow = Flow.Of(purpose.Operation);
        var pending = spending.Pending!;
        var refusal = flow.Guard(this, purpose.KeyType, rules) ?? (IsTaken(pending.TargetOwner, now) ? Refusal.KeyTaken : null);
        if (refusal is { } reason)
            return new Decision<Account>(new Refused(reason, purpose), RefusedToken(purpose, pending, reason));

        var change = flow.Complete(this, spending.Change!, purpose, pending, newCode, rules, now);
        change = change with { ReleasedAt = now + rules.KeepReleasedFor };
        if (HoldAfter(purpose.Operation) is { } held)
            change = change with { After = change.After.Held(held, rules, now) };
        change = OfferUndo(change, purpose, undo, codes, rules, now);
        return new Decision<Account>(change.After, change);
    }

    /// <summary>Issues a token for a target: the step that every way of issuing ends in.</summary>
    Decision<IssuedToken> Send(
        Change change, Purpose purpose, Address target, AddressOwner? owner, Draw draw, TokenCodes codes, Rules rules, DateTimeOffset now)
    {
        var state = change.After.State(purpose);
        var nextIssueAt = state.Sends.NextIssueAt(target.KeyType, rules, now);
        if (nextIssueAt > now)
            return new Refused(Refusal.RateLimited, purpose, RetryAfter: nextIssueAt - now);

        var pending = state.LivePending(now);
        var isRetargeted = pending is not null && !pending.Target.Equals(target);
        if (isRetargeted)
        {
            change = change.Revoke((pendingPurpose, _) => pendingPurpose == purpose, "another target", now);
            pending = null;
        }

        // In whatever spelling it is named now, mail goes to the one that the first token has frozen.
        target = pending?.Target ?? target;

        var lifetime = rules.Lifetime(purpose.Operation, target.KeyType);
        // The digest is made for a decoy too, so that one costs as much as a real token.
        var digest = codes.Digest(UserId, purpose, target, draw.Code);
        var isDecoy = IsTaken(owner, now);
        var token = new OneTimeToken(isDecoy ? draw.Unmatchable : digest, codes.CurrentKeyId, now + lifetime);
        var sends = state.Sends.AfterIssue(now);
        var issued = new PendingOperation(
            target, draw.Reference, draw.MessageId, token, pending?.Newest, pending?.WrongTries ?? 0, DeliveryState.Queued, owner)
        {
            IsPreviousSent = pending?.IsNewestSent == true,
        };

        change = change
            .With(state with { Pending = issued, Spent = false, Sends = sends })
            .Record(AuditEventType.TokenIssued, purpose, target.Masked, isDecoy ? Refusal.KeyTaken.Name() : null)
            .Send(isDecoy
                ? NotYours(owner!, purpose, draw, rules, now)
                : new Message(
                    draw.MessageId, MessageKind.Code, target, purpose, draw.Code, draw.Reference, target.Masked,
                    Owns(target) ? rules.Shown(AntiPhishingCode) : null, Locale, now, token.ExpiresAt));

        // Sending it again is no news, and neither is asking for it again and again: that would be a way to fill an inbox.
        if (rules.NotifyRequests && (isRetargeted || (pending is null && state.Sends.Issues.Count(now, SendBudget.Span) == 0)))
            change = TellOthers(change, target, purpose, rules, now);

        return new Decision<IssuedToken>(
            new IssuedToken(lifetime, token.ExpiresAt, sends.NextIssueAt(target.KeyType, rules, now), target, draw.Reference), change);
    }

    /// <summary>The right token at the wrong time. It stays: a conflict neither counts nor consumes.</summary>
    Change RefusedToken(Purpose purpose, PendingOperation pending, Refusal reason) =>
        Change.Of(this).Record(AuditEventType.TokenRefused, purpose, pending.Target.Masked, reason.Name());

    /// <summary>Takes the token out of play if the code is right, and counts the try if it is not.</summary>
    Spending Spend(Purpose purpose, TokenCode code, TokenCodes codes, Rules rules, DateTimeOffset now)
    {
        if (IsLocked(purpose, now, out var locked))
            return new Spending(locked, null, null);

        var state = State(purpose);
        if (state.Spent)
        {
            var wait = state.Sends.NextIssueAt(purpose.KeyType ?? KeyType.Email, rules, now) - now;
            return new Spending(TooManyAttempts(purpose, wait > MinWait ? wait : MinWait), null, null);
        }

        if (state.LivePending(now) is not { } pending)
            return new Spending(new Refused(Refusal.TokenInvalid, purpose), null, null);

        // Both are compared, whatever the first gives: the time tells nothing.
        var isNewest = pending.Newest.IsLive(now) & codes.Matches(pending.Newest, UserId, purpose, pending.Target, code);
        var isPrevious = pending.Previous is { } previous && previous.IsLive(now) & codes.Matches(previous, UserId, purpose, pending.Target, code);
        if (!(isNewest | isPrevious))
            return CountWrongTry(state, pending, rules, now);

        var spent = Change.Of(With(state with { Pending = null, Spent = false, Sends = state.Sends.AfterSuccess(), Guesses = GuessBudget.Fresh }))
            .Record(AuditEventType.TokenRedeemed, purpose, pending.Target.Masked) with
        {
            Redeemed = pending.Target,
            // The twin of the redeemed token may still be on its way.
            Withdrawn = [purpose],
        };
        return new Spending(null, spent, pending);
    }

    Spending CountWrongTry(PurposeState state, PendingOperation pending, Rules rules, DateTimeOffset now)
    {
        var guesses = state.Guesses.AfterWrongTry(rules, now);
        var counted = pending with { WrongTries = pending.WrongTries + 1 };
        var isLocked = guesses.IsLocked(now);
        var isSpent = isLocked || counted.WrongTries >= rules.WrongTriesPerToken;
        var after = state with { Pending = isSpent ? null : counted, Spent = isSpent, Guesses = guesses };

        var change = Change.Of(With(after)).Record(AuditEventType.TokenRefused, state.Purpose, pending.Target.Masked, Refusal.TokenInvalid.Name());
        if (isSpent)
            change = change.Record(AuditEventType.TokenRevoked, state.Purpose, pending.Target.Masked, "guess budget spent") with { Withdrawn = [state.Purpose] };
        if (isLocked)
            change = change.Record(AuditEventType.OperationLocked, state.Purpose);

        var remaining = isSpent ? 0 : after.AttemptsRemaining(counted, rules, now);
        return new Spending(new Refused(Refusal.TokenInvalid, state.Purpose, remaining), change, null);
    }

    /// <summary>The keys that get no code hear that one was asked for, be it a decoy.</summary>
    static Change TellOthers(Change change, Address target, Purpose purpose, Rules rules, DateTimeOffset now)
    {
        var account = change.After;
        return account.Keys.Select(key => key.Address).Where(address => !address.Equals(target)).Aggregate(change, (told, address) =>
            told.Send(new Message(
                null, MessageKind.ChangeRequested, address, purpose, null, null, target.Masked,
                rules.Shown(account.AntiPhishingCode), account.Locale, now, now + rules.NoticeLifetime)));
    }

    /// <summary>Nothing of the purpose can be done: the account is frozen, or wrong tries have locked it.</summary>
    bool IsLocked(Purpose purpose, DateTimeOffset now, out Refused locked)
    {
        if (IsFrozen(purpose, now, out locked))
            return true;

        var guesses = State(purpose).Guesses;
        locked = TooManyAttempts(purpose, (guesses.LockedUntil ?? now) - now);
        return guesses.IsLocked(now);
    }

    bool IsTaken(AddressOwner? owner, DateTimeOffset now) => owner?.Bars(UserId, now) == true;

    static Refused TooManyAttempts(Purpose purpose, TimeSpan wait) => new(Refusal.TooManyAttempts, purpose, RetryAfter: wait);

    /// <summary>
    /// In place of a code, a notice to the address as its owner wrote it, never as the request did. Of an address that nobody has any more, the reader
    /// may be its last holder or its next.
    /// </summary>
    static Message NotYours(AddressOwner owner, Purpose purpose, Draw draw, Rules rules, DateTimeOffset now) => new(
        draw.MessageId, owner.KeptUntil is null ? MessageKind.AddressInUse : MessageKind.AddressKept, owner.Address, purpose, null, null, owner.Address.Masked,
        rules.Shown(owner.AntiPhishingCode), owner.Locale, now, now + rules.NoticeLifetime);

    /// <summary>The result of trying a code: refused (and counted in the change), or the change that has spent the token.</summary>
    readonly record struct Spending(Refused? Refused, Change? Change, PendingOperation? Pending);
}
