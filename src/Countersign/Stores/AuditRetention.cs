using Countersign.Domain;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Countersign.Stores;

/// <summary>
/// Takes events that are older than is kept from the beginning of each trail, and moves its beginning, sealed, in the same commit: what is
/// left can still be verified.
/// </summary>
sealed partial class AuditRetention(Database database, AuditChain chain, IOptions<CountersignOptions> options, ILogger<AuditRetention> log)
{
    /// <summary>Events that are looked at, and of a trail taken away, at once.</summary>
    internal const int Batch = 500;

    public async Task ApplyAsync(DateTimeOffset now, CancellationToken ct)
    {
        var retention = options.Value.Audit.Retention;
        if (retention == TimeSpan.Zero)
            return;

        var before = now - retention;
        var (from, removed) = (0L, 0L);
        while (await FindOutdatedAsync(from, before, ct) is { UserIds.Count: > 0 } oldest)
        {
            var gone = 0L;
            foreach (var userId in oldest.UserIds)
                gone += await ShortenAsync(userId, before, ct);
            removed += gone;
            // What stays stands behind a younger event, and is passed over.
            if (gone == 0)
                from = Math.Max(oldest.Until, from + 1);
        }

        if (removed > 0)
            LogRemoved(removed, retention);
    }

    /// <summary>Whose the oldest events are, and when the youngest of those was.</summary>
    Task<(IReadOnlyCollection<string> UserIds, long Until)> FindOutdatedAsync(long from, DateTimeOffset before, CancellationToken ct) => database.ReadAsync(
        new SqlStatement(AuditSql.Outdated, ("@from", from), ("@before", before.ToUnixTimeMilliseconds()), ("@limit", (long)Batch)),
        reader =>
        {
            var (userIds, until) = (new HashSet<string>(StringComparer.Ordinal), from);
            while (reader.Read())
            {
                userIds.Add(reader.GetString(0));
                until = reader.GetInt64(1);
            }

            return ((IReadOnlyCollection<string>)userIds, until);
        },
        ct);

    async Task<long> ShortenAsync(string userId, DateTimeOffset before, CancellationToken ct)
    {
        var removed = 0L;
        int count;
        do
        {
            count = await ShortenOnceAsync(userId, before, ct);
            removed += count;
        }
        while (count == Batch);
        return removed;
    }

    /// <summary>How many events went. None where another node was faster.</summary>
    async Task<int> ShortenOnceAsync(string userId, DateTimeOffset before, CancellationToken ct)
    {
        var oldest = new List<(AuditEvent Event, long Version, long Ordinal, byte[] Link)>();
        var gone = 0L;
        await database.ReadAsync(
            new SqlStatement(AuditSql.Oldest, ("@user_id", userId), ("@limit", (long)Batch)),
            reader =>
            {
                while (reader.Read())
                {
                    oldest.Add((AuditRows.Read(reader), reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(AuditRows.Width)));
                    gone = reader.GetInt64(AuditRows.Width + 1);
                }

                return oldest;
            },
            ct);

        // From the beginning on only: a younger event before an older one, by two clocks, keeps it.
        var outdated = oldest.TakeWhile(row => row.Event.At < before).ToList();
        if (outdated.Count == 0)
            return 0;

        var last = outdated[^1];
        var beginning = new TrailMark(gone + outdated.Count, last.Link);
        var isDone = await database.TryCommitAsync(
            [
                new SqlStatement(
                    AuditSql.MoveBeginning,
                    ("@user_id", userId),
                    ("@events", beginning.Events),
                    ("@link", beginning.Link.ToArray()),
                    ("@seal", chain.Seal(userId, beginning)),
                    ("@key_id", chain.CurrentKeyId),
                    ("@old_events", gone)),
                new SqlStatement(AuditSql.DeleteUpTo, ("@user_id", userId), ("@version", last.Version), ("@ordinal", last.Ordinal)),
            ],
            ct);
        return isDone ? outdated.Count : 0;
    }

    [LoggerMessage(LogLevel.Information, "{Count} audit events older than {Retention} are gone.")]
    partial void LogRemoved(long count, TimeSpan retention);
}
