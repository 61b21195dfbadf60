using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>
/// Accounts and limits as this node has seen them last, so that most decisions need one round trip, which is their commit. What is here may be old:
/// whoever decides upon it has the commit find out, and refuses nobody before a fresh read or such a commit. Kept as bytes: every commit replaces what is
/// remembered of its account.
/// </summary>
sealed class StoreMemory(TimeProvider clock)
{
    /// <summary>Accounts in a half of the memory. One takes a kilobyte.</summary>
    const int Accounts = 10_000;

    /// <summary>Tokens for its client and redemptions by it, and messages to its addresses. One takes a quarter of a kilobyte.</summary>
    const int LimitsOfAccount = 4;

    /// <summary>Decisions upon what was old cost a round trip, and those upon what was not save one: so much the one may outweigh the other.</summary>
    const int Patience = 8;

    /// <summary>Of those that could be remembered when that has not paid, every so manieth is, to see whether it does by now.</summary>
    const int ProbeEvery = 32;

    /// <summary>From a token to its redemption. What a person has erased, no node has in memory for long.</summary>
    static readonly TimeSpan TurnAfter = TimeSpan.FromMinutes(5);

    readonly Generations<string, Packed> accounts = new(Accounts, TurnAfter, clock);
    readonly Generations<(LimitScope Scope, string Subject), Packed> limits = new(LimitsOfAccount * Accounts, TurnAfter, clock);
    int trust = Patience;
    int skipped;

    public Account? Find(string userId) =>
        accounts.TryGet(userId, out var packed) && IsWorthIt() ? packed.Read(PackedAccount.Unpack) : null;

    /// <summary>
    /// One of which the id of its last commit says all: nothing is pending whose message may still be on its way, or whose target may become another's.
    /// </summary>
    public Account? FindWhole(string userId) =>
        Find(userId) is { } account && account.Purposes.Values.All(state => state.Pending is not { } pending || (pending.IsNewestSent && account.Owns(pending.Target)))
            ? account
            : null;

    /// <summary>Null where one of them is not remembered.</summary>
    public IReadOnlyList<LimitState>? Find(IReadOnlyList<Limit> wanted)
    {
        var found = new LimitState[wanted.Count];
        for (var i = 0; i < found.Length; i++)
        {
            if (!limits.TryGet((wanted[i].Scope, wanted[i].Subject), out var packed))
                return null;
            found[i] = packed.Read(LimitUse.Unpack).Of(wanted[i]);
        }

        return found;
    }

    /// <summary>As it was loaded.</summary>
    public void Keep(Account account)
    {
        if (accounts.TryGet(account.UserId, out var packed))
            packed.Replace(PackedAccount.Unpack, known => known.Version < account.Version ? account : null, PackedAccount.Pack);
        else
            Set(account);
    }

    /// <inheritdoc cref="Keep(Account)"/>
    public void Keep(LimitScope scope, string subject, LimitUse use)
    {
        if (limits.TryGet((scope, subject), out var packed))
            packed.Replace(LimitUse.Unpack, known => known.Revision < use.Revision ? use : null, LimitUse.Pack);
        else
            Set(scope, subject, use);
    }

    /// <summary>As a load would show it after the commit.</summary>
    /// <param name="end">Of the trail.</param>
    public void Keep(Commit commit, TrailMark end)
    {
        Learn(commit, hasWon: true);
        var (before, change) = (commit.Before, commit.Change);
        // Of a new account only the database knows the timeline.
        if (change.Erases || before.Version == 0)
            accounts.Remove(before.UserId);
        else
            Set(change.After with { Version = before.Version + 1, CommitId = commit.Id, Trail = end });

        foreach (var drawn in change.Drawn.Where(drawn => IsOfFew(drawn.Limit.Scope)))
            Set(drawn.Limit.Scope, drawn.Limit.Subject, new LimitUse(drawn.Uses, drawn.Revision + 1));
    }

    /// <summary>The message of a pending operation was handed over, by this node.</summary>
    public void Sent(string userId, string messageId)
    {
        if (accounts.TryGet(userId, out var packed))
            packed.Edit(messageId, PackedAccount.MarkSent);
    }

    public void Forget(string userId) => accounts.Remove(userId);

    /// <summary>The commit was lost, or nobody knows.</summary>
    public void Forget(Commit commit)
    {
        Learn(commit, hasWon: false);
        Forget(commit.Before.UserId);
        foreach (var drawn in commit.Change.Drawn)
            limits.Remove((drawn.Limit.Scope, drawn.Limit.Subject));
    }

    /// <summary>Whether what was found here was still so. Two that say so at the same moment may count as one.</summary>
    public void Learn(bool hasPaid) => Volatile.Write(ref trust, Math.Clamp(Volatile.Read(ref trust) + (hasPaid ? 1 : -1), -Patience, Patience));

    /// <summary>What everybody draws on is never as this node has left it.</summary>
    static bool IsOfFew(LimitScope scope) => scope is LimitScope.ClientIssues or LimitScope.ClientRedeems or LimitScope.Recipient;

    void Set(Account account) => Set(accounts, account.UserId, account, PackedAccount.Pack);

    void Set(LimitScope scope, string subject, LimitUse use) => Set(limits, (scope, subject), use, LimitUse.Pack);

    static void Set<TKey, T>(Generations<TKey, Packed> memory, TKey key, T value, Pack<T> pack) where TKey : notnull
    {
        if (memory.TryGet(key, out var packed))
            packed.Write(value, pack);
        else
            memory.Set(key, Packed.Of(value, pack));
    }

    bool IsWorthIt() => Volatile.Read(ref trust) > 0 || Interlocked.Increment(ref skipped) % ProbeEvery == 0;

    void Learn(Commit commit, bool hasWon)
    {
        if (commit.IsRecalled)
            Learn(hasWon);
    }
}
