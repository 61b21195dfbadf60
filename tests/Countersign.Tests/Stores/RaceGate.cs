using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>
/// Makes a race happen that would otherwise be met by luck: no commit goes through before all racers have read, so that every decision
/// but one is out of date. Nodes can share one.
/// </summary>
sealed class RaceGate
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    TaskCompletionSource allHaveRead = Done();
    TaskCompletionSource firstHasCommitted = Done();
    string? first;
    int readsLeft;

    /// <summary>Done once, before an account is loaded.</summary>
    public Func<Task>? BeforeNextLoad { get; set; }

    public Task PrepareLoadAsync()
    {
        var prepare = BeforeNextLoad;
        BeforeNextLoad = null;
        return prepare?.Invoke() ?? Task.CompletedTask;
    }

    /// <param name="reads">Of all racers together.</param>
    /// <param name="winner">The actor whose commit goes first; null where that is left open.</param>
    public void Arm(int reads, string? winner = null)
    {
        allHaveRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        firstHasCommitted = winner is null ? Done() : new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        first = winner;
        Volatile.Write(ref readsLeft, reads);
    }

    public void HasRead()
    {
        if (Interlocked.Decrement(ref readsLeft) == 0)
            allHaveRead.TrySetResult();
    }

    public async Task<bool> CommitAsync(Commit commit, Func<Task<bool>> inner)
    {
        await allHaveRead.Task.WaitAsync(Patience);
        if (commit.By.Actor == first)
        {
            var isWon = await inner();
            firstHasCommitted.TrySetResult();
            return isWon;
        }

        await firstHasCommitted.Task.WaitAsync(Patience);
        return await inner();
    }

    static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}

sealed class AllLoadBeforeAnyCommits(IAccountStore store, StoreMemory memory, RaceGate gate) : IAccountStore
{
    public async Task<LoadedAccount> LoadAsync(string userId, Address? newKey, CancellationToken ct)
    {
        await gate.PrepareLoadAsync();
        memory.Forget(userId);
        var loaded = await store.LoadAsync(userId, newKey, ct);
        gate.HasRead();
        return loaded;
    }

    /// <summary>Nothing, so that all load.</summary>
    public Account? Recall(string userId) => null;

    public async Task<LoadedAccount> LoadWithLimitsAsync(string userId, Address? newKey, Demand demand, string? client, CancellationToken ct)
    {
        await gate.PrepareLoadAsync();
        memory.Forget(userId);
        var loaded = await store.LoadWithLimitsAsync(userId, newKey, demand, client, ct);
        gate.HasRead();
        return loaded;
    }

    public Task<Account> NewAsync(string userId, CancellationToken ct) => store.NewAsync(userId, ct);

    public async Task<AddressOwner?> FindOwnerAsync(Address address, CancellationToken ct)
    {
        var owner = await store.FindOwnerAsync(address, ct);
        gate.HasRead();
        return owner;
    }

    public IReadOnlyList<LimitState>? RecallLimits(IReadOnlyList<Limit> limits) => store.RecallLimits(limits);

    public Task<IReadOnlyList<LimitState>> LoadLimitsAsync(IReadOnlyList<Limit> limits, CancellationToken ct) => store.LoadLimitsAsync(limits, ct);

    public Task<KeptAnswer?> FindAnswerAsync(string userId, byte[] key, DateTimeOffset now, CancellationToken ct) =>
        store.FindAnswerAsync(userId, key, now, ct);

    public Task<StoredUndo?> FindUndoAsync(string id, CancellationToken ct) => store.FindUndoAsync(id, ct);

    public Task<bool> TryCommitAsync(Commit commit, CancellationToken ct) => gate.CommitAsync(commit, () => store.TryCommitAsync(commit, ct));

    public Task<IReadOnlyList<AuditEvent>> ReadEventsAsync(string userId, int limit, CancellationToken ct) =>
        store.ReadEventsAsync(userId, limit, ct);
}
