namespace Countersign.Domain;

/// <summary>What a change can be undone to: all that its owner could change of the account.</summary>
sealed record Snapshot(UserKey? Email, UserKey? PhoneNumber, AntiPhishingCode? AntiPhishingCode)
{
    public IEnumerable<Address> Addresses => new[] { Email, PhoneNumber }.OfType<UserKey>().Select(key => key.Address);

    public static Snapshot Of(Account account) => new(account.Email, account.PhoneNumber, account.AntiPhishingCode);
}

/// <summary>The stored half of an undo link.</summary>
/// <param name="Purpose">What was changed.</param>
/// <param name="Version">Of the account before the change: what is younger is undone with it.</param>
/// <param name="Digest">Of the token, under the key of that id.</param>
sealed record UndoPoint(
    string Id, Purpose Purpose, long Version, ReadOnlyMemory<byte> Digest, string KeyId, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, Snapshot Before);

/// <summary>What a notice says of undoing.</summary>
sealed record UndoLink(UndoToken Token, DateTimeOffset ExpiresAt);

sealed partial record Account
{
    /// <summary>
    /// Takes the account back to what it was before a change, be it the last one or not: who had it first gets it, whatever was done since. What came
    /// after cannot be undone any more, or whoever did it would have the last word; and undoing offers no link, for the same reason.
    /// </summary>
    /// <param name="point">Null where the store has none.</param>
    /// <param name="owners">Whose the addresses are that come back, as far as they are anybody's.</param>
    public Decision<Account> Undo(
        UndoPoint? point, UndoToken token, IReadOnlyCollection<AddressOwner> owners, TokenCodes codes, Rules rules, DateTimeOffset now)
    {
        if (point is null || point.ExpiresAt <= now || !codes.Matches(point, UserId, token))
            return new Refused(Refusal.TokenInvalid);
        if (owners.Any(owner => owner.UserId != UserId && owner.KeptUntil is null))
            return new Refused(Refusal.KeyTaken, point.Purpose);

        var frozenUntil = now + rules.FreezeFor;
        var restored = this with
        {
            Email = point.Before.Email,
            PhoneNumber = point.Before.PhoneNumber,
            AntiPhishingCode = point.Before.AntiPhishingCode,
            FrozenUntil = FrozenUntil > frozenUntil ? FrozenUntil : frozenUntil,
        };
        var change = Change.Of(restored.Held(HoldReason.Recovered, rules, now))
            .Revoke((_, _) => true, "change undone", now)
            .Record(AuditEventType.ChangeUndone, point.Purpose, reason: $"back to version {point.Version}") with
        {
            VoidsUndosFrom = point.Version,
            OverrulesKept = true,
        };
        foreach (var address in Keys.Concat(restored.Keys).Select(key => key.Address).Distinct())
        {
            // The code that its reader knows: whoever has lost the key must not learn the one that is back.
            var code = restored.Owns(address) ? restored.AntiPhishingCode : AntiPhishingCode;
            change = change.Send(new Message(
                null, MessageKind.ChangeUndone, address, point.Purpose, null, null, null, rules.Shown(code), Locale, now, now + rules.NoticeLifetime));
        }

        return new Decision<Account>(change.After, change);
    }

    /// <summary>A link to undo the change, in its notices to the keys that the account had before, and in no other.</summary>
    Change OfferUndo(Change change, Purpose purpose, UndoToken token, TokenCodes codes, Rules rules, DateTimeOffset now)
    {
        if (rules.UndoFor <= TimeSpan.Zero || !Keys.Any())
            return change;

        var point = new UndoPoint(
            token.Id, purpose, Version, codes.Digest(UserId, token), codes.CurrentKeyId, now, now + rules.UndoFor, Snapshot.Of(this));
        return change with
        {
            Offers = point,
            Messages = change.Messages.ConvertAll(message => Owns(message.To) ? message with { Undo = new UndoLink(token, point.ExpiresAt) } : message),
        };
    }

    bool IsFrozen(Purpose purpose, DateTimeOffset now, out Refused frozen)
    {
        frozen = new Refused(Refusal.AccountFrozen, purpose, RetryAfter: (FrozenUntil ?? now) - now);
        return FrozenUntil > now;
    }
}
