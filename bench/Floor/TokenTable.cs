using Npgsql;
using NpgsqlTypes;

namespace Countersign.Bench.Floor;

/// <summary>
/// One statement for each request. A token is spent, or a wrong guess is counted, by the one update of its row: of two requests at once the second sees what the first
/// has written.
/// </summary>
sealed class TokenTable(NpgsqlDataSource database)
{
    const string Read = "SELECT email, anti_phishing_code FROM accounts WHERE user_id = $1";

    const string Issue =
        """
        INSERT INTO tokens (user_id, operation, digest, target, expires_at)
        SELECT user_id, $2, $3, email, $4 FROM accounts WHERE user_id = $1
        ON CONFLICT (user_id, operation) DO UPDATE
        SET digest = excluded.digest, target = excluded.target, expires_at = excluded.expires_at, wrong_tries = 0, spent = FALSE
        RETURNING target
        """;

    const string Guess =
        """
        WITH guess AS (
          UPDATE tokens SET spent = (digest = $3), wrong_tries = wrong_tries + CASE WHEN digest = $3 THEN 0 ELSE 1 END
          WHERE user_id = $1 AND operation = $2 AND NOT spent AND wrong_tries < 5 AND expires_at > $4
          RETURNING spent, target)
        """;

    const string SetAntiPhishingCode =
        $"""
        {Guess}
        UPDATE accounts SET anti_phishing_code = $5, version = version + 1 FROM guess WHERE guess.spent AND user_id = $1
        RETURNING email, anti_phishing_code
        """;

    const string IssueToNew =
        $"""
        {Guess}
        INSERT INTO tokens (user_id, operation, digest, target, expires_at)
        SELECT $1, $5, $6, $7, $8 FROM guess WHERE spent
        ON CONFLICT (user_id, operation) DO UPDATE
        SET digest = excluded.digest, target = excluded.target, expires_at = excluded.expires_at, wrong_tries = 0, spent = FALSE
        RETURNING target
        """;

    const string ChangeEmail =
        $"""
        {Guess}
        UPDATE accounts SET email = guess.target, version = version + 1 FROM guess WHERE guess.spent AND user_id = $1
        RETURNING email, anti_phishing_code
        """;

    public async Task PingAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(ct);
    }

    public Task<AccountBody?> ReadAsync(string userId, CancellationToken ct) => AccountAsync(userId, Read, [Text(userId)], ct);

    /// <summary>Where it went; null where there is no such account.</summary>
    public Task<string?> IssueAsync(string userId, string operation, byte[] digest, DateTimeOffset expiresAt, CancellationToken ct) =>
        TextAsync(Issue, [Text(userId), Text(operation), Bytes(digest), Time(expiresAt)], ct);

    /// <summary>Null where the token is not the right one.</summary>
    public Task<AccountBody?> SetAntiPhishingCodeAsync(string userId, string operation, byte[] digest, string code, DateTimeOffset now, CancellationToken ct) =>
        AccountAsync(userId, SetAntiPhishingCode, [.. GuessOf(userId, operation, digest, now), Text(code)], ct);

    /// <inheritdoc cref="SetAntiPhishingCodeAsync"/>
    public Task<AccountBody?> ChangeEmailAsync(string userId, string operation, byte[] digest, DateTimeOffset now, CancellationToken ct) =>
        AccountAsync(userId, ChangeEmail, GuessOf(userId, operation, digest, now), ct);

    /// <summary>Spends the one token and issues the next to a new address; null where the token is not the right one.</summary>
    public Task<string?> IssueToNewAsync(
        string userId, string operation, byte[] digest, string nextOperation, byte[] nextDigest, string target, DateTimeOffset now, DateTimeOffset expiresAt,
        CancellationToken ct) =>
        TextAsync(
            IssueToNew,
            [.. GuessOf(userId, operation, digest, now), Text(nextOperation), Bytes(nextDigest), Text(target), Time(expiresAt)],
            ct);

    async Task<AccountBody?> AccountAsync(string userId, string text, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var command = Command(text, parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new AccountBody(userId, reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1))
            : null;
    }

    async Task<string?> TextAsync(string text, NpgsqlParameter[] parameters, CancellationToken ct)
    {
        await using var command = Command(text, parameters);
        return (string?)await command.ExecuteScalarAsync(ct);
    }

    NpgsqlCommand Command(string text, NpgsqlParameter[] parameters)
    {
        var command = database.CreateCommand(text);
        command.Parameters.AddRange(parameters);
        return command;
    }

    static NpgsqlParameter[] GuessOf(string userId, string operation, byte[] digest, DateTimeOffset now) =>
        [Text(userId), Text(operation), Bytes(digest), Time(now)];

    static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };

    static NpgsqlParameter<byte[]> Bytes(byte[] value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bytea };

    static NpgsqlParameter<long> Time(DateTimeOffset value) => new() { TypedValue = value.ToUnixTimeMilliseconds(), NpgsqlDbType = NpgsqlDbType.Bigint };
}
