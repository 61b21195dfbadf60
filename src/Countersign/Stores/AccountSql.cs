namespace Countersign.Stores;

/// <summary>The statements of <see cref="SqlAccountStore"/>: one text for every engine.</summary>
static class AccountSql
{
    /// <summary>A row for each purpose that the account has a memory of, or one row where it has none. <see cref="AccountRow"/> knows the order.</summary>
    public const string Load =
        """
        SELECT
          a.user_id, a.version, a.locale, a.anti_phishing_code,
          e.address, e.mfa_enabled, e.verified_at,
          p.address, p.mfa_enabled, p.verified_at,
          n.user_id, n.key_type, n.address, n.locale, n.anti_phishing_code,
          t.operation, t.key_type, t.target_key_type, t.target, t.reference, t.message_id,
          t.digest, t.key_id, t.expires_at, t.previous_digest, t.previous_key_id, t.previous_expires_at,
          t.wrong_tries, t.spent, t.last_issued_at, t.issues,
          g.wrong_tries, g.locks, g.locked_until,
          CASE WHEN o.receipt = 'DELIVERED' THEN 'SENT' WHEN o.receipt = 'FAILED' AND o.state = 'SENT' THEN 'DEAD' ELSE o.state END,
          c.user_id, c.key_type, c.address, c.locale, c.anti_phishing_code,
          s.timeline, t.timeline,
          n.kept_until, c.kept_until,
          (SELECT STRING_AGG(h.reason || ' ' || h.held_until, ',') FROM holds h WHERE h.user_id = a.user_id),
          a.frozen_until, a.refusals, a.trail_events, a.trail_link, a.commit_id
        FROM accounts a
        CROSS JOIN store_timeline s
        LEFT JOIN user_keys e ON e.user_id = a.user_id AND e.key_type = 'EMAIL'
        LEFT JOIN user_keys p ON p.user_id = a.user_id AND p.key_type = 'PHONE_NUMBER'
        LEFT JOIN key_claims n ON n.key_type = @new_key_type AND n.canonical = @new_key
        LEFT JOIN one_time_tokens t ON t.user_id = a.user_id
        LEFT JOIN guess_budgets g ON g.user_id = t.user_id AND g.operation = t.operation AND g.key_type = t.key_type
        LEFT JOIN outbox o ON o.user_id = t.user_id AND o.id = t.message_id
        LEFT JOIN key_claims c ON c.key_type = t.target_key_type AND c.canonical = t.target_canonical
        WHERE a.user_id = @user_id
        """;

    /// <summary>
    /// Of an account that is remembered: no row where another commit was the last, else one with what is not the account's own, which is whose the new key is.
    /// </summary>
    public const string LoadRemembered =
        """
        SELECT n.user_id, n.key_type, n.address, n.locale, n.anti_phishing_code, n.kept_until
        FROM accounts a
        LEFT JOIN key_claims n ON n.key_type = @new_key_type AND n.canonical = @new_key
        WHERE a.user_id = @user_id AND a.commit_id = @commit_id AND @timeline = (SELECT timeline FROM store_timeline)
        """;

    public const string FindOwner = "SELECT user_id, kept_until FROM key_claims WHERE key_type = @key_type AND canonical = @canonical";

    /// <summary>
    /// An account that was erased and comes again goes on where its audit trail ended: only where it is still that end which the commit was decided
    /// upon.
    /// </summary>
    public const string Insert =
        """
        INSERT INTO accounts (
          user_id, version, commit_id, locale, anti_phishing_code, frozen_until, refusals,
          trail_events, trail_link, trail_seal, trail_key_id, created_at, updated_at)
        SELECT @user_id, @version + 1, @commit_id, @locale, @anti_phishing_code, @frozen_until, @refusals,
          @trail_events, @trail_link, @trail_seal, @trail_key_id, @now, @now
        WHERE @version = COALESCE((SELECT version FROM ended_trails WHERE user_id = @user_id), 0)
        ON CONFLICT (user_id) DO NOTHING
        """;

    /// <summary>
    /// Only the version that the commit was decided upon: that which the last commit wrote, because a restored database may count the same versions again.
    /// Of a database that was replaced by its standby since, that alone says too little.
    /// </summary>
    public const string Update =
        $"""
        UPDATE accounts
        SET version = version + 1, commit_id = @commit_id, locale = @locale, anti_phishing_code = @anti_phishing_code,
          frozen_until = @frozen_until, refusals = @refusals, trail_events = @trail_events, trail_link = @trail_link,
          trail_seal = @trail_seal, trail_key_id = @trail_key_id, updated_at = @now
        {SqlStatement.FromRows} WHERE user_id = @user_id AND commit_id = @last_commit_id AND @timeline = (SELECT timeline FROM store_timeline)
        """;

    public const string DeleteKey = $"DELETE FROM user_keys {SqlStatement.UsingRows} WHERE user_id = @user_id AND key_type = @key_type AND {Won}";

    public const string UpsertKey =
        $"""
        INSERT INTO user_keys (user_id, key_type, canonical, address, mfa_enabled, verified_at)
        SELECT @user_id, @key_type, @canonical, @address, @mfa_enabled, @verified_at {FromWon}
        ON CONFLICT (user_id, key_type) DO UPDATE SET
          canonical = excluded.canonical, address = excluded.address, mfa_enabled = excluded.mfa_enabled, verified_at = excluded.verified_at
        """;

    public const string ReleaseClaim =
        $"DELETE FROM key_claims {SqlStatement.UsingRows} WHERE key_type = @key_type AND canonical = @canonical AND user_id = @user_id AND {Won}";

    /// <summary>The claim stays, so that nobody else can make one. What a notice to an owner would need goes: it is nobody's key any more.</summary>
    public const string KeepClaim =
        $"""
        UPDATE key_claims SET kept_until = @kept_until, locale = NULL, anti_phishing_code = NULL
        {SqlStatement.FromRows} WHERE key_type = @key_type AND canonical = @canonical AND user_id = @user_id AND {Won}
        """;

    /// <summary>Before a claim: what is kept for its own last holder, or was for somebody else until then, does not bar it.</summary>
    public const string TakeKept =
        $"""
        DELETE FROM key_claims
        {SqlStatement.UsingRows} WHERE key_type = @key_type AND canonical = @canonical AND (user_id = @user_id OR kept_until <= @kept_until) AND {Won}
        """;

    /// <summary>Fails, and the whole commit with it, where the address is somebody else's.</summary>
    public const string Claim =
        $"""
        INSERT INTO key_claims (key_type, canonical, user_id, address, locale, anti_phishing_code)
        SELECT @key_type, @canonical, user_id, @address, locale, anti_phishing_code {FromWonAccount}
        """;

    /// <summary>The account's own row was written before.</summary>
    public const string RefreshClaim =
        $"""
        UPDATE key_claims
        SET address = @address,
          locale = (SELECT a.locale FROM accounts a WHERE a.user_id = @user_id AND a.commit_id = @commit_id),
          anti_phishing_code = (SELECT a.anti_phishing_code FROM accounts a WHERE a.user_id = @user_id AND a.commit_id = @commit_id)
        {SqlStatement.FromRows} WHERE key_type = @key_type AND canonical = @canonical AND user_id = @user_id AND {Won}
        """;

    public const string UpsertToken =
        $"""
        INSERT INTO one_time_tokens (
          user_id, operation, key_type, target_key_type, target, target_canonical, reference, message_id,
          digest, key_id, expires_at, previous_digest, previous_key_id, previous_expires_at,
          wrong_tries, spent, last_issued_at, issues, timeline)
        SELECT
          @user_id, @operation, @key_type, @target_key_type, @target, @target_canonical, @reference, @message_id,
          @digest, @key_id, @expires_at, @previous_digest, @previous_key_id, @previous_expires_at,
          @wrong_tries, @spent, @last_issued_at, @issues,
          (SELECT timeline FROM store_timeline) {FromWon}
        ON CONFLICT (user_id, operation, key_type) DO UPDATE SET
          target_key_type = excluded.target_key_type, target = excluded.target, target_canonical = excluded.target_canonical,
          reference = excluded.reference, message_id = excluded.message_id,
          digest = excluded.digest, key_id = excluded.key_id, expires_at = excluded.expires_at,
          previous_digest = excluded.previous_digest, previous_key_id = excluded.previous_key_id,
          previous_expires_at = excluded.previous_expires_at, wrong_tries = excluded.wrong_tries, spent = excluded.spent,
          last_issued_at = excluded.last_issued_at, issues = excluded.issues,
          timeline = excluded.timeline
        """;

    public const string UpsertGuesses =
        $"""
        INSERT INTO guess_budgets (user_id, operation, key_type, wrong_tries, locks, locked_until)
        SELECT @user_id, @operation, @key_type, @wrong_tries, @locks, @locked_until {FromWon}
        ON CONFLICT (user_id, operation, key_type) DO UPDATE SET
          wrong_tries = excluded.wrong_tries, locks = excluded.locks, locked_until = excluded.locked_until
        """;

    public const string UpsertHold =
        $"""
        INSERT INTO holds (user_id, reason, held_until)
        SELECT @user_id, @reason, @held_until {FromWon}
        ON CONFLICT (user_id, reason) DO UPDATE SET held_until = excluded.held_until
        """;

    public const string InsertUndo =
        $"""
        INSERT INTO undos (user_id, id, version, operation, key_type, digest, key_id, sealed, created_at, expires_at)
        SELECT @user_id, @id, @from_version, @operation, @key_type, @digest, @key_id, @sealed, @created_at, @expires_at {FromWon}
        """;

    public const string VoidUndos = $"DELETE FROM undos {SqlStatement.UsingRows} WHERE user_id = @user_id AND version >= @from_version AND {Won}";

    public const string FindUndo =
        "SELECT user_id, version, operation, key_type, digest, key_id, sealed, created_at, expires_at FROM undos WHERE id = @id";

    public const string DeleteHold = $"DELETE FROM holds {SqlStatement.UsingRows} WHERE user_id = @user_id AND reason = @reason AND {Won}";

    /// <summary>
    /// The code of a token that has ended goes from the outbox. One that a worker has in its hands already may still go out; it redeems nothing.
    /// A dead one goes too, so that no operator has it sent any more.
    /// </summary>
    public const string WithdrawCodes =
        $"""
        UPDATE outbox SET state = 'WITHDRAWN', sealed = NULL, leased_by = NULL
        {SqlStatement.FromRows} WHERE user_id = @user_id AND operation = @operation AND key_type = @key_type
          AND carries_code = 1 AND sealed IS NOT NULL AND {Won}
        """;

    /// <summary>Codes for the purpose other than the two that can be redeemed.</summary>
    public const string WithdrawSuperseded = $"{WithdrawCodes} AND id NOT IN (@newest, @previous)";

    /// <summary>The account's own row goes last, because the others ask for it.</summary>
    public static readonly string[] Erase =
    [
        $"""
        DELETE FROM key_claims
        WHERE user_id = @user_id AND {Won}
          AND (key_type, canonical) IN (SELECT key_type, canonical FROM user_keys WHERE user_id = @user_id)
        """,
        $"DELETE FROM key_claims WHERE user_id = @user_id AND kept_until IS NOT NULL AND {Won}",
        $"DELETE FROM user_keys WHERE user_id = @user_id AND {Won}",
        $"DELETE FROM one_time_tokens WHERE user_id = @user_id AND {Won}",
        $"DELETE FROM guess_budgets WHERE user_id = @user_id AND {Won}",
        $"DELETE FROM holds WHERE user_id = @user_id AND {Won}",
        $"DELETE FROM undos WHERE user_id = @user_id AND {Won}",
        $"DELETE FROM outbox WHERE user_id = @user_id AND {Won}",
        $"DELETE FROM idempotency_keys WHERE user_id = @user_id AND {Won}",
        $"DELETE FROM development_inbox WHERE user_id = @user_id AND {Won}",
        $"""
        INSERT INTO ended_trails (user_id, version, trail_events, trail_link, trail_seal, trail_key_id)
        SELECT user_id, version, trail_events, trail_link, trail_seal, trail_key_id {FromWonAccount}
        """,
        "DELETE FROM accounts WHERE user_id = @user_id AND commit_id = @commit_id",
    ];

    /// <summary>True where the first statement of this commit has won.</summary>
    public const string Won =
        $"{SqlStatement.IfWon} EXISTS (SELECT 1 FROM accounts WHERE user_id = @user_id AND commit_id = @commit_id) {SqlStatement.EndIfWon}";

    /// <summary>Ends the SELECT of what is inserted with a commit that has won.</summary>
    public const string FromWon = $"{SqlStatement.FromRows} WHERE {Won}";

    /// <summary>Likewise, where columns of the account go with it.</summary>
    public const string FromWonAccount = $"FROM accounts {SqlStatement.AndRows} WHERE user_id = @user_id AND commit_id = @commit_id";
}
