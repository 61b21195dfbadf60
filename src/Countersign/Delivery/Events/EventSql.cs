using Countersign.Stores;

namespace Countersign.Delivery.Events;

/// <summary>The statements of <see cref="EventQueue"/>.</summary>
static class EventSql
{
    const string Columns = "user_id, version, ordinal, state, attempts, due_at, leased_until, queued_at";

    const string OfAnEvent = "e.user_id, e.version, e.ordinal, 'QUEUED', 0, @now, 0, @now FROM audit_events e";

    /// <summary>Names of types with a space before and behind each; in them an underscore, which LIKE takes for any letter, is one.</summary>
    const string IsWanted = "@types LIKE '% ' || e.type || ' %'";

    /// <summary>
    /// Somebody wants it again from the start: also where it was given up, and where a node has it in hand, which then has lost its lease.
    /// </summary>
    const string OrAgain =
        """
        ON CONFLICT (user_id, version, ordinal) DO UPDATE SET
          state = 'QUEUED', attempts = 0, due_at = excluded.due_at, leased_by = NULL, leased_until = 0, queued_at = excluded.queued_at, last_error = NULL
        """;

    /// <summary>The events of a commit, which stand before it in the same transaction. What is there already was left by an account of this name that was erased.</summary>
    public const string Insert =
        $"""
        INSERT INTO event_deliveries ({Columns})
        SELECT {OfAnEvent}
        {SqlStatement.AndRows} WHERE e.user_id = @user_id AND {IsWanted}
          AND e.version = (SELECT version FROM accounts WHERE user_id = @user_id AND commit_id = @commit_id)
        {OrAgain}
        """;

    public const string AnyDue = "SELECT 1 FROM event_deliveries WHERE state = 'QUEUED' AND due_at <= @now AND leased_until <= @now LIMIT 1";

    /// <summary>Of each account the oldest that waits, so that they arrive in their order; one that was tried often enough holds up no other.</summary>
    public const string Claim =
        $"""
        UPDATE event_deliveries SET leased_by = @node, leased_until = @leased_until
        WHERE state = 'QUEUED' AND leased_until <= @now AND (user_id, version, ordinal) IN (
          SELECT user_id, version, ordinal FROM event_deliveries d
          WHERE state = 'QUEUED' AND due_at <= @now AND leased_until <= @now
            AND NOT EXISTS (
              SELECT 1 FROM event_deliveries b
              WHERE b.user_id = d.user_id AND (b.version, b.ordinal) < (d.version, d.ordinal) AND b.state = 'QUEUED' AND b.attempts < @tries_in_order)
          ORDER BY due_at, version, ordinal LIMIT @limit {SqlStatement.SkipLocked})
        RETURNING user_id, version, ordinal, attempts, queued_at
        """;

    public const string Finish = $"DELETE FROM event_deliveries WHERE {Ours}";

    public const string Postpone =
        $"""
        UPDATE event_deliveries
        SET attempts = attempts + 1, last_error = @error, due_at = @due_at, leased_by = NULL, leased_until = 0
        WHERE {Ours}
        """;

    public const string GiveUp =
        $"""
        UPDATE event_deliveries
        SET state = 'DEAD', attempts = attempts + 1, last_error = @error, due_at = @due_at, leased_by = NULL, leased_until = 0
        WHERE {Ours}
        """;

    public const string Release = "UPDATE event_deliveries SET leased_by = NULL, leased_until = 0 WHERE state = 'QUEUED' AND leased_by = @node";

    public const string Measure = "SELECT state, COUNT(*), MIN(queued_at) FROM event_deliveries GROUP BY state";

    public const string Prune =
        """
        DELETE FROM event_deliveries WHERE (user_id, version, ordinal) IN (
          SELECT user_id, version, ordinal FROM event_deliveries WHERE state = 'DEAD' AND due_at < @before LIMIT @limit)
        """;

    const string IsInSpan = $"e.at >= @from AND e.at < @to AND {IsWanted}";

    const string IsOfUser = $"e.user_id = @user_id AND {IsInSpan}";

    const string FirstBeyond = "ORDER BY e.at LIMIT 1 OFFSET @limit";

    const string Queue = $"INSERT INTO event_deliveries ({Columns}) SELECT {OfAnEvent}";

    /// <summary>When the first event was that a replay of so many has no room for.</summary>
    public const string ReplayEnd = $"SELECT e.at FROM audit_events e WHERE {IsInSpan} {FirstBeyond}";

    public const string ReplayEndOfUser = $"SELECT e.at FROM audit_events e WHERE {IsOfUser} {FirstBeyond}";

    public const string Replay = $"{Queue} WHERE {IsInSpan} {OrAgain} RETURNING version";

    public const string ReplayOfUser = $"{Queue} WHERE {IsOfUser} {OrAgain} RETURNING version";

    /// <summary>The types are those of the index.</summary>
    public const string SessionsNotBefore =
        """
        SELECT MAX(at) FROM audit_events
        WHERE user_id = @user_id AND type IN ('user_key_changed', 'user_key_removed', 'mfa_disabled', 'change_undone', 'account_erased')
        """;

    /// <summary>A claim is told from a later one, of this node or of another, by when it ends.</summary>
    const string Ours = "user_id = @user_id AND version = @version AND ordinal = @ordinal AND leased_by = @node AND leased_until = @leased_until";
}
