using System.Data.Common;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Delivery;

/// <summary>
/// The messages that commits have caused and that nobody has taken over yet. A row is leased to the node that wrote it; when that node
/// dies, the lease runs out and another takes the message.
/// </summary>
sealed class Outbox(Database database, TokenCodes codes)
{
    /// <summary>How long a message is one node's to send; when that node dies, how long it waits for another.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    const int SweepBatch = 500;

    /// <summary>The name of this process among the nodes.</summary>
    readonly string node = TokenCodes.NewId(DateTimeOffset.UnixEpoch);

    /// <summary>The row of a message, written in the commit that causes it.</summary>
    public SqlStatement Enqueue(QueuedMessage message, string commitId)
    {
        var content = message.Content;
        return new SqlStatement(
            OutboxSql.Insert,
            ("@user_id", message.UserId),
            ("@commit_id", commitId),
            ("@id", message.Id),
            ("@channel", content.Channel.Name()),
            ("@kind", content.Kind.ToString()),
            ("@operation", content.Operation.Name()),
            ("@key_type", content.KeyType?.Name() ?? ""),
            ("@carries_code", content.Code is null ? 0L : 1L),
            ("@destination_masked", content.Destination.Masked),
            ("@sealed", codes.Seal(Label(message.UserId, message.Id), content.ToBytes())),
            ("@now", Time(content.CreatedAt)),
            ("@expires_at", Time(content.ExpiresAt)),
            ("@node", node),
            ("@leased_until", Time(message.LeasedUntil)));
    }

    /// <summary>Whether a claim would find something. Asked first: an idle node does not write.</summary>
    public Task<bool> IsAnyDueAsync(DateTimeOffset now, CancellationToken ct) =>
        database.ReadAsync(new SqlStatement(OutboxSql.AnyDue, ("@now", Time(now))), reader => reader.Read(), ct);

    /// <summary>Messages that are due and that nobody holds, leased to this node.</summary>
    public Task<List<ClaimedMessage>> ClaimAsync(DateTimeOffset now, int limit, CancellationToken ct)
    {
        var claim = new SqlStatement(
            OutboxSql.Claim, ("@now", Time(now)), ("@node", node), ("@leased_until", Time(now + Lease)), ("@limit", (long)limit));
        return database.WriteAsync(claim, reader => ReadClaimed(reader, now + Lease), ct);
    }

    /// <summary>Opens what was claimed.</summary>
    /// <exception cref="TokenKeyMissingException"/>
    /// <exception cref="System.Security.Cryptography.CryptographicException"/>
    public QueuedMessage Open(ClaimedMessage claimed) => new(
        claimed.UserId,
        claimed.Id,
        MessageContent.FromBytes(codes.Open(Label(claimed.UserId, claimed.Id), claimed.Sealed)),
        claimed.Attempts,
        claimed.LeasedUntil);

    /// <summary>Hand-off: what the message said is gone from here on.</summary>
    public Task FinishAsync(string userId, string id, string state, string? error, DateTimeOffset now, CancellationToken ct) =>
        FinishAsync(userId, id, state, error, null, now, ct);

    /// <param name="result">Who took it, or refused it; null where nobody was asked.</param>
    public Task FinishAsync(string userId, string id, string state, string? error, SendResult? result, DateTimeOffset now, CancellationToken ct) =>
        database.TryCommitAsync(
            new SqlStatement(
                OutboxSql.Finish,
                ("@user_id", userId),
                ("@id", id),
                ("@state", state),
                ("@error", error),
                ("@provider", result?.Provider),
                ("@provider_id", result?.ProviderId),
                ("@now", Time(now)),
                ("@node", node)),
            ct);

    /// <summary>What a provider says afterwards about a message of one account. It may say it late, again and out of order.</summary>
    /// <returns>False where it says nothing new, or speaks of another message.</returns>
    public Task<bool> TryRecordAsync(Receipt receipt, string userId, string id, string providerId, CancellationToken ct) =>
        database.TryCommitAsync(
            new SqlStatement(
                OutboxSql.Record, ("@user_id", userId), ("@id", id), ("@provider_id", providerId), ("@receipt", receipt.Name())),
            ct);

    /// <summary>The end of a message that could not be sent. It keeps what it says until it expires, so that an operator can have it tried again.</summary>
    public Task BuryAsync(string userId, string id, string error, DateTimeOffset now, CancellationToken ct) =>
        BuryAsync(userId, id, error, null, now, ct);

    /// <param name="result">Who refused it; null where nobody was asked.</param>
    public Task BuryAsync(string userId, string id, string error, SendResult? result, DateTimeOffset now, CancellationToken ct) =>
        database.TryCommitAsync(
            new SqlStatement(
                OutboxSql.Bury,
                ("@user_id", userId),
                ("@id", id),
                ("@error", error),
                ("@provider", result?.Provider),
                ("@provider_id", result?.ProviderId),
                ("@now", Time(now)),
                ("@node", node)),
            ct);

    /// <summary>Whether the message waits to be sent, and by this node.</summary>
    public Task<bool> IsOursAsync(string userId, string id, CancellationToken ct) =>
        database.ReadAsync(
            new SqlStatement(OutboxSql.IsOurs, ("@user_id", userId), ("@id", id), ("@node", node)), reader => reader.Read(), ct);

    /// <summary>Leases the message anew; false where it is not this node's any more, or withdrawn.</summary>
    public Task<bool> TryRenewAsync(string userId, string id, DateTimeOffset leasedUntil, CancellationToken ct) =>
        database.TryCommitAsync(
            new SqlStatement(OutboxSql.Renew, ("@user_id", userId), ("@id", id), ("@node", node), ("@leased_until", Time(leasedUntil))), ct);

    /// <summary>Gives back all that is leased to this node, and says how many they were: another takes them at once.</summary>
    public Task<int> ReleaseAsync(CancellationToken ct) =>
        database.WriteAsync(
            new SqlStatement(OutboxSql.Release, ("@node", node)),
            reader =>
            {
                var released = 0;
                while (reader.Read())
                    released++;
                return released;
            },
            ct);

    public Task PostponeAsync(string userId, string id, string error, DateTimeOffset dueAt, CancellationToken ct) =>
        database.TryCommitAsync(
            new SqlStatement(
                OutboxSql.Postpone, ("@user_id", userId), ("@id", id), ("@error", error), ("@due_at", Time(dueAt)), ("@node", node)),
            ct);

    public Task<OutboxDepth> MeasureAsync(CancellationToken ct) =>
        database.ReadAsync(
            new SqlStatement(OutboxSql.Measure),
            reader =>
            {
                var depth = new OutboxDepth(0, 0, null);
                while (reader.Read())
                {
                    depth = reader.GetString(0) == OutboxState.Queued
                        ? depth with { Queued = reader.GetInt64(1), OldestQueuedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(2)) }
                        : depth with { Dead = reader.GetInt64(1) };
                }

                return depth;
            },
            ct);

    /// <summary>Erases what some of the dead messages said that have expired; false where there are none.</summary>
    public Task<bool> EraseExpiredAsync(DateTimeOffset now, CancellationToken ct) =>
        database.TryCommitAsync(new SqlStatement(OutboxSql.EraseExpired, ("@now", Time(now)), ("@limit", (long)SweepBatch)), ct);

    /// <summary>Forgets some of the messages that were done with before <paramref name="before"/>; false where there are none.</summary>
    public Task<bool> PruneAsync(DateTimeOffset before, CancellationToken ct) =>
        database.TryCommitAsync(new SqlStatement(OutboxSql.Prune, ("@before", Time(before)), ("@limit", (long)SweepBatch)), ct);

    static List<ClaimedMessage> ReadClaimed(DbDataReader reader, DateTimeOffset leasedUntil)
    {
        var claimed = new List<ClaimedMessage>();
        while (reader.Read())
        {
            claimed.Add(new ClaimedMessage(
                reader.GetString(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2), (int)reader.GetInt64(3), leasedUntil,
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4))));
        }

        return claimed;
    }

    static string Label(string userId, string id) => $"message/{id}/{userId}";

    static long Time(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}

/// <summary>A row of the outbox, still sealed.</summary>
sealed record ClaimedMessage(
    string UserId, string Id, byte[] Sealed, int Attempts, DateTimeOffset LeasedUntil, DateTimeOffset ExpiresAt);

/// <summary>How much there is in the outbox.</summary>
/// <param name="OldestQueuedAt">When the oldest of the queued ones was committed; null where none is queued.</param>
sealed record OutboxDepth(long Queued, long Dead, DateTimeOffset? OldestQueuedAt);

/// <summary>The statements of <see cref="Outbox"/>.</summary>
static class OutboxSql
{
    public const string Insert =
        """
        INSERT INTO outbox (
          user_id, id, channel, kind, operation, key_type, carries_code, destination_masked, sealed, state, attempts,
          due_at, expires_at, leased_by, leased_until, created_at)
        SELECT
          user_id, @id, @channel, @kind, @operation, @key_type, @carries_code, @destination_masked, @sealed, 'QUEUED', 0,
          @now, @expires_at, @node, @leased_until, @now
        FROM accounts WHERE user_id = @user_id AND commit_id = @commit_id
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
        """
        UPDATE outbox
        SET state = @state, sealed = NULL, attempts = attempts + 1, last_error = @error, finished_at = @now, leased_by = NULL,
          provider = @provider, provider_id = @provider_id, receipt = CASE WHEN provider_id = @provider_id THEN receipt END
        WHERE user_id = @user_id AND id = @id AND state = 'QUEUED' AND leased_by = @node
        """;

    public const string Postpone =
        """
        UPDATE outbox
        SET attempts = attempts + 1, last_error = @error, due_at = @due_at, leased_by = NULL, leased_until = 0
        WHERE user_id = @user_id AND id = @id AND state = 'QUEUED' AND leased_by = @node
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
        """
        UPDATE outbox
        SET state = 'DEAD', sealed = CASE WHEN expires_at > @now THEN sealed END, attempts = attempts + 1, last_error = @error,
          finished_at = @now, leased_by = NULL,
          provider = @provider, provider_id = @provider_id, receipt = CASE WHEN provider_id = @provider_id THEN receipt END
        WHERE user_id = @user_id AND id = @id AND state = 'QUEUED' AND leased_by = @node
        """;

    public const string IsOurs = "SELECT 1 FROM outbox WHERE user_id = @user_id AND id = @id AND state = 'QUEUED' AND leased_by = @node";

    public const string Renew =
        """
        UPDATE outbox SET leased_until = @leased_until
        WHERE user_id = @user_id AND id = @id AND state = 'QUEUED' AND leased_by = @node
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

    public const string Prune =
        """
        DELETE FROM outbox WHERE (user_id, id) IN (
          SELECT user_id, id FROM outbox WHERE state IN ('SENT', 'DEAD', 'WITHDRAWN') AND due_at < @before LIMIT @limit)
        """;
}
