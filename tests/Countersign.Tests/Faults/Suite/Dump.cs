using System.Data.Common;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Faults.Suite;

sealed record AccountLine(string UserId, long Version, bool HasAntiPhishingCode);

/// <param name="Address">Masked, as everything else names it. Addresses of the load differ in their masks.</param>
sealed record KeyLine(string UserId, KeyType KeyType, string Address, bool MfaEnabled, DateTimeOffset VerifiedAt);

/// <param name="Address">Masked.</param>
sealed record ClaimLine(string UserId, KeyType KeyType, string Address);

/// <param name="Target">Masked; null where nothing is pending.</param>
sealed record TokenLine(string UserId, Purpose Purpose, string? Target, string? MessageId);

sealed record BudgetLine(string UserId, Purpose Purpose, int WrongTries, DateTimeOffset? LockedUntil);

sealed record EventLine(
    string UserId, long Version, long Ordinal, DateTimeOffset At, string Type, Purpose? Purpose, string? Target, string? Reason, string? Cause);

sealed record OutboxLine(
    string UserId, string Id, MessageKind Kind, Purpose Purpose, string Destination, string State, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    DateTimeOffset? FinishedAt);

/// <summary>All that the database holds at the end of a run.</summary>
sealed record Dump(
    IReadOnlyList<AccountLine> Accounts,
    IReadOnlyList<KeyLine> Keys,
    IReadOnlyList<ClaimLine> Claims,
    IReadOnlyList<TokenLine> Tokens,
    IReadOnlyList<BudgetLine> Budgets,
    IReadOnlyList<EventLine> Events,
    IReadOnlyList<OutboxLine> Outbox)
{
    public static async Task<Dump> ReadAsync(ISqlEngine engine) => new(
        await ReadAsync(engine, "SELECT user_id, version, anti_phishing_code FROM accounts", Account),
        await ReadAsync(engine, "SELECT user_id, key_type, address, mfa_enabled, verified_at FROM user_keys", Key),
        await ReadAsync(engine, "SELECT user_id, key_type, address FROM key_claims", Claim),
        await ReadAsync(engine, "SELECT user_id, operation, key_type, target_key_type, target, message_id FROM one_time_tokens", Token),
        await ReadAsync(engine, "SELECT user_id, operation, key_type, wrong_tries, locked_until FROM guess_budgets", Budget),
        await ReadAsync(engine, "SELECT user_id, version, ordinal, at, type, operation, key_type, target_masked, reason, user_agent FROM audit_events", Event),
        await ReadAsync(
            engine, "SELECT user_id, id, kind, operation, key_type, destination_masked, state, created_at, expires_at, finished_at FROM outbox", Message));

    static Task<List<T>> ReadAsync<T>(ISqlEngine engine, string text, Func<DbDataReader, T> line) =>
        engine.ReadAsync(
            new SqlStatement(text),
            reader =>
            {
                var lines = new List<T>();
                while (reader.Read())
                    lines.Add(line(reader));
                return lines;
            },
            CancellationToken.None);

    static AccountLine Account(DbDataReader row) => new(row.GetString(0), row.GetInt64(1), !row.IsDBNull(2));

    static KeyLine Key(DbDataReader row)
    {
        var keyType = KeyTypeOf(row.GetString(1))!.Value;
        return new KeyLine(row.GetString(0), keyType, Address.FromStore(keyType, row.GetString(2)).Masked, row.GetInt64(3) == 1, Time(row, 4)!.Value);
    }

    static ClaimLine Claim(DbDataReader row)
    {
        var keyType = KeyTypeOf(row.GetString(1))!.Value;
        return new ClaimLine(row.GetString(0), keyType, Address.FromStore(keyType, row.GetString(2)).Masked);
    }

    static TokenLine Token(DbDataReader row) => new(
        row.GetString(0),
        PurposeOf(row, 1)!.Value,
        Text(row, 4) is { } target ? Address.FromStore(KeyTypeOf(row.GetString(3))!.Value, target).Masked : null,
        Text(row, 5));

    static BudgetLine Budget(DbDataReader row) => new(
        row.GetString(0),
        PurposeOf(row, 1)!.Value,
        row.GetString(3).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length,
        Time(row, 4));

    static EventLine Event(DbDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.GetInt64(2), Time(row, 3)!.Value, row.GetString(4), PurposeOf(row, 5), Text(row, 7), Text(row, 8), Text(row, 9));

    static OutboxLine Message(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), Enum.Parse<MessageKind>(row.GetString(2)), PurposeOf(row, 3)!.Value, row.GetString(5), row.GetString(6),
        Time(row, 7)!.Value, Time(row, 8)!.Value, Time(row, 9));

    static Purpose? PurposeOf(DbDataReader row, int column)
    {
        if (!Names.TryParseOperation(Text(row, column), out var operation))
            return null;
        return new Purpose(operation, KeyTypeOf(Text(row, column + 1)));
    }

    static KeyType? KeyTypeOf(string? name) => Names.TryParseKeyType(name, out var keyType) ? keyType : null;

    static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    static DateTimeOffset? Time(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
