using Countersign.Stores;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>
/// Commits that begin with the same statement go out by one writer. What comes while it is busy waits, and goes with the others that wait, as one
/// transaction: the busier the node, the cheaper each commit. Alone, a commit goes out at once.
/// </summary>
sealed class CommitQueue(Func<IReadOnlyList<SqlStatement>, Task<bool>> commitAlone, Func<CommitGroup, Task<IReadOnlySet<int>>> commitGroup)
{
    const int MaxGroup = 64;

    readonly Lock gate = new();
    readonly LinkedList<WaitingCommit> waiting = [];
    bool isWriting;

    /// <summary>Completes after the commit; false where it is lost.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<bool> CommitAsync(IReadOnlyList<SqlStatement> statements)
    {
        var commit = new WaitingCommit(statements);
        lock (gate)
        {
            waiting.AddLast(commit);
            if (isWriting)
                return commit.IsWon.Task;
            isWriting = true;
        }

        _ = WriteAsync();
        return commit.IsWon.Task;
    }

    async Task WriteAsync()
    {
        while (Next() is { } group)
        {
            try
            {
                await CommitAsync(group);
            }
            catch (Exception e)
            {
                foreach (var member in group.Members)
                    member.IsWon.TrySetException(e);
                // Those behind them would meet the same, one group after the other.
                if (e is StoreUnavailableException)
                    Fail(e);
            }
        }
    }

    async Task CommitAsync(CommitGroup group)
    {
        if (group.Members is [var only])
        {
            only.IsWon.SetResult(await commitAlone(only.Statements));
            return;
        }

        IReadOnlySet<int> won;
        try
        {
            won = await commitGroup(group);
        }
        catch (PostgresException)
        {
            // One of them cannot be, and nothing of any is stored: which it is, shows when each goes alone.
            foreach (var member in group.Members)
                member.IsWon.SetResult(await commitAlone(member.Statements));
            return;
        }

        for (var i = 0; i < group.Members.Count; i++)
            group.Members[i].IsWon.SetResult(won.Contains(i));
    }

    /// <summary>Null where nothing waits, and the writer has ended.</summary>
    CommitGroup? Next()
    {
        lock (gate)
        {
            isWriting = waiting.Count > 0;
            if (!isWriting)
                return null;

            var group = new CommitGroup();
            for (var next = waiting.First; next is not null && group.Members.Count < MaxGroup;)
            {
                var (node, commit) = (next, next.Value);
                next = next.Next;
                if (group.TryAdd(commit))
                    waiting.Remove(node);
            }

            return group;
        }
    }

    void Fail(Exception e)
    {
        List<WaitingCommit> behind;
        lock (gate)
        {
            behind = [.. waiting];
            waiting.Clear();
        }

        foreach (var commit in behind)
            commit.IsWon.TrySetException(e);
    }
}
