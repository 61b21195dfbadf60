namespace Countersign.Stores;

/// <summary>Rows that count for nothing any more, because their time has passed: forgotten in small commits.</summary>
sealed class ExpiredRows(Database database)
{
    const int Batch = 500;

    /// <summary>Addresses that were kept for their last holder: nothing of them is left. False where there are none.</summary>
    public const string KeptClaims =
        """
        DELETE FROM key_claims WHERE (key_type, canonical) IN (
          SELECT key_type, canonical FROM key_claims WHERE kept_until <= @now LIMIT @limit)
        """;

    /// <summary>Links that undo nothing any more, with what they would have led back to.</summary>
    public const string Undos =
        "DELETE FROM undos WHERE (user_id, id) IN (SELECT user_id, id FROM undos WHERE expires_at <= @now LIMIT @limit)";

    /// <summary>Limits that nobody has used for as long as they count.</summary>
    public const string Limits =
        "DELETE FROM limits WHERE (scope, subject) IN (SELECT scope, subject FROM limits WHERE expires_at <= @now LIMIT @limit)";

    /// <summary>Answers that were kept for callers who ask again.</summary>
    public const string Answers =
        """
        DELETE FROM idempotency_keys WHERE (user_id, key_digest) IN (
          SELECT user_id, key_digest FROM idempotency_keys WHERE expires_at <= @now LIMIT @limit)
        """;

    static readonly string[] All = [KeptClaims, Undos, Limits, Answers];

    /// <summary>Forgets some; false where there are none.</summary>
    public async Task<bool> ForgetAsync(DateTimeOffset now, CancellationToken ct)
    {
        var isAny = false;
        foreach (var text in All)
            isAny |= await database.TryCommitAsync(new SqlStatement(text, ("@now", now.ToUnixTimeMilliseconds()), ("@limit", (long)Batch)), ct);
        return isAny;
    }
}
