using Countersign.Domain;

namespace Countersign.Tests.Domain;

/// <summary>An answer, as far as a caller can tell one from another.</summary>
/// <param name="Refusal">Null where it is done.</param>
sealed record Answer(Refusal? Refusal, int? AttemptsRemaining = null, TimeSpan? RetryAfter = null)
{
    public static readonly Answer Done = new((Refusal?)null);

    public static Answer Of<T>(Outcome<T> outcome) where T : class =>
        outcome.Refused is { } refused ? new Answer(refused.Reason, refused.AttemptsRemaining, refused.RetryAfter) : Done;
}

/// <summary>A token that was issued, and what has become of it.</summary>
sealed class ModelToken(string userId, Purpose purpose, string target, string code, bool isDecoy, DateTimeOffset expiresAt)
{
    public string UserId => userId;
    public Purpose Purpose => purpose;
    public string Target => target;
    public string Code => code;
    public bool IsDecoy => isDecoy;

    /// <summary>Why it is over: redeemed, superseded, revoked. Null while it is not, except for its expiry.</summary>
    public string? End { get; set; }

    public bool IsLive(DateTimeOffset now) => End is null && now < expiresAt;
}

/// <summary>All that is remembered of an operation and key type of a user: plain lists, of which nothing is ever thrown away.</summary>
sealed class ModelPurpose
{
    public List<ModelToken> Tokens { get; } = [];
    public List<DateTimeOffset> Issues { get; } = [];
    public List<DateTimeOffset> WrongTriesOfTheDay { get; } = [];
    public DateTimeOffset? LastIssuedAt { get; set; }
    public int WrongTries { get; set; }
    public bool Spent { get; set; }
    public int Locks { get; set; }
    public DateTimeOffset? LockedUntil { get; set; }

    public List<ModelToken> Live(DateTimeOffset now) => [.. Tokens.Where(token => token.IsLive(now))];

    public int WrongTriesWithinADay(DateTimeOffset now) => WrongTriesOfTheDay.Count(at => at > now.AddDays(-1));
}

sealed class ModelAccount
{
    public Dictionary<KeyType, (string Address, bool Mfa)> Keys { get; } = [];
    public string? AntiPhishingCode { get; set; }
    public Dictionary<Purpose, ModelPurpose> Purposes { get; } = [];

    public ModelPurpose this[Purpose purpose] =>
        Purposes.TryGetValue(purpose, out var state) ? state : Purposes[purpose] = new ModelPurpose();

    public bool HasMfa(KeyType? keyType) => Keys.TryGetValue(keyType!.Value, out var key) && key.Mfa;

    public bool Has(KeyType? keyType) => Keys.ContainsKey(keyType!.Value);
}

/// <summary>
/// The contract in its plainest form. It says what the answer must be, and follows the answers that were given, so that a wrong one
/// does not make all the later ones wrong. It knows nothing of digests, windows, versions or decisions.
/// </summary>
sealed class Model
{
    public Dictionary<string, ModelAccount> Accounts { get; } = [];
    public List<ModelToken> Issued { get; } = [];
    public DateTimeOffset Now { get; set; } = World.Start;
    public bool Mfa { get; set; } = true;
    public bool AntiPhishing { get; set; } = true;

    /// <summary>Addresses that their owners have given up, the latest last, and until when they are kept for them.</summary>
    public List<(string UserId, string Address, DateTimeOffset Until)> Kept { get; } = [];

    /// <summary>What has ended in this step, so that messages on their way must not be sent any more.</summary>
    public HashSet<Purpose> Withdrawn { get; } = [];

    /// <summary>What the audit trail must say of this step.</summary>
    public List<AuditEventType> Events { get; } = [];

    public Answer AnswerToIssue(string userId, Purpose purpose, string? newKey)
    {
        if (Absent(userId, purpose) is { } absent)
            return absent;
        var account = Accounts[userId];
        return Lock(account[purpose]) ?? Refuse(Guard(account, purpose)) ?? SendLimit(account[purpose], Channel(purpose, newKey)) ?? Answer.Done;
    }

    public Answer AnswerToResend(string userId, Purpose purpose)
    {
        if (Absent(userId, purpose) is { } absent)
            return absent;
        var state = Accounts[userId][purpose];
        if (Lock(state) is { } locked)
            return locked;
        return state.Live(Now).LastOrDefault() is { } token
            ? SendLimit(state, Channel(purpose, token.Target)) ?? Answer.Done
            : new Answer(Refusal.NothingPending);
    }

    public Answer AnswerToCancel(string userId, Purpose purpose) => Absent(userId, purpose) ?? Answer.Done;

    public Answer AnswerToRedeem(string userId, Purpose purpose, string code)
    {
        if (Absent(userId, purpose) is { } absent)
            return absent;
        var account = Accounts[userId];
        if (AnswerToCode(account, purpose, code) is { } refused)
            return refused;
        return Refuse(Guard(account, purpose))
            ?? (IsTaken(userId, account[purpose].Live(Now)[0].Target) ? new Answer(Refusal.KeyTaken) : Answer.Done);
    }

    public Answer AnswerToNewKey(string userId, string newKey, string code)
    {
        var (first, second) = Steps(newKey);
        if (Absent(userId, second) is { } absent)
            return absent;
        var account = Accounts[userId];
        if (account.Keys.Values.Any(key => IsSame(key.Address, newKey)))
            return new Answer(Refusal.SameKey);
        return Lock(account[second])
            ?? AnswerToCode(account, first, code)
            ?? Refuse(Guard(account, second))
            ?? SendLimit(account[second], Channel(second, newKey))
            ?? Answer.Done;
    }

    public Answer AnswerToPut(string userId, AccountProfile profile) =>
        profile.Addresses.Any(address => IsAnothers(userId, address.Value)) ? new Answer(Refusal.KeyTaken) : Answer.Done;

    public Answer AnswerToErase(string userId) => Accounts.ContainsKey(userId) ? Answer.Done : new Answer(Refusal.AccountNotFound);

    /// <summary>A token was issued. A target that is not named is the one that the purpose is about.</summary>
    public ModelToken Issue(string userId, Purpose purpose, string? newKey, string code)
    {
        var account = Accounts[userId];
        var state = account[purpose];
        var target = newKey ?? account.Keys.GetValueOrDefault(purpose.KeyType ?? KeyType.Email).Address ?? state.Tokens.LastOrDefault()?.Target ?? "";
        var live = state.Live(Now);
        if (live.Count > 0 && !IsSame(live[0].Target, target))
        {
            End(account, purpose, "another target");
            Events.Add(AuditEventType.TokenRevoked);
            live = [];
        }

        // The spelling is that of the first token.
        target = live.Count > 0 ? live[0].Target : target;
        if (live.Count == 0)
            state.WrongTries = 0;
        foreach (var superseded in live.SkipLast(1))
            superseded.End = "superseded";

        var token = new ModelToken(userId, purpose, target, code, IsTaken(userId, target), Now.AddMinutes(30));
        state.Tokens.Add(token);
        Issued.Add(token);
        state.Issues.Add(Now);
        state.LastIssuedAt = Now;
        state.Spent = false;
        Events.Add(AuditEventType.TokenIssued);
        return token;
    }

    public void Cancel(string userId, Purpose purpose)
    {
        if (Accounts[userId][purpose].Live(Now).Count == 0)
            return;
        End(Accounts[userId], purpose, "cancelled");
        Events.Add(AuditEventType.TokenRevoked);
    }

    /// <summary>A code was wrong, and counted.</summary>
    public void CountWrongTry(string userId, Purpose purpose)
    {
        var state = Accounts[userId][purpose];
        state.WrongTries++;
        state.WrongTriesOfTheDay.Add(Now);
        Events.Add(AuditEventType.TokenRefused);
        var locks = state.WrongTriesWithinADay(Now) >= 10;
        if (!locks && state.WrongTries < 5)
            return;

        state.Spent = true;
        End(Accounts[userId], purpose, "guess budget spent");
        Events.Add(AuditEventType.TokenRevoked);
        if (!locks)
            return;

        Events.Add(AuditEventType.OperationLocked);
        state.LockedUntil = Now + new[] { TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromDays(1) }[Math.Min(state.Locks, 2)];
        state.Locks++;
        state.WrongTriesOfTheDay.Clear();
    }

    /// <summary>A code was right, and the operation is over.</summary>
    public void Spend(string userId, Purpose purpose)
    {
        var state = Accounts[userId][purpose];
        End(Accounts[userId], purpose, "redeemed");
        // Also where there was nothing to end: a fault may have redeemed what is over.
        Withdrawn.Add(purpose);
        state.LastIssuedAt = null;
        state.Spent = false;
        state.WrongTriesOfTheDay.Clear();
        state.Locks = 0;
        state.LockedUntil = null;
        Events.Add(AuditEventType.TokenRedeemed);
    }

    /// <summary>What a redeemed token does to the account.</summary>
    public void Complete(string userId, Purpose purpose, string target, string newCode)
    {
        var account = Accounts[userId];
        if (Guard(account, purpose) is not null)
            return;

        // One's own address again, or one that is free.
        Kept.RemoveAll(kept => IsSame(kept.Address, target));
        if (purpose.Operation is Operation.ChangingNewKey or Operation.RemovingKey)
            Kept.Add((userId, account.Keys[purpose.KeyType!.Value].Address, Now.AddDays(30)));
        switch (purpose.Operation)
        {
            case Operation.AddingKey:
                account.Keys[purpose.KeyType!.Value] = (target, false);
                break;
            case Operation.ChangingNewKey:
                ReplaceKey(account, purpose.KeyType!.Value, (target, false));
                break;
            case Operation.RemovingKey:
                ReplaceKey(account, purpose.KeyType!.Value, null);
                break;
            case Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing:
                account.AntiPhishingCode = newCode;
                break;
            case Operation.EnablingMfa or Operation.DisablingMfa:
                account.Keys[purpose.KeyType!.Value] = (account.Keys[purpose.KeyType.Value].Address, purpose.Operation == Operation.EnablingMfa);
                break;
        }
    }

    public void Put(string userId, AccountProfile profile)
    {
        if (!Accounts.TryGetValue(userId, out var account))
        {
            account = Accounts[userId] = new ModelAccount();
            Events.Add(AuditEventType.AccountProvisioned);
        }

        Kept.RemoveAll(kept => profile.Addresses.Any(address => IsSame(kept.Address, address.Value)));
        foreach (var keyType in Enum.GetValues<KeyType>())
        {
            var wanted = profile.Address(keyType)?.Value;
            if (!account.Keys.TryGetValue(keyType, out var current) || (wanted is not null && IsSame(current.Address, wanted)))
            {
                if (wanted is not null)
                    account.Keys[keyType] = (wanted, profile.Mfa(keyType));
            }
            else
            {
                ReplaceKey(account, keyType, wanted is null ? null : (wanted, profile.Mfa(keyType)));
            }
        }

        account.AntiPhishingCode = profile.AntiPhishingCode?.Reveal();
    }

    public void Erase(string userId)
    {
        foreach (var token in Issued.Where(token => token.UserId == userId))
            token.End ??= "erased";
        Accounts.Remove(userId);
        Kept.RemoveAll(kept => kept.UserId == userId);
        Events.Add(AuditEventType.AccountErased);
    }

    public static (Purpose First, Purpose Second) Steps(string newKey) =>
        (new Purpose(Operation.ChangingKey, TypeOf(newKey)), new Purpose(Operation.ChangingNewKey, TypeOf(newKey)));

    public static bool IsSame(string address, string other) => string.Equals(address, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>Another account's key, or kept for another account whose key it was.</summary>
    public bool IsTaken(string userId, string address) => IsAnothers(userId, address)
        || (Kept.Where(kept => IsSame(kept.Address, address)).LastOrDefault() is { UserId: not null } last && last.UserId != userId && last.Until > Now);

    bool IsAnothers(string userId, string address) =>
        Accounts.Any(account => account.Key != userId && account.Value.Keys.Values.Any(key => IsSame(key.Address, address)));

    void ReplaceKey(ModelAccount account, KeyType keyType, (string Address, bool Mfa)? key)
    {
        if (!account.Keys.Remove(keyType, out var replaced))
            return;

        foreach (var (purpose, state) in account.Purposes)
        {
            var concerned = state.Live(Now).Any(token =>
                IsSame(token.Target, replaced.Address) || (purpose.KeyType == keyType && purpose.Operation != Operation.AddingKey));
            if (!concerned)
                continue;
            End(account, purpose, "key replaced or removed");
            Events.Add(AuditEventType.TokenRevoked);
        }

        if (key is { } replacement)
            account.Keys[keyType] = replacement;
        else if (keyType == KeyType.Email)
            account.AntiPhishingCode = null;
    }

    void End(ModelAccount account, Purpose purpose, string why)
    {
        foreach (var token in account[purpose].Live(Now))
        {
            token.End = why;
            Withdrawn.Add(purpose);
        }
    }

    Answer? Absent(string userId, Purpose purpose)
    {
        var isOn = purpose.Operation switch
        {
            Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing => AntiPhishing,
            Operation.EnablingMfa or Operation.DisablingMfa => Mfa,
            Operation.AddingKey or Operation.ChangingKey or Operation.ChangingNewKey or Operation.RemovingKey => true,
        };
        if (!isOn)
            return new Answer(Refusal.FeatureDisabled);
        return Accounts.ContainsKey(userId) ? null : new Answer(Refusal.AccountNotFound);
    }

    /// <summary>The tables of the contract.</summary>
    Refusal? Guard(ModelAccount account, Purpose purpose)
    {
        var keyType = purpose.KeyType;
        return purpose.Operation switch
        {
            Operation.AddingKey when account.Has(keyType) => Refusal.KeyExists,
            Operation.ChangingKey or Operation.RemovingKey when !account.Has(keyType) => Refusal.KeyMissing,
            Operation.RemovingKey when account.Keys.Count == 1 => Refusal.LastKey,
            Operation.ChangingKey or Operation.ChangingNewKey or Operation.RemovingKey when Mfa && account.HasMfa(keyType) => Refusal.MfaEnabled,
            Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing when !account.Has(KeyType.Email) => Refusal.EmailRequired,
            Operation.AddingAntiPhishing when account.AntiPhishingCode is not null => Refusal.AntiPhishingExists,
            Operation.ChangingAntiPhishing when account.AntiPhishingCode is null => Refusal.AntiPhishingMissing,
            Operation.EnablingMfa when !account.Has(keyType) => Refusal.KeyMissing,
            Operation.EnablingMfa when account.HasMfa(keyType) => Refusal.MfaEnabled,
            Operation.DisablingMfa when !account.HasMfa(keyType) => Refusal.MfaDisabled,
            _ => null,
        };
    }

    /// <summary>What is answered to a code, guards aside; null where it is right.</summary>
    Answer? AnswerToCode(ModelAccount account, Purpose purpose, string code)
    {
        var state = account[purpose];
        if (Lock(state) is { } locked)
            return locked;
        if (state.Spent)
        {
            var wait = SendLimit(state, purpose.KeyType ?? KeyType.Email)?.RetryAfter ?? TimeSpan.Zero;
            return new Answer(Refusal.TooManyAttempts, RetryAfter: wait > TimeSpan.FromSeconds(1) ? wait : TimeSpan.FromSeconds(1));
        }

        var live = state.Live(Now);
        if (live.Count == 0)
            return new Answer(Refusal.TokenInvalid);
        if (live.Any(token => token.Code == code && !token.IsDecoy))
            return null;

        var left = Math.Min(4 - state.WrongTries, 9 - state.WrongTriesWithinADay(Now));
        return new Answer(Refusal.TokenInvalid, Math.Max(0, left));
    }

    Answer? Lock(ModelPurpose state) => state.LockedUntil > Now ? new Answer(Refusal.TooManyAttempts, RetryAfter: state.LockedUntil - Now) : null;

    Answer? SendLimit(ModelPurpose state, KeyType channel)
    {
        var next = state.LastIssuedAt?.AddSeconds(channel == KeyType.Email ? 30 : 60) ?? Now;
        var withinAnHour = state.Issues.Where(at => at > Now.AddHours(-1)).ToList();
        if (withinAnHour.Count >= 5 && withinAnHour[^5].AddHours(1) is var hour && hour > next)
            next = hour;
        return next > Now ? new Answer(Refusal.RateLimited, RetryAfter: next - Now) : null;
    }

    static Answer? Refuse(Refusal? refusal) => refusal is null ? null : new Answer(refusal);

    static KeyType TypeOf(string address) => address.StartsWith('+') ? KeyType.PhoneNumber : KeyType.Email;

    static KeyType Channel(Purpose purpose, string? target) => target is null ? purpose.KeyType ?? KeyType.Email : TypeOf(target);
}
