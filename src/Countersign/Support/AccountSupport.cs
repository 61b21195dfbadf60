using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Http;
using Countersign.Stores;
using Microsoft.Extensions.Logging;

namespace Countersign.Support;

/// <summary>
/// What an operator of the platform's support can see of an account, and do to it. Every look and every action is in the account's audit trail, with
/// the operator as its actor; each action takes a <see cref="SupportReason"/>, and is refused as <see cref="SupportStatus.BadReason"/> without one.
/// </summary>
sealed partial class AccountSupport(
    AccountSecurity security, IAccountStore store, Database database, OperatorOutbox outbox, CaseReading reading, TimeProvider clock, ILogger<AccountSupport> log)
{
    /// <summary>What a look at a case is called in the trail.</summary>
    const string Opened = "opened";

    /// <summary>Accounts that have exactly this user id, email or phone number; none where there are none. White space around it does not count.</summary>
    /// <param name="by">The operator.</param>
    /// <param name="query">A phone number as + and digits, the country code first.</param>
    /// <exception cref="StoreUnavailableException"/>
    public async Task<IReadOnlyList<AccountMatch>> FindAsync(Caller by, string query, CancellationToken ct)
    {
        var text = query.Trim();
        var matches = new List<AccountMatch>();
        var kind = QueryKind.UserId;
        if (Address(text) is { } address)
        {
            kind = address.KeyType switch
            {
                KeyType.Email => QueryKind.Email,
                KeyType.PhoneNumber => QueryKind.PhoneNumber,
            };
            if (await store.FindOwnerAsync(address, ct) is { } owner && (owner.KeptUntil is null || owner.KeptUntil > clock.GetUtcNow()))
                matches.Add(new AccountMatch(owner.UserId, kind, IsErased: false, owner.KeptUntil));
        }

        // Some platforms have addresses for user ids, and they need not be those of the account's keys.
        if (Callers.IsUserId(text) && matches.TrueForAll(match => match.UserId != text) && await FindByIdAsync(text, ct) is { } found)
            matches.Add(found);

        foreach (var match in matches.Where(match => !match.IsErased))
            await RecordViewAsync(by, match.UserId, $"found by {Name(match.FoundBy)}", ct);
        LogSearched(by.Actor, Name(kind), matches.Count);
        return matches;
    }

    /// <summary>The account, be it erased; null where there never was one. Of one that is erased the look is in the log only: its trail has ended.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public async Task<SupportCase?> GetAsync(Caller by, string userId, CancellationToken ct)
    {
        if (!Callers.IsUserId(userId))
            return null;

        await RecordViewAsync(by, userId, Opened, ct);
        var found = await reading.ReadAsync(userId, ct);
        LogOpened(by.Actor, userId, found is not null);
        return found;
    }

    /// <summary>Revokes the tokens of a pending operation; <see cref="SupportStatus.NothingPending"/> where there are none.</summary>
    /// <param name="purpose">Null for all that are pending.</param>
    /// <exception cref="StoreUnavailableException"/>
    public Task<SupportStatus> RevokeAsync(Caller by, string userId, Purpose? purpose, string reason, CancellationToken ct) =>
        ActAsync("revoke", by, userId, reason, (account, text, now) => Task.FromResult(account.Revoke(purpose, text, now)), ct);

    /// <summary>
    /// Ends the lock of an operation, and forgets the wrong tries that led or would lead to one; <see cref="SupportStatus.NotLocked"/> where there is neither.
    /// </summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<SupportStatus> UnlockAsync(Caller by, string userId, Purpose purpose, string reason, CancellationToken ct) =>
        ActAsync("unlock", by, userId, reason, (account, text, now) => Task.FromResult(account.Unlock(purpose, text, now)), ct);

    /// <summary>Ends a hold before its time; <see cref="SupportStatus.NotHeld"/> where it does not stand.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<SupportStatus> LiftHoldAsync(Caller by, string userId, HoldReason hold, string reason, CancellationToken ct) =>
        ActAsync("lift a hold", by, userId, reason, (account, text, now) => Task.FromResult(account.LiftForSupport(hold, text, now)), ct);

    /// <summary>Queues a dead message again, as if it had never been tried; <see cref="SupportStatus.MessageNotRetryable"/> where it is not dead, or has expired.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<SupportStatus> RetryMessageAsync(Caller by, string userId, string messageId, string reason, CancellationToken ct) =>
        ActOnMessageAsync(new MessageOrder(messageId, MessageAction.Retry), by, userId, reason, ct);

    /// <summary>
    /// Ends a message that is dead or waits; <see cref="SupportStatus.MessageNotDroppable"/> where it is neither. One that a sender has in hand may still go
    /// out.
    /// </summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<SupportStatus> DropMessageAsync(Caller by, string userId, string messageId, string reason, CancellationToken ct) =>
        ActOnMessageAsync(new MessageOrder(messageId, MessageAction.Drop), by, userId, reason, ct);

    /// <summary>Erases the account with its keys, tokens and messages. Its audit trail, in which addresses are masked, stays.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<SupportStatus> EraseAsync(Caller by, string userId, string reason, CancellationToken ct) =>
        ActAsync("erase", by, userId, reason, (account, text, _) => Task.FromResult(new SupportDecision(SupportStatus.Done, Provisioning.Erase(account, text))), ct);

    Task<SupportStatus> ActOnMessageAsync(MessageOrder order, Caller by, string userId, string reason, CancellationToken ct)
    {
        var action = order.Action switch
        {
            MessageAction.Retry => "retry a message",
            MessageAction.Drop => "drop a message",
        };
        return ActAsync(
            action,
            by,
            userId,
            reason,
            async (account, text, now) =>
            {
                if (await outbox.FindAsync(userId, order.MessageId, ct) is not { } message)
                    return account.RefuseSupport(SupportStatus.MessageNotFound, null, now);

                Purpose? purpose = Names.TryParseOperation(message.Operation, out var operation)
                    ? new Purpose(operation, Names.TryParseKeyType(message.KeyType, out var keyType) ? keyType : null)
                    : null;
                SupportStatus? refusal = order.Action switch
                {
                    MessageAction.Retry => message.CanRetry(now) ? null : SupportStatus.MessageNotRetryable,
                    MessageAction.Drop => message.CanDrop ? null : SupportStatus.MessageNotDroppable,
                };
                return refusal is { } refused
                    ? account.RefuseSupport(refused, purpose, now)
                    : account.Order(order, purpose, message.DestinationMasked, text);
            },
            ct);
    }

    async Task<SupportStatus> ActAsync(
        string action, Caller by, string userId, string reason, Func<Account, string, DateTimeOffset, Task<SupportDecision>> decide, CancellationToken ct)
    {
        if (SupportReason.Problem(reason) is not null)
            return SupportStatus.BadReason;
        if (!Callers.IsUserId(userId))
            return SupportStatus.AccountNotFound;

        var status = await security.DecideAsync(by, userId, (account, _, now) => decide(account, reason.Trim(), now), ct);
        LogActed(by.Actor, action, userId, status);
        return status;
    }

    async Task<AccountMatch?> FindByIdAsync(string userId, CancellationToken ct)
    {
        if ((await store.LoadAsync(userId, null, ct)).Account is not null)
            return new AccountMatch(userId, QueryKind.UserId, IsErased: false, null);
        return await reading.WasThereAsync(userId, ct) ? new AccountMatch(userId, QueryKind.UserId, IsErased: true, null) : null;
    }

    /// <summary>Once in a while per operator, account and kind of look. Another node's look changes the account: this commit loses then, and looks again.</summary>
    Task<SupportStatus> RecordViewAsync(Caller by, string userId, string how, CancellationToken ct) => security.DecideAsync(
        by,
        userId,
        async (account, _, now) =>
        {
            var since = (now - Account.ViewSpan).ToUnixTimeMilliseconds();
            var statement = new SqlStatement(SupportSql.FindView, ("@user_id", userId), ("@actor", by.Actor), ("@reason", how), ("@since", since));
            return account.View(how, isRecorded: await database.ReadAsync(statement, reader => reader.Read(), ct));
        },
        ct);

    /// <summary>By its form alone: a number that is not assigned any more may still be somebody's key.</summary>
    static Address? Address(string text)
    {
        if (EmailAddress.TryParse(text, out var email, out _))
            return email;
        return PhoneNumber.TryParse(text, PhoneNumberAcceptance.Shape, out var number, out _) ? number : null;
    }

    static string Name(QueryKind kind) => kind switch
    {
        QueryKind.UserId => "user id",
        QueryKind.Email => "email",
        QueryKind.PhoneNumber => "phone number",
    };

    [LoggerMessage(LogLevel.Information, "{Operator} has searched for an account by {Kind}, and {Matches} were found")]
    partial void LogSearched(string @operator, string kind, int matches);

    [LoggerMessage(LogLevel.Information, "{Operator} has opened the account {UserId}; it is there: {IsThere}")]
    partial void LogOpened(string @operator, string userId, bool isThere);

    [LoggerMessage(LogLevel.Information, "{Operator} wanted to {Action}, of the account {UserId}: {Status}")]
    partial void LogActed(string @operator, string action, string userId, SupportStatus status);
}
