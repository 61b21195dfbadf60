using Countersign.Stores;

namespace Countersign.Delivery;

/// <summary>The statements of <see cref="Outbox"/>.</summary>
static class OutboxSql
{
    public const string Insert =
        $"""
        INSERT INTO outbox (
          user_id, id, channel, kind, operation, key_type, carries_code, destination_masked, sealed, state, attempts,
          due_at, expires_at, leased_by, leased_until, created_at)
        SELECT
          @user_id, @id, @channel, @kind, @operation, @key_type, @carries_code, @destination_masked, @sealed, 'QUEUED', 0,
          @now, @expires_at, @node, @leased_until, @now
        {AccountSql.FromWon}
        """;

    public const string AnyDue = "SELECT 1 FROM outbox WHERE state = 'QUEUED' AND due_at <= @now AND leased_until <= @now LIMIT 1";

    public const string Claim =
        $"""
        UPDATE outbox SET leased_by = @node, leased_until = @leased_until
        WHERE state = 'QUEUED' AND leased_until <= @now AND (user_id, id) IN (
          SELECT user_id, id FROM outbox
          WHERE state = 'QUEUED' AND due_at <= @now AND leased_until <= @now
          ORDER BY due_at LIMIT @limit {SqlStatement.SkipLocked})
        RETURNING user_id, id, sealed, attempts, expires_at
        """;

    public const string Finish =
        $"""
        UPDATE outbox
        SET state = 'SENT', sealed = NULL, attempts = attempts + 1, last_error = NULL, finished_at = @now, leased_by = NULL,
          provider = @provider, provider_id = @provider_id, receipt = CASE WHEN provider_id = @provider_id THEN receipt END,
          country = @country, segments = @segments
        {SqlStatement.FromRows} WHERE {Ours}
        """;

    public const string Postpone =
        $"""
        UPDATE outbox
        SET attempts = attempts + 1, last_error = @error, due_at = @due_at, leased_by = NULL, leased_until = 0
        WHERE {Ours}
        """;

    /// <summary>
    /// What was delivered stays so, and what has failed was sent before. The receipt may be here before the answer to the request is stored: then
    /// it waits with the row, for as long as that is the try that counts.
    /// </summary>
    public const string Record =
        """
        UPDATE outbox SET receipt = @receipt, provider_id = @provider_id
        WHERE user_id = @user_id AND id = @id AND (
          (state = 'QUEUED' AND (provider_id IS NULL OR provider_id <> @provider_id))
          OR (provider_id = @provider_id AND (
            receipt IS NULL
            OR (receipt = 'SENT' AND @receipt <> 'SENT')
            OR (receipt = 'FAILED' AND @receipt = 'DELIVERED'))))
        """;

    public const string Bury =
        $"""
        UPDATE outbox
        SET state = 'DEAD', sealed = CASE WHEN expires_at > @now THEN sealed END, attempts = attempts + 1, last_error = @error,
          finished_at = @now, leased_by = NULL,
          provider = @provider, provider_id = @provider_id, receipt = CASE WHEN provider_id = @provider_id THEN receipt END
        WHERE {Ours}
        """;

    public const string IsOurs = $"SELECT 1 FROM outbox WHERE {Ours}";

    public const string Renew =
        $"""
        UPDATE outbox SET leased_until = @leased_until
        WHERE {Ours}
        """;

    public const string Release =
        """
        UPDATE outbox SET leased_by = NULL, leased_until = 0
        WHERE state = 'QUEUED' AND leased_by = @node
        RETURNING id
        """;

    public const string Measure =
        "SELECT state, COUNT(*), MIN(created_at) FROM outbox WHERE state IN ('QUEUED', 'DEAD') GROUP BY state";

    public const string EraseExpired =
        """
        UPDATE outbox SET sealed = NULL WHERE (user_id, id) IN (
          SELECT user_id, id FROM outbox WHERE state = 'DEAD' AND sealed IS NOT NULL AND expires_at <= @now LIMIT @limit)
        """;

    /// <summary>
    /// Whoever has a message leased may send it; nobody has one that is sent, dead or withdrawn. By its key alone: told a state, PostgreSQL may look through
    /// all messages that have it.
    /// </summary>
    const string Ours = "user_id = @user_id AND id = @id AND leased_by = @node";

    public const string Prune =
        """
        DELETE FROM outbox WHERE (user_id, id) IN (
          SELECT user_id, id FROM outbox WHERE state IN ('SENT', 'DEAD', 'WITHDRAWN') AND due_at < @before LIMIT @limit)
        """;
}
