using Countersign.Stores;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>
/// Lookups go out by few readers. What comes while all of them are busy waits, and goes with the others that wait, in one round trip: the busier the node, the
/// cheaper each of them. Where a reader is free, a lookup goes out at once.
/// </summary>
/// <param name="readAll">Reads one after the other on one connection.</param>
sealed class ReadQueue(Func<IReadOnlyList<WaitingRead>, Task> readAll)
{
    const int Readers = 2;

    /// <summary>Of the lookups that go together; one that was asked for with others goes with them.</summary>
    const int MaxGroup = 64;

    readonly Lock gate = new();
    readonly Queue<WaitingRead[]> waiting = [];
    int busy;

    /// <param name="reads">In one round trip, in this order.</param>
    public void Add(params WaitingRead[] reads)
    {
        lock (gate)
        {
            waiting.Enqueue(reads);
            if (busy == Readers)
                return;
            busy++;
        }

        // What it reads later on, for others, is no part of the request that it begins with: of its trace, and of what its log lines say.
        using (ExecutionContext.SuppressFlow())
            _ = ReadAsync();
    }

    async Task ReadAsync()
    {
        while (Next() is { } group)
        {
            try
            {
                await ReadAsync(group);
            }
            catch (Exception e)
            {
                Fail(group, e);
                // Those behind them would meet the same, one group after the other.
                if (e is StoreUnavailableException)
                    Fail(e);
            }
        }
    }

    async Task ReadAsync(List<WaitingRead> group)
    {
        try
        {
            await readAll(group);
        }
        catch (PostgresException) when (group.Count > 1)
        {
            // Which of them it was, shows when each goes alone.
            foreach (var read in group.Where(read => !read.IsOver))
                await ReadAsync([read]);
        }
        catch (PostgresException e)
        {
            Fail(group, e);
        }
    }

    /// <summary>Null where nothing waits, and the reader has ended.</summary>
    List<WaitingRead>? Next()
    {
        lock (gate)
        {
            if (waiting.Count == 0)
            {
                busy--;
                return null;
            }

            var group = new List<WaitingRead>();
            while (group.Count < MaxGroup && waiting.TryDequeue(out var reads))
                group.AddRange(reads);
            return group;
        }
    }

    void Fail(Exception e)
    {
        WaitingRead[][] behind;
        lock (gate)
        {
            behind = [.. waiting];
            waiting.Clear();
        }

        foreach (var reads in behind)
            Fail(reads, e);
    }

    static void Fail(IEnumerable<WaitingRead> reads, Exception e)
    {
        foreach (var read in reads)
            read.Fail(e);
    }
}
