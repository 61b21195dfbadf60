using Countersign.Stores;

namespace Countersign.Delivery;

/// <summary>Records what was handed over, many messages in one transaction: all that come while one is on its way go with the next.</summary>
sealed class FinishedMessages(Database database)
{
    /// <summary>Messages in one transaction.</summary>
    const int MaxGroup = 64;

    readonly Lock gate = new();
    readonly Queue<Waiting> waiting = [];
    bool isWriting;

    /// <summary>Completes when it is stored.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task StoreAsync(SqlStatement statement)
    {
        var finished = new Waiting(statement, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (gate)
        {
            waiting.Enqueue(finished);
            if (isWriting)
                return finished.Stored.Task;
            isWriting = true;
        }

        _ = WriteAsync();
        return finished.Stored.Task;
    }

    async Task WriteAsync()
    {
        while (Next() is { Count: > 0 } group)
        {
            try
            {
                await database.WriteAllAsync([.. group.Select(finished => finished.Statement)], CancellationToken.None);
                group.ForEach(finished => finished.Stored.SetResult());
            }
            catch (Exception e)
            {
                // To each of those who wait for it.
                group.ForEach(finished => finished.Stored.SetException(e));
            }
        }
    }

    List<Waiting> Next()
    {
        lock (gate)
        {
            var group = new List<Waiting>();
            while (group.Count < MaxGroup && waiting.TryDequeue(out var next))
                group.Add(next);
            isWriting = group.Count > 0;
            return group;
        }
    }

    sealed record Waiting(SqlStatement Statement, TaskCompletionSource Stored);
}
