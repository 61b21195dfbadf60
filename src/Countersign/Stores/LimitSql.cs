using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>The statements for limits that hold over all accounts.</summary>
static class LimitSql
{
    /// <summary>More than a request can meet.</summary>
    public const int MaxLimits = 8;

    /// <summary>
    /// With a place for each limit that there may be; what is null finds nothing. One after the other, because an OR of keys goes by
    /// no index on PostgreSQL where it may not put the rows of several together in a bitmap.
    /// </summary>
    public static readonly string Find = string.Join(
        "\nUNION ALL\n",
        Enumerable.Range(0, MaxLimits).Select(i => $"SELECT scope, subject, uses, revision FROM limits WHERE scope = @scope{i} AND subject = @subject{i}"));

    /// <summary>What is null finds nothing.</summary>
    public static readonly string FindAhead =
        $"""
        SELECT scope, subject, uses, revision FROM limits WHERE scope = '{LimitScope.ClientIssues.Name()}' AND subject = @issuer
        UNION ALL
        SELECT scope, subject, uses, revision FROM limits WHERE scope = '{LimitScope.ClientRedeems.Name()}' AND subject = @redeemer
        UNION ALL
        SELECT scope, subject, uses, revision FROM limits WHERE scope = '{LimitScope.Recipient.Name()}' AND subject = @new_key
        UNION ALL
        SELECT scope, subject, uses, revision FROM limits WHERE scope = '{LimitScope.Recipient.Name()}'
          AND subject = (SELECT canonical FROM user_keys WHERE user_id = @user_id AND key_type = '{KeyType.Email.Name()}')
        UNION ALL
        SELECT scope, subject, uses, revision FROM limits WHERE scope = '{LimitScope.Recipient.Name()}'
          AND subject = (SELECT canonical FROM user_keys WHERE user_id = @user_id AND key_type = '{KeyType.PhoneNumber.Name()}')
        """;

    /// <summary>Fails, and the whole commit with it, where somebody else has drawn on the limit since it was read.</summary>
    public const string Draw =
        $"""
        INSERT INTO limits (scope, subject, uses, revision, expires_at)
        SELECT @scope, @subject, @uses, CAST(@revision AS BIGINT) + 1, @expires_at {AccountSql.FromWon}
        ON CONFLICT (scope, subject) DO UPDATE SET
          uses = excluded.uses, revision = CASE WHEN limits.revision + 1 = excluded.revision THEN excluded.revision END, expires_at = excluded.expires_at
        """;
}
