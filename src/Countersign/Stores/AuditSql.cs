namespace Countersign.Stores;

/// <summary>The statements about audit trails.</summary>
static class AuditSql
{
    public const string Insert =
        $"""
        INSERT INTO audit_events (
          user_id, version, ordinal, at, type, operation, key_type, target_masked, reason, actor, ip, user_agent, link, key_id)
        SELECT user_id, version, @ordinal, @at, @type, @operation, @key_type, @target_masked, @reason, @actor, @ip, @user_agent, @link, @key_id
        {AccountSql.FromWonAccount}
        """;

    /// <summary>The trail of an erased account goes on as that of the one that has come again.</summary>
    public const string GoOn = $"DELETE FROM ended_trails WHERE user_id = @user_id AND {AccountSql.Won}";

    public const string FindEnded = "SELECT version, trail_events, trail_link FROM ended_trails WHERE user_id = @user_id";

    public const string Newest =
        $"""
        SELECT {Columns} FROM audit_events e WHERE user_id = @user_id
        ORDER BY version DESC, ordinal DESC
        LIMIT @limit
        """;

    public const string Find = $"SELECT {Columns} FROM audit_events e WHERE user_id = @user_id AND version = @version AND ordinal = @ordinal";

    /// <summary>From a moment on, in the order of time, after a place in it.</summary>
    public const string Since =
        $"""
        SELECT {Columns}, e.user_id, e.link FROM audit_events e
        WHERE at >= @since AND (at, user_id, version, ordinal) > (@since, @user_id, @version, @ordinal)
        ORDER BY at, user_id, version, ordinal
        LIMIT @limit
        """;

    public const string SinceOfUser =
        $"""
        SELECT {Columns}, e.user_id, e.link FROM audit_events e
        WHERE user_id = @only AND (at, user_id, version, ordinal) > (@since, @user_id, @version, @ordinal)
        ORDER BY at, user_id, version, ordinal
        LIMIT @limit
        """;

    /// <summary>The next user id that has a trail, or should have one; null after the last.</summary>
    public const string NextUser =
        """
        SELECT MIN(user_id) FROM (
          SELECT MIN(user_id) AS user_id FROM accounts WHERE user_id > @after
          UNION ALL SELECT MIN(user_id) FROM ended_trails WHERE user_id > @after
          UNION ALL SELECT MIN(user_id) FROM trail_beginnings WHERE user_id > @after
          UNION ALL SELECT MIN(user_id) FROM audit_events WHERE user_id > @after) AS following
        """;

    /// <summary>The whole trail, oldest first, with its beginning and its end: a row for each event, or one where there is none.</summary>
    public const string Trail =
        $"""
        SELECT {Columns}, e.link, e.key_id,
          COALESCE(a.trail_events, d.trail_events), COALESCE(a.trail_link, d.trail_link), COALESCE(a.trail_seal, d.trail_seal),
          COALESCE(a.trail_key_id, d.trail_key_id),
          b.events, b.link, b.seal, b.key_id
        FROM (SELECT CAST(@user_id AS TEXT) AS user_id) AS wanted
        LEFT JOIN accounts a ON a.user_id = wanted.user_id
        LEFT JOIN ended_trails d ON d.user_id = wanted.user_id
        LEFT JOIN trail_beginnings b ON b.user_id = wanted.user_id
        LEFT JOIN audit_events e ON e.user_id = wanted.user_id
        ORDER BY e.version, e.ordinal
        """;

    /// <summary>Whose events are older than is kept, the oldest first: by an index, and so however many there are that are not.</summary>
    public const string Outdated = "SELECT user_id, at FROM audit_events WHERE at >= @from AND at < @before ORDER BY at LIMIT @limit";

    /// <summary>The oldest of a trail, with where it begins.</summary>
    public const string Oldest =
        $"""
        SELECT {Columns}, e.link, COALESCE(b.events, 0)
        FROM audit_events e LEFT JOIN trail_beginnings b ON b.user_id = e.user_id
        WHERE e.user_id = @user_id
        ORDER BY e.version, e.ordinal
        LIMIT @limit
        """;

    /// <summary>Touches no row where another node has moved the beginning meanwhile.</summary>
    public const string MoveBeginning =
        """
        INSERT INTO trail_beginnings (user_id, events, link, seal, key_id)
        VALUES (@user_id, @events, @link, @seal, @key_id)
        ON CONFLICT (user_id) DO UPDATE SET events = excluded.events, link = excluded.link, seal = excluded.seal, key_id = excluded.key_id
        WHERE trail_beginnings.events = @old_events
        """;

    public const string DeleteUpTo = "DELETE FROM audit_events WHERE user_id = @user_id AND (version, ordinal) <= (@version, @ordinal)";

    /// <summary><see cref="AuditRows"/> knows the order.</summary>
    const string Columns =
        "e.version, e.ordinal, e.at, e.type, e.operation, e.key_type, e.target_masked, e.reason, e.actor, e.ip, e.user_agent";
}
