using System.Collections.Immutable;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>
/// An account as a node remembers it: all of it, in the order in which it is written here and read below. How far the messages of what is pending came is at the
/// beginning, where it is found soonest: it changes with every message that is handed over.
/// </summary>
static class PackedAccount
{
    public static void Pack(Account account, ref PackWriter writer)
    {
        writer.Add(account.Purposes.Count);
        foreach (var (_, state) in account.Purposes)
        {
            writer.Add(state.Pending?.MessageId);
            if (state.Pending is { } pending)
                writer.Add((byte)pending.Delivery);
        }

        writer.Add(account.UserId);
        writer.Add(account.Version);
        writer.Add(account.CommitId);
        writer.Add(account.Timeline);
        writer.Add(account.FormerVersion);
        writer.Add(account.Locale);
        writer.Add(account.AntiPhishingCode?.Reveal());
        Add(account.Email, ref writer);
        Add(account.PhoneNumber, ref writer);
        writer.Add(account.FrozenUntil);
        writer.Add(account.Refusals);
        writer.Add(account.Trail.Events);
        writer.Add(account.Trail.Link.Span);

        writer.Add(account.Holds.Count);
        foreach (var (reason, until) in account.Holds)
        {
            writer.Add((long)reason);
            writer.Add(until);
        }

        foreach (var (_, state) in account.Purposes)
            Add(state, ref writer);
    }

    public static Account Unpack(ref PackReader reader)
    {
        var messages = new (string? Id, DeliveryState Delivery)[(int)reader.Number()];
        for (var i = 0; i < messages.Length; i++)
        {
            if (reader.TextOrNull() is { } id)
                messages[i] = (id, (DeliveryState)reader.Byte());
        }

        var (userId, version, commitId, timeline, formerVersion) = (reader.Text(), reader.Number(), reader.Text(), reader.Number(), reader.Number());
        var (locale, code, email, phoneNumber) = (reader.TextOrNull(), Code(ref reader), Key(ref reader), Key(ref reader));
        var (frozenUntil, refusals, trail) = (reader.TimeOrNull(), reader.Window(), new TrailMark(reader.Number(), reader.Bytes()));

        var holds = ImmutableDictionary<HoldReason, DateTimeOffset>.Empty;
        for (var left = reader.Number(); left > 0; left--)
            holds = holds.Add((HoldReason)reader.Number(), reader.Time());

        var purposes = ImmutableDictionary<Purpose, PurposeState>.Empty;
        foreach (var (message, delivery) in messages)
        {
            var state = State(ref reader, message, delivery);
            purposes = purposes.Add(state.Purpose, state);
        }

        return new Account(userId, version, locale, code, email, phoneNumber, purposes)
        {
            CommitId = commitId,
            Timeline = timeline,
            FormerVersion = formerVersion,
            FrozenUntil = frozenUntil,
            Refusals = refusals,
            Trail = trail,
            Holds = holds,
        };
    }

    /// <summary>The message was handed over. Nothing changes where no such one is on its way any more.</summary>
    public static void MarkSent(Span<byte> account, string messageId)
    {
        var reader = new PackReader(account);
        for (var left = reader.Number(); left > 0; left--)
        {
            if (reader.IsNext(messageId) is not { } isIt)
                continue;
            var place = reader.Position;
            if ((DeliveryState)reader.Byte() == DeliveryState.Queued && isIt)
                account[place] = (byte)DeliveryState.Sent;
        }
    }

    static void Add(UserKey? key, ref PackWriter writer)
    {
        writer.Add(key is not null);
        if (key is null)
            return;
        Add(key.Address, ref writer);
        writer.Add(key.VerifiedAt);
        writer.Add(key.MfaEnabled);
    }

    static UserKey? Key(ref PackReader reader) => reader.Flag() ? new UserKey(Address(ref reader), reader.Time(), reader.Flag()) : null;

    static void Add(Address address, ref PackWriter writer)
    {
        writer.Add((long)address.KeyType);
        writer.Add(address.Value);
    }

    static Address Address(ref PackReader reader) => Domain.Address.FromStore((KeyType)reader.Number(), reader.Text());

    static AntiPhishingCode? Code(ref PackReader reader) => reader.TextOrNull() is { } text ? AntiPhishingCode.FromStore(text) : null;

    static void Add(PurposeState state, ref PackWriter writer)
    {
        writer.Add((long)state.Purpose.Operation);
        writer.Add(state.Purpose.KeyType is not null);
        if (state.Purpose.KeyType is { } keyType)
            writer.Add((long)keyType);
        writer.Add(state.Spent);
        writer.Add(state.Sends.Issues);
        writer.Add(state.Sends.LastIssuedAt);
        writer.Add(state.Guesses.WrongTries);
        writer.Add(state.Guesses.Locks);
        writer.Add(state.Guesses.LockedUntil);
        if (state.Pending is { } pending)
            Add(pending, ref writer);
    }

    /// <param name="message">The id of what is on its way, or was; null where nothing is pending.</param>
    static PurposeState State(ref PackReader reader, string? message, DeliveryState delivery)
    {
        var purpose = new Purpose((Operation)reader.Number(), reader.Flag() ? (KeyType)reader.Number() : null);
        var spent = reader.Flag();
        var sends = new SendBudget(reader.Window(), reader.TimeOrNull());
        var guesses = new GuessBudget(reader.Window(), (int)reader.Number(), reader.TimeOrNull());
        return new PurposeState(purpose, message is null ? null : Pending(ref reader, message, delivery), spent, sends, guesses);
    }

    static void Add(PendingOperation pending, ref PackWriter writer)
    {
        Add(pending.Target, ref writer);
        writer.Add(pending.Reference);
        Add(pending.Newest, ref writer);
        writer.Add(pending.Previous is not null);
        if (pending.Previous is { } previous)
            Add(previous, ref writer);
        writer.Add(pending.WrongTries);
        writer.Add(pending.IsPreviousSent);
        writer.Add(pending.TargetOwner is not null);
        if (pending.TargetOwner is { } owner)
            Add(owner, ref writer);
    }

    static PendingOperation Pending(ref PackReader reader, string message, DeliveryState delivery)
    {
        var (target, reference, newest) = (Address(ref reader), reader.Text(), Token(ref reader));
        var (previous, wrongTries, isPreviousSent) = (reader.Flag() ? Token(ref reader) : null, (int)reader.Number(), reader.Flag());
        return new PendingOperation(
            target, reference, message, newest, previous, wrongTries, delivery, reader.Flag() ? Owner(ref reader) : null)
        {
            IsPreviousSent = isPreviousSent,
        };
    }

    static void Add(OneTimeToken token, ref PackWriter writer)
    {
        writer.Add(token.Digest.Span);
        writer.Add(token.KeyId);
        writer.Add(token.ExpiresAt);
    }

    static OneTimeToken Token(ref PackReader reader) => new(reader.Bytes(), reader.Text(), reader.Time());

    static void Add(AddressOwner owner, ref PackWriter writer)
    {
        writer.Add(owner.UserId);
        Add(owner.Address, ref writer);
        writer.Add(owner.Locale);
        writer.Add(owner.AntiPhishingCode?.Reveal());
        writer.Add(owner.KeptUntil);
    }

    static AddressOwner Owner(ref PackReader reader) =>
        new(reader.Text(), Address(ref reader), reader.TextOrNull(), Code(ref reader)) { KeptUntil = reader.TimeOrNull() };
}
