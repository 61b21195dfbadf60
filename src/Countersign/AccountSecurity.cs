using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign;

/// <summary>
/// What can be asked of Countersign. Every request is the same three steps: load the account, decide, commit if nobody else did, else
/// again from the top. No answer leaves before the decision behind it is stored.
/// </summary>
public sealed partial class AccountSecurity
{
    /// <summary>
    /// Every lost round is somebody else's stored decision on the same account, and budgets bound those: so many in a row means
    /// that something else is wrong.
    /// </summary>
    const int MaxRounds = 256;

    readonly IAccountStore store;
    readonly TokenCodes codes;
    readonly LiveOptions options;
    readonly OutboxDispatcher dispatcher;
    readonly Telemetry telemetry;
    readonly TimeProvider clock;

    // A primary constructor would be public, and what it takes is not.
    internal AccountSecurity(
        IAccountStore store, TokenCodes codes, LiveOptions options, OutboxDispatcher dispatcher, Telemetry telemetry, TimeProvider clock)
    {
        this.store = store;
        this.codes = codes;
        this.options = options;
        this.dispatcher = dispatcher;
        this.telemetry = telemetry;
        this.clock = clock;
    }

    /// <summary>Sends a one-time token for an operation. Adding a key names it; every other operation is proven by a key that the account has.</summary>
    /// <param name="newKey">The key to add; null for every other operation.</param>
    /// <exception cref="StoreUnavailableException"/>
    /// <exception cref="ArgumentException">The purpose is issued by <see cref="IssueForNewKeyAsync"/>, or its parts do not belong together.</exception>
    public Task<Outcome<IssuedToken>> IssueAsync(Caller caller, string userId, Purpose purpose, Address? newKey, CancellationToken ct)
    {
        Require(purpose.IsWhole && purpose.Operation != Operation.ChangingNewKey, "The second step of a change is issued by IssueForNewKeyAsync; a key type goes with all but the anti-phishing code.");
        Require(purpose.Operation == Operation.AddingKey ? newKey?.KeyType == purpose.KeyType : newKey is null, "Adding a key names it, and nothing else does.");
        return RunAsync(caller, userId, Demand.Issue, purpose, newKey, (loaded, rules, now) =>
            loaded.Account!.Issue(purpose, newKey, loaded.NewKeyOwner, TokenCodes.Draw(rules.CodeFormat, now), codes, rules, now), ct);
    }

    /// <summary>The second step of a change: redeems the token of the first, and sends one to the new key, in one transaction.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<Outcome<IssuedToken>> IssueForNewKeyAsync(Caller caller, string userId, Address newKey, TokenCode code, CancellationToken ct) =>
        RunAsync(caller, userId, Demand.Both, new Purpose(Operation.ChangingNewKey, newKey.KeyType), newKey, (loaded, rules, now) =>
            loaded.Account!.IssueForNewKey(newKey, loaded.NewKeyOwner, code, TokenCodes.Draw(rules.CodeFormat, now), codes, rules, now), ct);

    /// <summary>One more token for a pending operation, to the same destination.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<Outcome<IssuedToken>> ResendAsync(Caller caller, string userId, Purpose purpose, CancellationToken ct) =>
        RunAsync(caller, userId, Demand.Issue, purpose, null, (loaded, rules, now) =>
            loaded.Account!.Resend(purpose, TokenCodes.Draw(rules.CodeFormat, now), codes, rules, now), ct);

    /// <summary>Redeems a one-time token, at most once, together with the change that it guards.</summary>
    /// <param name="newCode">The anti-phishing code to set; null for every other operation.</param>
    /// <exception cref="StoreUnavailableException"/>
    /// <exception cref="ArgumentException">The purpose is redeemed by <see cref="IssueForNewKeyAsync"/>, or its parts do not belong together.</exception>
    public Task<Outcome<AccountView>> RedeemAsync(
        Caller caller, string userId, Purpose purpose, TokenCode code, AntiPhishingCode? newCode, CancellationToken ct)
    {
        Require(purpose.IsWhole && purpose.Operation != Operation.ChangingKey, "The first step of a change is redeemed by IssueForNewKeyAsync; a key type goes with all but the anti-phishing code.");
        Require((newCode is null) == (purpose.KeyType is not null), "An anti-phishing code goes with the two operations that set it.");
        return RunAsync(caller, userId, Demand.Redeem, purpose, null, (loaded, rules, now) =>
            View(loaded.Account!.Redeem(purpose, code, newCode, TokenCodes.DrawUndo(), codes, rules, now), rules, now), ct);
    }

    /// <summary>Revokes the tokens of a pending operation. The account as it is then, also where nothing was pending.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<Outcome<AccountView>> CancelAsync(Caller caller, string userId, Purpose purpose, CancellationToken ct) =>
        RunAsync(caller, userId, Demand.None, purpose, null, (loaded, rules, now) =>
            View(loaded.Account!.Cancel(purpose, now), rules, now), ct);

    /// <exception cref="StoreUnavailableException"/>
    public Task<Outcome<AccountView>> GetAsync(Caller caller, string userId, CancellationToken ct) =>
        RunAsync(caller, userId, Demand.None, null, null, (loaded, rules, now) =>
            View(new Decision<Account>(loaded.Account!, null), rules, now), ct);

    /// <summary>Creates the account, or makes it what the platform says.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public async Task<Outcome<PutAccount>> PutAsync(Caller caller, string userId, AccountProfile profile, CancellationToken ct)
    {
        for (var round = 1; round <= MaxRounds; round++)
        {
            var (account, others) = await LoadForAsync(userId, profile, ct);
            var (rules, now) = (options.Rules, Now);
            // The platform knows whose an address is: what is kept for its last holder does not bar it.
            if (others.Any(owner => owner.KeptUntil is null))
            {
                if (account is null || await TryRecordAsync(caller, account, account.Refuse(null, null, null, null, Refusal.KeyTaken.Name(), now), now))
                    return new Refused(Refusal.KeyTaken);
                continue;
            }

            var change = account is null ? Provisioning.Create(userId, profile, now) : Provisioning.Replace(account, profile, rules, now);
            if (change is null || await TryCommitAsync(caller, account ?? await store.NewAsync(userId, ct), change with { OverrulesKept = true }, now))
                return new PutAccount(AccountView.Of(change?.After ?? account!, rules, now), account is null);
        }

        throw Contended();
    }

    /// <summary>Erases an account with its keys, tokens and messages. Its audit trail, in which addresses are masked, stays.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public async Task<Outcome<AccountView>> EraseAsync(Caller caller, string userId, CancellationToken ct) =>
        await RunAsync(caller with { Claims = null }, userId, Demand.None, null, null, (loaded, rules, now) =>
            View(new Decision<Account>(loaded.Account!, Provisioning.Erase(loaded.Account!)), rules, now), ct);

    /// <summary>Ends a hold before its time. The account as it is then.</summary>
    /// <param name="explanation">Why, for the audit trail: 1 to 200 characters.</param>
    /// <exception cref="StoreUnavailableException"/>
    /// <exception cref="ArgumentException">The explanation is empty or too long.</exception>
    public Task<Outcome<AccountView>> LiftHoldAsync(Caller caller, string userId, HoldReason reason, string explanation, CancellationToken ct)
    {
        Require(explanation.Length is > 0 and <= Account.MaxExplanationLength, $"An explanation has 1 to {Account.MaxExplanationLength} characters.");
        return RunAsync(caller with { Claims = null }, userId, Demand.None, null, null, (loaded, rules, now) =>
            View(loaded.Account!.Lift(reason, explanation, now), rules, now), ct);
    }

    /// <summary>
    /// Undoes a change, and all that came after it, by the token of a link in one of its notices, at most once. A token that is wrong, used, void or
    /// expired is refused as <see cref="Refusal.TokenInvalid"/>; where an address that would come back is another account's by now, as
    /// <see cref="Refusal.KeyTaken"/>.
    /// </summary>
    /// <exception cref="StoreUnavailableException"/>
    public async Task<Outcome<AccountView>> UndoAsync(Caller caller, UndoToken token, CancellationToken ct)
    {
        using var activity = telemetry.StartDecision<AccountView>(null);
        for (var round = 1; round <= MaxRounds; round++)
        {
            var found = await store.FindUndoAsync(token.Id, ct);
            var account = found is null ? null : (await store.LoadAsync(found.UserId, null, ct)).Account;
            if (account is null)
                return telemetry.Answered<AccountView>(new Refused(Refusal.TokenInvalid), null);

            // Again, because it may have been used before the account was loaded. From then on, whoever uses it changes the account, and this commit loses.
            var point = (await store.FindUndoAsync(token.Id, ct))?.Point;
            var owners = await FindOwnersAsync(point?.Before.Addresses ?? [], ct);
            var (rules, now) = (options.Rules, Now);
            var decision = Recorded(View(account.Undo(point, token, owners, codes, rules, now), rules, now), account, point?.Purpose, null, now);
            if (decision.Change is null || await TryCommitAsync(caller, account, decision.Change, now))
                return telemetry.Answered(decision.Outcome, null);
        }

        throw Contended();
    }

    /// <summary>Records a request that was refused before its account was looked at. Where there is no account, there is no trail.</summary>
    /// <param name="reason">The code of the answer.</param>
    internal async Task RecordRefusalAsync(Caller caller, string userId, Operation operation, string reason, CancellationToken ct)
    {
        for (var round = 1; round <= MaxRounds; round++)
        {
            if ((await store.LoadAsync(userId, null, ct)).Account is not { } account)
                return;

            var now = Now;
            if (await TryRecordAsync(caller, account, account.Refuse(null, operation, null, null, reason, now), now))
                return;
        }

        throw Contended();
    }

    /// <summary>The newest events of an account's audit trail, newest first; empty where there never was such an account.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public Task<IReadOnlyList<AuditEvent>> GetEventsAsync(string userId, int limit, CancellationToken ct) =>
        store.ReadEventsAsync(userId, limit, ct);

    async Task<Outcome<T>> RunAsync<T>(
        Caller caller, string userId, Demand demand, Purpose? purpose, Address? newKey, Func<LoadedAccount, Rules, DateTimeOffset, Decision<T>> decide, CancellationToken ct)
        where T : class
    {
        using var activity = telemetry.StartDecision<T>(purpose);
        if (purpose is { } wanted && !options.Rules.IsOn(wanted.Operation))
            return telemetry.Answered<T>(new Refused(Refusal.FeatureDisabled, purpose), purpose);

        for (var round = 1; round <= MaxRounds; round++)
        {
            var recalled = round == 1 ? Recall(userId, demand, purpose, newKey) : null;
            var loaded = recalled is not null ? new LoadedAccount(recalled, null)
                : demand == Demand.None ? await store.LoadAsync(userId, newKey, ct)
                : await store.LoadWithLimitsAsync(userId, newKey, demand, caller.Client, ct);
            if (loaded.Account is null)
            {
                if (caller.Claims is null)
                    return telemetry.Answered<T>(new Refused(Refusal.AccountNotFound, purpose), purpose);
                await ProvisionAsync(caller, userId, caller.Claims, ct);
                continue;
            }

            var (rules, now) = (options.Rules, Now);
            // After the load: an answer that comes later comes with another version of the account, and what is decided here is not committed.
            if (caller.Request is { } asked && await store.FindAnswerAsync(userId, asked.Key, now, ct) is { } kept)
                throw new RequestRepeatedException(kept.IsOf(asked.Digest) ? kept.Answer : null);

            var (decided, room, exceeded) = await LimitAsync(decide(loaded, rules, now), caller, demand, purpose, loaded, rules, now, ct);
            // Nobody is refused by what may be old. A wrong token is counted, by a commit that is lost if the account is another by now.
            if (recalled is not null && decided.Outcome.Refused is { } refused && (refused.Reason != Refusal.TokenInvalid || decided.Change is null))
                continue;
            if (exceeded is { } scope)
                telemetry.Limited(scope, purpose, rules.Limits.DryRun);

            var outcome = decided.Outcome.With(room);
            // What has changed nothing may be asked again under the same key, and be decided otherwise then.
            var answer = decided.Change is null ? null : await KeepAsync(caller.Request, outcome);
            var decision = Recorded(decided, loaded.Account, purpose, newKey, now);
            if (decision.Change is null || await TryCommitAsync(caller, loaded.Account, decision.Change, now, answer, isRecalled: recalled is not null))
                return telemetry.Answered(outcome, purpose);
        }

        throw Contended();
    }

    /// <summary>
    /// The account as this node remembers it; null where it does not, or where what is asked for depends on more than the account: on whose an address
    /// is, or on how far the message of a pending operation came: of a mail nobody says more than that it was sent.
    /// </summary>
    Account? Recall(string userId, Demand demand, Purpose? purpose, Address? newKey)
    {
        if (purpose is not { } asked || newKey is not null || demand is not (Demand.Issue or Demand.Redeem) || store.Recall(userId) is not { } account)
            return null;

        var isEnough = demand == Demand.Issue
            ? account.State(asked).Pending is not { } pending || account.Owns(pending.Target)
            : account.Purposes.Values.All(state => state.Purpose == asked || state.Pending is null or { IsNewestSent: true });
        return isEnough ? account : null;
    }

    /// <summary>What the limits over all accounts leave of a decision. They are read only where the request meets one.</summary>
    async Task<(Decision<T> Decision, RateLimit? Room, LimitScope? Exceeded)> LimitAsync<T>(
        Decision<T> decision, Caller caller, Demand demand, Purpose? purpose, LoadedAccount loaded, Rules rules, DateTimeOffset now, CancellationToken ct)
        where T : class
    {
        var met = rules.Limits.For(demand, caller.Client, decision.Change, isDone: decision.Outcome.Refused is null);
        if (met.Count == 0)
            return (decision, null, null);

        // Those that are remembered go with an account that is, and so with its own keys: of any other address, the time that the answer takes would say
        // whether it was written to lately.
        var recalled = loaded.Limits is null ? store.RecallLimits(met) : null;
        var limits = recalled ?? loaded.Limits?.Find(met) ?? await store.LoadLimitsAsync(met, ct);
        var limited = Limits.Apply(decision, demand, purpose, loaded.Account!, limits, rules.Limits, now, out var exceeded);
        if (exceeded is not null && recalled is not null)
            limited = Limits.Apply(decision, demand, purpose, loaded.Account!, limits = await store.LoadLimitsAsync(met, ct), rules.Limits, now, out exceeded);
        return (limited, RateLimit.Of(limited.Change?.Drawn is { Count: > 0 } drawn ? drawn : limits, now), exceeded?.Limit.Scope);
    }

    /// <summary>Stores a refusal that changes nothing else. False where somebody else's commit was faster.</summary>
    /// <param name="refusal">Null where the trail has room for no more of them now.</param>
    async Task<bool> TryRecordAsync(Caller caller, Account account, Change? refusal, DateTimeOffset now)
    {
        if (refusal is not null)
            return await TryCommitAsync(caller, account, refusal, now);

        telemetry.Unrecorded();
        return true;
    }

    /// <summary>A refusal that has left no event yet leaves one.</summary>
    Decision<T> Recorded<T>(Decision<T> decision, Account account, Purpose? purpose, Address? newKey, DateTimeOffset now) where T : class
    {
        if (decision.Outcome.Refused is not { } refused || decision.Change is { Events.IsEmpty: false })
            return decision;

        var change = account.Refuse(decision.Change, purpose?.Operation, purpose?.KeyType, newKey?.Masked, refused.Reason.Name(), now);
        if (change is not { Events.IsEmpty: false })
            telemetry.Unrecorded();
        return decision with { Change = change };
    }

    static async Task<KeptAnswer?> KeepAsync(RepeatableRequest? request, object outcome) =>
        request is null ? null : new KeptAnswer(request.Digest, await request.RenderAsync(outcome));

    async Task<bool> TryCommitAsync(Caller caller, Account before, Change change, DateTimeOffset now, KeptAnswer? answer = null, bool isRecalled = false)
    {
        var commitId = TokenCodes.NewId(now);
        var isOurs = dispatcher.HasRoom;
        var origin = caller.Actor == before.UserId ? Origin.Of(caller) : null;
        var messages = change.Messages
            .Select((message, ordinal) => QueuedMessage.New(
                before.UserId, message.Id ?? $"{commitId}-{ordinal}", message, isOurs, message.IsOfOwnAccount && before.Owns(message.To) ? origin : null))
            .ToList();

        // Not cancelled when the client goes away: what has become of the commit must be known.
        var commit = new Commit(before, change, commitId, now, caller, messages) { Answer = answer, IsRecalled = isRecalled };
        if (!await store.TryCommitAsync(commit, CancellationToken.None))
        {
            telemetry.RoundLost();
            return false;
        }

        if (answer is not null)
            caller.Request!.Kept = answer.Answer;
        dispatcher.HandOver(commit);
        telemetry.Committed(change);
        return true;
    }

    /// <summary>Creates the account from verified claims. A lost round means that it is there by now.</summary>
    async Task ProvisionAsync(Caller caller, string userId, AccountProfile claims, CancellationToken ct)
    {
        var (account, others) = await LoadForAsync(userId, claims, ct);
        if (account is not null)
            return;

        var now = Now;
        var taken = others.Where(owner => owner.Bars(userId, now)).Select(owner => owner.Address).ToList();
        await TryCommitAsync(caller, await store.NewAsync(userId, ct), Provisioning.Create(userId, claims.Without(taken), now), now);
    }

    /// <summary>The account, and who else has an address of the profile, or had it.</summary>
    async Task<(Account? Account, IReadOnlyList<AddressOwner> Others)> LoadForAsync(string userId, AccountProfile profile, CancellationToken ct)
    {
        var account = (await store.LoadAsync(userId, null, ct)).Account;
        var owners = await FindOwnersAsync(profile.Addresses, ct);
        return (account, [.. owners.Where(owner => owner.UserId != userId)]);
    }

    /// <summary>Whose these addresses are, as far as they are anybody's.</summary>
    async Task<IReadOnlyList<AddressOwner>> FindOwnersAsync(IEnumerable<Address> addresses, CancellationToken ct)
    {
        var owners = new List<AddressOwner>();
        foreach (var address in addresses)
        {
            if (await store.FindOwnerAsync(address, ct) is { } owner)
                owners.Add(owner);
        }

        return owners;
    }

    /// <summary>In whole milliseconds, as it is stored.</summary>
    DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());

    static Decision<AccountView> View(Decision<Account> decision, Rules rules, DateTimeOffset now) =>
        new(decision.Outcome.Select(account => AccountView.Of(account, rules, now)), decision.Change);

    static void Require(bool condition, string message)
    {
        if (!condition)
            throw new ArgumentException(message);
    }

    static StoreUnavailableException Contended() => new($"The account was changed by others {MaxRounds} times while this request was decided.");
}
