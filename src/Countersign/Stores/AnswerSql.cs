namespace Countersign.Stores;

/// <summary>The statements for answers that are kept for whoever asks again.</summary>
static class AnswerSql
{
    public const string Find =
        "SELECT sealed FROM idempotency_keys WHERE user_id = @user_id AND key_digest = @key_digest AND expires_at > @now";

    /// <summary>What is there already has expired: of one that has not, a commit upon this version of the account would have known.</summary>
    public const string Keep =
        $"""
        INSERT INTO idempotency_keys (user_id, key_digest, sealed, expires_at)
        SELECT @user_id, @key_digest, @sealed, @expires_at {AccountSql.FromWon}
        ON CONFLICT (user_id, key_digest) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at
        """;
}
