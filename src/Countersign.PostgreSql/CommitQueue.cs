using Countersign.Stores;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>
/// Commits go out by one writer. What comes while it is busy waits, and goes with the others that wait, as one transaction: the busier the node, the
/// cheaper each commit. Alone, a commit goes out at once.
/// </summary>
sealed class CommitQueue(
    Func<IReadOnlyList<SqlStatement>, Task<bool>> commitAlone, Func<Func<NpgsqlConnection, Task<IReadOnlySet<WaitingCommit>>>, Task<IReadOnlySet<WaitingCommit>>> ask)
{
    /// <summary>Of each of the two kinds.</summary>
    const int MaxGroup = 64;

    /// <summary>After a group of which one was lost, so many are taken for such as well: to try in vain costs a round trip.</summary>
    const int DoubtfulGroups = 16;

    /// <summary>
    /// For the callers of the last group to come back. Those of a group that goes out before they do would come back before the writer is free, and so for ever: a
    /// large group and a small one by turns, and the database idle while the large one is answered.
    /// </summary>
    static readonly TimeSpan CompanyWithin = TimeSpan.FromMilliseconds(1);

    readonly Lock gate = new();
    readonly LinkedList<WaitingCommit> decisions = [];

    /// <summary>
    /// Of one statement each, such as that a message was handed over: nobody waits for them to be answered. In every group they come behind the decisions, so that
    /// two nodes wait for rows in the same order.
    /// </summary>
    readonly LinkedList<WaitingCommit> records = [];

    TaskCompletionSource? company;
    int wanted;
    int doubtful;
    bool isWriting;

    /// <summary>Completes after the commit; false where it is lost.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<bool> CommitAsync(IReadOnlyList<SqlStatement> statements)
    {
        var commit = new WaitingCommit(statements);
        lock (gate)
        {
            (commit.IsDecision ? decisions : records).AddLast(commit);
            if (decisions.Count >= wanted)
                company?.TrySetResult();
            if (isWriting)
                return commit.IsWon.Task;
            isWriting = true;
        }

        // What it writes later on, for others, is no part of the request that it begins with: of its trace, and of what its log lines say.
        using (ExecutionContext.SuppressFlow())
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

            await WaitForCompanyAsync(group.Members.Count(member => member.IsDecision) / 2);
        }
    }

    async Task CommitAsync(CommitGroup group)
    {
        if (group.Members is [var only])
        {
            only.IsWon.SetResult(await commitAlone(only.Statements));
            return;
        }

        IReadOnlySet<WaitingCommit> won;
        try
        {
            won = await CommitGroupAsync(group);
        }
        catch (PostgresException)
        {
            // One of them cannot be, and nothing of any is stored: which it is, shows when each goes alone.
            foreach (var member in group.Members)
                member.IsWon.SetResult(await commitAlone(member.Statements));
            return;
        }

        foreach (var member in group.Members)
            member.IsWon.SetResult(won.Contains(member));
    }

    async Task<IReadOnlySet<WaitingCommit>> CommitGroupAsync(CommitGroup group)
    {
        if (doubtful > 0)
        {
            doubtful--;
        }
        else
        {
            try
            {
                return await ask(group.ExecuteAllAsync);
            }
            catch (PostgresException e) when (GroupText.SaysThatNotAllHaveWon(e))
            {
                doubtful = DoubtfulGroups;
            }
        }

        return await ask(group.ExecuteEachAsync);
    }

    /// <summary>Until so many decisions wait, or the time is over. Where nothing at all waits, whoever comes next is not kept waiting either.</summary>
    async Task WaitForCompanyAsync(int atLeast)
    {
        Task come;
        lock (gate)
        {
            if (decisions.Count >= atLeast || decisions.Count + records.Count == 0)
                return;
            wanted = atLeast;
            company = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            come = company.Task;
        }

        await Task.WhenAny(come, Task.Delay(CompanyWithin));
    }

    /// <summary>Null where nothing waits, and the writer has ended.</summary>
    CommitGroup? Next()
    {
        lock (gate)
        {
            company = null;
            isWriting = decisions.Count + records.Count > 0;
            if (!isWriting)
                return null;

            var group = new CommitGroup();
            Move(decisions, group);
            Move(records, group);
            return group;
        }
    }

    static void Move(LinkedList<WaitingCommit> waiting, CommitGroup group)
    {
        var most = group.Members.Count + MaxGroup;
        for (var next = waiting.First; next is not null && group.Members.Count < most;)
        {
            var (node, commit) = (next, next.Value);
            next = next.Next;
            if (group.TryAdd(commit))
                waiting.Remove(node);
        }
    }

    void Fail(Exception e)
    {
        List<WaitingCommit> behind;
        lock (gate)
        {
            behind = [.. decisions, .. records];
            decisions.Clear();
            records.Clear();
        }

        foreach (var commit in behind)
            commit.IsWon.TrySetException(e);
    }
}
