using System.Data.Common;
using Countersign.Domain;
using Countersign.Stores;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery.Events;

/// <summary>An event that is leased to this node.</summary>
/// <param name="Attempts">Tries so far.</param>
/// <param name="QueuedAt">Since when it is tried.</param>
sealed record ClaimedEvent(string UserId, long Version, long Ordinal, int Attempts, DateTimeOffset QueuedAt, DateTimeOffset LeasedUntil);

/// <summary>What came of queueing events again.</summary>
/// <param name="Next">From when on there are more; null where all of them are queued.</param>
sealed record Replayed(int Queued, DateTimeOffset? Next);

/// <summary>How many events wait, and how many were given up.</summary>
/// <param name="OldestQueuedAt">Null where none waits.</param>
sealed record EventDepth(long Queued, long Dead, DateTimeOffset? OldestQueuedAt);

/// <summary>The events that the platform's webhook has still to take: a row for each, from the commit of its decision until it is taken.</summary>
sealed class EventQueue(Database database, IOptions<CountersignOptions> options)
{
    /// <summary>
    /// An event holds up those of its account that come after it, until it was tried so often: for a minute or two. From then on a receiver that will not
    /// have the one gets the others.
    /// </summary>
    public const int TriesInOrder = 8;

    /// <summary>Events that one request queues again.</summary>
    public const int MaxReplayed = 5_000;

    const int SweepBatch = 500;

    readonly EventWebhookOptions webhook = options.Value.Events.Webhook;

    readonly string types = $" {string.Join(' ', options.Value.Events.Webhook.TypesOrAll.Select(type => type.Name()))} ";

    /// <summary>The name of this process among the nodes.</summary>
    readonly string node = TokenCodes.NewId(DateTimeOffset.UnixEpoch);

    TaskCompletionSource woken = NewSignal();

    public bool IsOn => webhook.IsOn;

    /// <summary>Completes when this node has queued something after it was asked for.</summary>
    public Task Woken => Volatile.Read(ref woken).Task;

    /// <summary>What a commit adds to its statements, behind those that write its events; null for nothing.</summary>
    public SqlStatement? Enqueue(Commit commit) => IsWanted(commit)
        ? new SqlStatement(EventSql.Insert, ("@user_id", commit.Before.UserId), ("@commit_id", commit.Id), ("@types", types), ("@now", Time(commit.At)))
        : null;

    /// <summary>Never waits.</summary>
    public void Committed(Commit commit)
    {
        if (IsWanted(commit))
            Wake();
    }

    public Task<bool> IsAnyDueAsync(DateTimeOffset now, CancellationToken ct) =>
        database.ReadAsync(new SqlStatement(EventSql.AnyDue, ("@now", Time(now))), reader => reader.Read(), ct);

    /// <summary>Events that are due, that nobody holds and whose turn it is in their account.</summary>
    public Task<List<ClaimedEvent>> ClaimAsync(DateTimeOffset now, TimeSpan lease, int limit, CancellationToken ct) => database.WriteAsync(
        new SqlStatement(
            EventSql.Claim,
            ("@now", Time(now)), ("@node", node), ("@leased_until", Time(now + lease)), ("@tries_in_order", (long)TriesInOrder), ("@limit", (long)limit)),
        reader => ReadClaimed(reader, now + lease),
        ct);

    /// <summary>What the event says; null where its trail has gone meanwhile.</summary>
    public Task<SecurityEvent?> FindAsync(ClaimedEvent claimed, CancellationToken ct) => database.ReadAsync(
        new SqlStatement(AuditSql.Find, ("@user_id", claimed.UserId), ("@version", claimed.Version), ("@ordinal", claimed.Ordinal)),
        reader => reader.Read() ? new SecurityEvent(claimed.UserId, AuditRows.Read(reader)) : null,
        ct);

    /// <summary>It was taken.</summary>
    public Task FinishAsync(ClaimedEvent claimed, CancellationToken ct) => database.TryCommitAsync(new SqlStatement(EventSql.Finish, Ours(claimed)), ct);

    public Task PostponeAsync(ClaimedEvent claimed, string error, DateTimeOffset dueAt, CancellationToken ct) => database.TryCommitAsync(
        new SqlStatement(EventSql.Postpone, [.. Ours(claimed), ("@error", error), ("@due_at", Time(dueAt))]), ct);

    public Task GiveUpAsync(ClaimedEvent claimed, string error, DateTimeOffset now, CancellationToken ct) => database.TryCommitAsync(
        new SqlStatement(EventSql.GiveUp, [.. Ours(claimed), ("@error", error), ("@due_at", Time(now))]), ct);

    /// <summary>Gives back all that is leased to this node: another takes it at once.</summary>
    public Task ReleaseAsync(CancellationToken ct) => database.TryCommitAsync(new SqlStatement(EventSql.Release, ("@node", node)), ct);

    public Task<EventDepth> MeasureAsync(CancellationToken ct) => database.ReadAsync(new SqlStatement(EventSql.Measure), ReadDepth, ct);

    /// <summary>Forgets some of the events that were given up before <paramref name="before"/>; false where there are none.</summary>
    public Task<bool> PruneAsync(DateTimeOffset before, CancellationToken ct) =>
        database.TryCommitAsync(new SqlStatement(EventSql.Prune, ("@before", Time(before)), ("@limit", (long)SweepBatch)), ct);

    /// <summary>Queues again what happened from <paramref name="from"/> on and before <paramref name="to"/>, the oldest first.</summary>
    /// <param name="userId">Null for all accounts.</param>
    /// <param name="max">How many about: all events of one millisecond are queued together.</param>
    public async Task<Replayed> ReplayAsync(DateTimeOffset from, DateTimeOffset to, string? userId, DateTimeOffset now, int max, CancellationToken ct)
    {
        (string, object?)[] Span(long until) =>
            [("@from", Time(from)), ("@to", until), ("@types", types), .. userId is null ? Array.Empty<(string, object?)>() : [("@user_id", userId)]];
        var next = await database.ReadAsync(
            new SqlStatement(userId is null ? EventSql.ReplayEnd : EventSql.ReplayEndOfUser, [.. Span(Time(to)), ("@limit", (long)max)]),
            reader => reader.Read() ? Math.Max(reader.GetInt64(0), Time(from) + 1) : (long?)null,
            ct);
        var queued = await database.WriteAsync(
            new SqlStatement(userId is null ? EventSql.Replay : EventSql.ReplayOfUser, [.. Span(next ?? Time(to)), ("@now", Time(now))]), Count, ct);
        Wake();
        return new Replayed(queued, next is { } more ? DateTimeOffset.FromUnixTimeMilliseconds(more) : null);
    }

    /// <summary>When the last change of the account was after which older sessions have to end; null where there was none.</summary>
    public Task<DateTimeOffset?> FindSessionsNotBeforeAsync(string userId, CancellationToken ct) => database.ReadAsync(
        new SqlStatement(EventSql.SessionsNotBefore, ("@user_id", userId)),
        reader => reader.Read() && !reader.IsDBNull(0) ? DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(0)) : (DateTimeOffset?)null,
        ct);

    bool IsWanted(Commit commit) => IsOn && commit.Change.Events.Exists(entry => webhook.Types.Count == 0 || webhook.Types.Contains(entry.Type.Name()));

    void Wake() => Interlocked.Exchange(ref woken, NewSignal()).TrySetResult();

    (string, object?)[] Ours(ClaimedEvent claimed) =>
    [
        ("@user_id", claimed.UserId), ("@version", claimed.Version), ("@ordinal", claimed.Ordinal), ("@node", node),
        ("@leased_until", Time(claimed.LeasedUntil)),
    ];

    static List<ClaimedEvent> ReadClaimed(DbDataReader reader, DateTimeOffset leasedUntil)
    {
        var claimed = new List<ClaimedEvent>();
        while (reader.Read())
        {
            claimed.Add(new ClaimedEvent(
                reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), (int)reader.GetInt64(3),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4)), leasedUntil));
        }

        return claimed;
    }

    static EventDepth ReadDepth(DbDataReader reader)
    {
        var depth = new EventDepth(0, 0, null);
        while (reader.Read())
        {
            depth = reader.GetString(0) == OutboxState.Queued
                ? depth with { Queued = reader.GetInt64(1), OldestQueuedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(2)) }
                : depth with { Dead = reader.GetInt64(1) };
        }

        return depth;
    }

    static int Count(DbDataReader reader)
    {
        var count = 0;
        while (reader.Read())
            count++;
        return count;
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    static long Time(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}
