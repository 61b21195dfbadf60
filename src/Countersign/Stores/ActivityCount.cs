using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>
/// Counts what has happened, hour by hour, from the trails and the outbox: beside the requests, and not in them. Nodes do it in turns, and what one has
/// counted no other counts again, because the place up to which it is counted is moved on in the same commit.
/// </summary>
sealed class ActivityCount(Database database)
{
    /// <summary>
    /// How long after something has happened it is counted. A commit says when it was decided upon, and may be stored a little later, by a clock that is a
    /// little off: what comes after its time was counted is counted never.
    /// </summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMinutes(2);

    /// <summary>What is counted at once.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMinutes(10);

    /// <summary>What is counted is kept so that a year can be laid beside the one before.</summary>
    static readonly TimeSpan KeepFor = TimeSpan.FromDays(800);

    const int Batch = 500;

    /// <summary>Counts for one step at most; true where there is more to count.</summary>
    public async Task<bool> CountAsync(DateTimeOffset now, CancellationToken ct)
    {
        var (countedUntil, first) = await FindProgressAsync(ct);
        var end = End(now);
        // An idle node does not write.
        if (first is not { } at || at >= end)
            return false;

        var to = Earlier(Minute(at) + Step, end);
        var commitId = TokenCodes.NewId(now);
        (string, object?)[] span = [("@commit_id", commitId), ("@from", Time(countedUntil)), ("@to", Time(to))];
        await database.TryCommitAsync(
            [
                new SqlStatement(ActivitySql.MoveOn, ("@commit_id", commitId), ("@to", Time(to)), ("@counted_until", Time(countedUntil))),
                new SqlStatement(ActivitySql.CountEvents, span),
                new SqlStatement(ActivitySql.CountMessages, span),
                new SqlStatement(ActivitySql.CountCountries, span),
            ],
            ct);
        return to < end;
    }

    /// <summary>Up to when all is counted.</summary>
    public async Task<DateTimeOffset> FindCountedUntilAsync(DateTimeOffset now, CancellationToken ct) =>
        (await FindProgressAsync(ct)).First is { } first ? Earlier(first, End(now)) : End(now);

    /// <summary>Forgets some of what is too old; false where there is none.</summary>
    public Task<bool> ForgetAsync(DateTimeOffset now, CancellationToken ct) =>
        database.TryCommitAsync(new SqlStatement(ActivitySql.Forget, ("@before", Time(now - KeepFor)), ("@limit", (long)Batch)), ct);

    Task<(DateTimeOffset CountedUntil, DateTimeOffset? First)> FindProgressAsync(CancellationToken ct) => database.ReadAsync(
        new SqlStatement(ActivitySql.Progress),
        reader =>
        {
            reader.Read();
            DateTimeOffset? At(int column) => reader.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));
            var (ofEvents, ofMessages) = (At(1), At(2));
            return (At(0)!.Value, ofEvents is { } one && ofMessages is { } other ? Earlier(one, other) : ofEvents ?? ofMessages);
        },
        ct);

    /// <summary>On the minute, so that the nodes, each of which looks once in one, do not count seconds in turns.</summary>
    static DateTimeOffset End(DateTimeOffset now) => Minute(now - Delay);

    static DateTimeOffset Minute(DateTimeOffset at) => new(at.Ticks - (at.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero);

    static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    static long Time(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}
