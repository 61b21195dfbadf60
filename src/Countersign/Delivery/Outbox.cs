using System.Data.Common;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Delivery;

/// <summary>
/// The messages that commits have caused and that nobody has taken over yet. A row is leased to the node that wrote it; when that node
/// dies, the lease runs out and another takes the message.
/// </summary>
sealed class Outbox(Database database, TokenCodes codes, StoreMemory memory)
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
    public async Task FinishAsync(string userId, string id, SendResult result, DateTimeOffset now)
    {
        var finish = new SqlStatement(OutboxSql.Finish, [.. End(userId, id, result, now), ("@country", result.Country), ("@segments", (long?)result.Segments)]) { Row = id };
        await database.TryCommitAsync(finish, CancellationToken.None);
        memory.Sent(userId, id);
    }

    /// <summary>What a provider says afterwards about a message of one account. It may say it late, again and out of order.</summary>
    /// <returns>False where it says nothing new, or speaks of another message.</returns>
    public Task<bool> TryRecordAsync(Receipt receipt, string userId, string id, string providerId, CancellationToken ct) =>
        database.TryCommitAsync(
            new SqlStatement(
                OutboxSql.Record, ("@user_id", userId), ("@id", id), ("@provider_id", providerId), ("@receipt", receipt.Name())),
            ct);

    /// <summary>The end of a message that could not be sent. It keeps what it says until it expires, so that an operator can have it tried again.</summary>
    /// <param name="result">Who refused it; null where nobody was asked.</param>
    public Task BuryAsync(string userId, string id, string error, SendResult? result, DateTimeOffset now, CancellationToken ct) =>
        database.TryCommitAsync(new SqlStatement(OutboxSql.Bury, [.. End(userId, id, result, now), ("@error", error)]), ct);

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

    (string Name, object? Value)[] End(string userId, string id, SendResult? result, DateTimeOffset now) =>
    [
        ("@user_id", userId),
        ("@id", id),
        ("@provider", result?.Provider),
        ("@provider_id", result?.ProviderId),
        ("@now", Time(now)),
        ("@node", node),
    ];

    static string Label(string userId, string id) => $"message/{id}/{userId}";

    static long Time(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}

/// <summary>A row of the outbox, still sealed.</summary>
sealed record ClaimedMessage(
    string UserId, string Id, byte[] Sealed, int Attempts, DateTimeOffset LeasedUntil, DateTimeOffset ExpiresAt);

/// <summary>How much there is in the outbox.</summary>
/// <param name="OldestQueuedAt">When the oldest of the queued ones was committed; null where none is queued.</param>
sealed record OutboxDepth(long Queued, long Dead, DateTimeOffset? OldestQueuedAt);
