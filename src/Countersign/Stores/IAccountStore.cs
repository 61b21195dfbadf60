using System.Security.Cryptography;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>An account as it was in one snapshot.</summary>
/// <param name="Account">Null where there is none.</param>
/// <param name="NewKeyOwner">Who has the new key that the request names, if anybody.</param>
sealed record LoadedAccount(Account? Account, AddressOwner? NewKeyOwner)
{
    /// <summary>The limits that were read with it; null where none were.</summary>
    public LimitsAhead? Limits { get; init; }
}

/// <summary>The stored half of an undo link, and whose it is.</summary>
sealed record StoredUndo(string UserId, UndoPoint Point);

/// <summary>A decision on its way into the store.</summary>
/// <param name="Before">What it was decided upon: if the store holds another version by now, nothing is written.</param>
/// <param name="Id">Of this commit; unique.</param>
/// <param name="Messages">Those of the change, leased to this node.</param>
sealed record Commit(
    Account Before, Change Change, string Id, DateTimeOffset At, Caller By, IReadOnlyList<QueuedMessage> Messages)
{
    /// <summary>What is kept for the caller's <see cref="Caller.Request"/>; null where it has none.</summary>
    public KeptAnswer? Answer { get; init; }

    /// <summary>Whether <see cref="Before"/> is what this node remembered, and no fresh read.</summary>
    public bool IsRecalled { get; init; }
}

/// <summary>The answer to a request, and a digest of the request that it belongs to. Both are sealed: a digest of few possible requests tells which it was.</summary>
sealed record KeptAnswer(byte[] Request, byte[] Answer)
{
    public bool IsOf(byte[] request) => CryptographicOperations.FixedTimeEquals(Request, request);
}

/// <summary>One line of an audit trail.</summary>
public sealed record AuditEvent(
    string Id, DateTimeOffset At, string Type, string? Operation, string? KeyType, string? Target, string? Reason, string Actor, string? IpAddress, string? UserAgent);

/// <summary>Loads accounts and commits decisions: all that the shell needs of a database.</summary>
interface IAccountStore
{
    /// <summary>The account and what a decision on it depends on, in one statement, hence in one snapshot.</summary>
    Task<LoadedAccount> LoadAsync(string userId, Address? newKey, CancellationToken ct);

    /// <summary>As <see cref="LoadAsync"/>, with the limits that the request is likely to meet, in the same round trip.</summary>
    Task<LoadedAccount> LoadWithLimitsAsync(string userId, Address? newKey, Demand demand, string? client, CancellationToken ct);

    /// <summary>
    /// The account as this node has seen it last, without a look at the database; null where it has not, or lately in vain. It may be old: what is
    /// decided upon it is for the commit to accept, and nobody is refused by it.
    /// </summary>
    Account? Recall(string userId);

    /// <summary>An account that is not stored yet. It goes on where the trail of an erased one of its name ended.</summary>
    Task<Account> NewAsync(string userId, CancellationToken ct);

    /// <summary>
    /// The account that has the address as a key, or that it is kept for, be it no longer; null where there is none. Without locale and code.
    /// </summary>
    Task<AddressOwner?> FindOwnerAsync(Address address, CancellationToken ct);

    /// <summary>
    /// Stores all of a decision in one transaction. False, and nothing stored, where somebody else has changed the account since it was
    /// loaded, or has taken the key that it claims: load again and decide anew.
    /// </summary>
    Task<bool> TryCommitAsync(Commit commit, CancellationToken ct);

    /// <summary>What is stored of limits over all accounts, in the order in which they are named.</summary>
    Task<IReadOnlyList<LimitState>> LoadLimitsAsync(IReadOnlyList<Limit> limits, CancellationToken ct);

    /// <summary>As <see cref="Recall"/>; null where one of them is not remembered.</summary>
    IReadOnlyList<LimitState>? RecallLimits(IReadOnlyList<Limit> limits);

    /// <summary>The answer that was committed for a request of the account; null where there is none, or it has expired.</summary>
    /// <param name="key">Of <see cref="RepeatableRequest"/>.</param>
    Task<KeptAnswer?> FindAnswerAsync(string userId, byte[] key, DateTimeOffset now, CancellationToken ct);

    /// <summary>The stored half of an undo link, and whose it is; null where there is none.</summary>
    Task<StoredUndo?> FindUndoAsync(string id, CancellationToken ct);

    /// <summary>The newest events of an account, also of one that was erased.</summary>
    Task<IReadOnlyList<AuditEvent>> ReadEventsAsync(string userId, int limit, CancellationToken ct);
}
