using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>One row of <see cref="AccountSql.Load"/>, read by the order of its columns.</summary>
/// <param name="open">Opens the sealed anti-phishing code of an account.</param>
readonly ref struct AccountRow(DbDataReader reader, Func<string, byte[], AntiPhishingCode> open)
{
    public Account Account()
    {
        var userId = reader.GetString(0);
        return new Account(
            userId,
            reader.GetInt64(1),
            Text(2),
            AntiPhishingCode(userId, 3),
            UserKey(KeyType.Email, 4),
            UserKey(KeyType.PhoneNumber, 7),
            ImmutableDictionary<Purpose, PurposeState>.Empty)
        {
            Timeline = Timeline,
            CommitId = reader.GetString(49),
            Holds = Holds(44),
            FrozenUntil = Time(45),
            Refusals = SlidingWindow.FromStore(reader.GetString(46)),
            Trail = new TrailMark(reader.GetInt64(47), Bytes(48)),
        };
    }

    public AddressOwner? NewKeyOwner() => Owner(reader.GetString(0), 10, 42);

    public PurposeState? Purpose()
    {
        if (reader.IsDBNull(15) || !Names.TryParseOperation(reader.GetString(15), out var operation))
            return null;

        KeyType? keyType = Names.TryParseKeyType(reader.GetString(16), out var parsed) ? parsed : null;
        return new PurposeState(
            new Purpose(operation, keyType),
            Pending(),
            reader.GetInt64(28) != 0,
            new SendBudget(SlidingWindow.FromStore(reader.GetString(30)), Time(29)),
            reader.IsDBNull(31)
                ? GuessBudget.Fresh
                : new GuessBudget(SlidingWindow.FromStore(reader.GetString(31)), (int)reader.GetInt64(32), Time(33)));
    }

    PendingOperation? Pending()
    {
        if (reader.IsDBNull(18) || !Names.TryParseKeyType(reader.GetString(17), out var targetType))
            return null;

        // Issued before a standby took over, which need not know that they were redeemed meanwhile: none of these tokens counts.
        if (reader.GetInt64(41) != Timeline)
            return null;

        return new PendingOperation(
            Address.FromStore(targetType, reader.GetString(18)),
            reader.GetString(19),
            reader.GetString(20),
            Token(21)!,
            Token(24),
            (int)reader.GetInt64(27),
            Delivery(34),
            Owner(reader.GetString(0), 35, 43));
    }

    /// <summary><c>userKeys/adding 1732300000000,recovery 1732300060000</c>, in any order.</summary>
    ImmutableDictionary<HoldReason, DateTimeOffset> Holds(int column)
    {
        var holds = ImmutableDictionary<HoldReason, DateTimeOffset>.Empty;
        foreach (var hold in (Text(column) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(hold => hold.Split(' ')))
        {
            if (Names.TryParseHoldReason(hold[0], out var reason))
                holds = holds.Add(reason, DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(hold[1], CultureInfo.InvariantCulture)));
        }

        return holds;
    }

    long Timeline => reader.GetInt64(40);

    OneTimeToken? Token(int column) => reader.IsDBNull(column)
        ? null
        : new OneTimeToken(Bytes(column), reader.GetString(column + 1), Time(column + 2)!.Value);

    /// <summary>A message that was swept from the outbox was finished long ago.</summary>
    DeliveryState Delivery(int column) => Text(column) switch
    {
        OutboxState.Queued => DeliveryState.Queued,
        OutboxState.Dead or OutboxState.Withdrawn => DeliveryState.Failed,
        _ => DeliveryState.Sent,
    };

    UserKey? UserKey(KeyType keyType, int column) => reader.IsDBNull(column)
        ? null
        : new UserKey(Address.FromStore(keyType, reader.GetString(column)), Time(column + 2)!.Value, reader.GetInt64(column + 1) != 0);

    /// <summary>Five columns: user id, key type, address, locale, anti-phishing code.</summary>
    /// <param name="loaded">The account that is loaded.</param>
    public AddressOwner? Owner(string loaded, int column, int keptUntil)
    {
        if (reader.IsDBNull(column) || !Names.TryParseKeyType(reader.GetString(column + 1), out var keyType))
            return null;

        var userId = reader.GetString(column);
        // An account's own target is the usual case, and nobody is written to about it: its code need not be opened.
        var code = userId == loaded ? null : AntiPhishingCode(userId, column + 4);
        return new AddressOwner(userId, Address.FromStore(keyType, reader.GetString(column + 2)), Text(column + 3), code)
        {
            KeptUntil = Time(keptUntil),
        };
    }

    AntiPhishingCode? AntiPhishingCode(string userId, int column) => reader.IsDBNull(column) ? null : open(userId, Bytes(column));

    string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    byte[] Bytes(int column) => reader.GetFieldValue<byte[]>(column);

    DateTimeOffset? Time(int column) => reader.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));
}

/// <summary>The states of an outbox row, as they are stored.</summary>
static class OutboxState
{
    public const string Queued = "QUEUED";
    public const string Sent = "SENT";
    public const string Dead = "DEAD";
    public const string Withdrawn = "WITHDRAWN";
}
