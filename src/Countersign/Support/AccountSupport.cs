using Countersign.Domain;

namespace Countersign.Support;

/// <summary>
/// What an operator of the platform's support can see of an account, and do to it. Every look and every action is in the account's audit trail, with
/// the operator as its actor.
/// </summary>
sealed class AccountSupport
{
    /// <summary>Messages of a case.</summary>
    public const int MaxMessages = 50;

    /// <summary>Audit events of a case.</summary>
    public const int MaxEvents = 200;

    /// <summary>Accounts that have exactly this user id, email or phone number; none where there are none, or the text can be neither.</summary>
    /// <param name="by">The operator.</param>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<IReadOnlyList<AccountMatch>> FindAsync(Caller by, string query, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>The account, be it erased; null where there never was one.</summary>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<SupportCase?> GetAsync(Caller by, string userId, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Revokes the tokens of a pending operation.</summary>
    /// <param name="purpose">Null for all that are pending.</param>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<SupportStatus> RevokeAsync(Caller by, string userId, Purpose? purpose, string reason, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Ends the lock of an operation, and forgets the wrong tries that led or would lead to one.</summary>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<SupportStatus> UnlockAsync(Caller by, string userId, Purpose purpose, string reason, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Ends a hold before its time.</summary>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<SupportStatus> LiftHoldAsync(Caller by, string userId, HoldReason hold, string reason, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Queues a dead message again, as if it had never been tried.</summary>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<SupportStatus> RetryMessageAsync(Caller by, string userId, string messageId, string reason, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Ends a message that is dead or waits. One that a sender has in hand may still go out.</summary>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<SupportStatus> DropMessageAsync(Caller by, string userId, string messageId, string reason, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>Erases the account with its keys, tokens and messages. Its audit trail, in which addresses are masked, stays.</summary>
    /// <exception cref="Stores.StoreUnavailableException"/>
    public Task<SupportStatus> EraseAsync(Caller by, string userId, string reason, CancellationToken ct) => throw new NotImplementedException();
}
