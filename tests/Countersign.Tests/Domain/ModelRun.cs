using Countersign.Domain;

namespace Countersign.Tests.Domain;

/// <summary>What must never happen.</summary>
enum Violation
{
    RedeemedTwice,
    EndedTokenRedeemed,
    ForeignCodeRedeemed,
    DecoyRedeemed,
    GuessedTooOften,
    LastKeyLost,
    KeyOnTwoAccounts,
    ChangeUntold,
    NoticeWithoutChange,
    ChangeUnrecorded,
    CodeSentElsewhere,
    CodeNotWithdrawn,
    AntiPhishingCodeMisplaced,
    WrongAnswer,
    WrongEffect,
    Crashed,
}

/// <summary>Drives a <see cref="World"/> and the <see cref="Model"/> with the same commands, and holds what happened against what may.</summary>
sealed class ModelRun(Fault fault)
{
    public static readonly string[] Emails = ["one@example.com", "One@example.com", "two@example.com", "three@example.com"];
    public static readonly string[] PhoneNumbers = ["+4915100000001", "+4915100000002", "+4915100000003"];

    readonly World world = new(fault);
    readonly Model model = new();
    readonly List<(Violation Violation, string What)> violations = [];
    readonly List<(Request Request, Purpose? Purpose, Answer Answer)> answers = [];
    int wrongCodes;

    public IReadOnlyList<(Violation Violation, string What)> Violations => violations;

    public IReadOnlyList<(Request Request, Purpose? Purpose, Answer Answer)> Answers => answers;

    /// <param name="stopAt">Ends the run; null for the first violation of any kind.</param>
    public ModelRun Do(IEnumerable<Command> commands, Violation? stopAt = null)
    {
        foreach (var command in commands)
        {
            Do(command);
            if (violations.Any(found => stopAt is null || found.Violation == stopAt))
                break;
        }

        return this;
    }

    void Do(Command command)
    {
        switch (command)
        {
            case Advance advance:
                world.Advance(advance.Time);
                model.Now = world.Now;
                break;
            case Toggle toggle:
                model.Mfa ^= toggle.Mfa;
                model.AntiPhishing ^= !toggle.Mfa;
                world.Rules = world.Rules with { Mfa = model.Mfa, AntiPhishing = model.AntiPhishing };
                break;
            case Put put:
                Do(put);
                break;
            case Erase erase:
                Do(erase);
                break;
            case Issue issue:
                Do(issue);
                break;
            case Resend resend when Token(resend.Back) is { } token:
                DoResend(token);
                break;
            case Again again when Token(again.Back) is { } token:
                DoAgain(token, again.Resends);
                break;
            case Cancel cancel when Token(cancel.Back) is { } token:
                DoCancel(token);
                break;
            case Redeem redeem when Token(redeem.Back) is { } token:
                Do(redeem, token);
                break;
            case GuessAgainAndAgain guesses when Token(guesses.Back) is { } token:
                for (var i = 0; i < guesses.Times; i++)
                {
                    var isSpent = model.Accounts.GetValueOrDefault(token.UserId)?[token.Purpose].Spent == true;
                    if (isSpent || i == guesses.AgainAfter)
                        DoAgain(token, !isSpent && guesses.Resends);
                    Do(new Redeem(0, Guess.Wrong, token.Purpose, 0, "unused1"), token);
                }

                break;
        }
    }

    void Do(Put put) =>
        Step(Request.Put, put.UserId, null, model.AnswerToPut(put.UserId, put.Profile),
            () => world.Put(put.UserId, put.Profile),
            answer =>
            {
                if (answer == Answer.Done)
                    model.Put(put.UserId, put.Profile);
            });

    void Do(Erase erase) =>
        Step(Request.Erase, erase.UserId, null, model.AnswerToErase(erase.UserId),
            () => world.Erase(erase.UserId),
            answer =>
            {
                if (answer == Answer.Done)
                    model.Erase(erase.UserId);
            });

    void Do(Issue issue) =>
        Step(Request.Issue, issue.UserId, issue.Purpose, model.AnswerToIssue(issue.UserId, issue.Purpose, issue.NewKey),
            () => world.Issue(issue.UserId, issue.Purpose, World.Address(issue.NewKey)),
            answer =>
            {
                if (answer == Answer.Done)
                    CheckSent(model.Issue(issue.UserId, issue.Purpose, issue.NewKey, world.LastCode));
            });

    void DoAgain(ModelToken token, bool resends)
    {
        Do(new Advance(TimeSpan.FromMinutes(1)));
        if (resends)
            DoResend(token);
        else
            DoIssue(token.UserId, token);
    }

    /// <summary>Issues what the token is for; the second step of a change cannot be issued by itself.</summary>
    void DoIssue(string userId, ModelToken token)
    {
        if (token.Purpose.Operation != Operation.ChangingNewKey)
            Do(new Issue(userId, token.Purpose, token.Purpose.Operation == Operation.AddingKey ? token.Target : null));
    }

    void DoCancel(ModelToken token) =>
        Step(Request.Cancel, token.UserId, token.Purpose, model.AnswerToCancel(token.UserId, token.Purpose),
            () => world.Cancel(token.UserId, token.Purpose),
            answer =>
            {
                if (answer == Answer.Done)
                    model.Cancel(token.UserId, token.Purpose);
            });

    void DoResend(ModelToken token)
    {
        var target = model.Accounts.GetValueOrDefault(token.UserId)?[token.Purpose].Live(model.Now).LastOrDefault()?.Target;
        Step(Request.Resend, token.UserId, token.Purpose, model.AnswerToResend(token.UserId, token.Purpose),
            () => world.Resend(token.UserId, token.Purpose),
            answer =>
            {
                if (answer == Answer.Done)
                    CheckSent(model.Issue(token.UserId, token.Purpose, target, world.LastCode));
            });
    }

    void Do(Redeem redeem, ModelToken token)
    {
        var userId = redeem.Guess != Guess.ByTheOtherUser ? token.UserId : token.UserId == "alice" ? "bob" : "alice";
        var purpose = redeem.Guess == Guess.ForAnotherPurpose ? Another(token, redeem.Other) : token.Purpose;
        // A code of somebody else's is tried on a token of one's own.
        if (redeem.Guess == Guess.ByTheOtherUser)
            DoIssue(userId, token);
        var code = redeem.Guess == Guess.Wrong ? World.WrongCode(wrongCodes++) : token.Code;
        if (purpose.Operation == Operation.ChangingKey)
            DoNewKey(userId, NewKey(purpose.KeyType, redeem.NewKey), code);
        else
            DoRedeem(userId, purpose, code, redeem.NewCode);
    }

    void DoRedeem(string userId, Purpose purpose, string code, string newCode)
    {
        var isAntiPhishing = purpose.Operation is Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing;
        Step(Request.Redeem, userId, purpose, model.AnswerToRedeem(userId, purpose, code),
            () => world.Redeem(userId, purpose, code, isAntiPhishing ? World.AntiPhishingCode(newCode) : null),
            answer =>
            {
                CheckTried(userId, purpose, answer);
                if (answer == Answer.Done)
                {
                    var token = CheckRedeemed(userId, purpose, code);
                    model.Spend(userId, purpose);
                    model.Complete(userId, purpose, token?.Target ?? "", newCode);
                }
                else if (answer is { Refusal: Refusal.TokenInvalid, AttemptsRemaining: not null })
                {
                    model.CountWrongTry(userId, purpose);
                }
                else if (IsConflict(answer))
                {
                    model.Events.Add(AuditEventType.TokenRefused);
                }
            });
    }

    void DoNewKey(string userId, string newKey, string code)
    {
        var (first, second) = Model.Steps(newKey);
        Step(Request.IssueForNewKey, userId, second, model.AnswerToNewKey(userId, newKey, code),
            () => world.IssueForNewKey(userId, World.Address(newKey)!, code),
            answer =>
            {
                if (answer == Answer.Done)
                {
                    CheckTried(userId, first, answer);
                    CheckRedeemed(userId, first, code);
                    model.Spend(userId, first);
                    CheckSent(model.Issue(userId, second, newKey, world.LastCode));
                }
                else if (answer is { Refusal: Refusal.TokenInvalid, AttemptsRemaining: not null })
                {
                    CheckTried(userId, first, answer);
                    model.CountWrongTry(userId, first);
                }
                else if (IsConflict(answer))
                {
                    model.Events.Add(AuditEventType.TokenRefused);
                }
            });
    }

    void Step<T>(Request request, string userId, Purpose? purpose, Answer expected, Func<Outcome<T>> act, Action<Answer> follow) where T : class
    {
        var before = world.Accounts.ToDictionary(account => account.UserId);
        model.Withdrawn.Clear();
        model.Events.Clear();
        Answer answer;
        try
        {
            answer = Answer.Of(act());
        }
        catch (Exception e)
        {
            Check(false, Violation.Crashed, $"{request} {purpose} of {userId}: {e}");
            return;
        }

        answers.Add((request, purpose, answer));
        var tokensBefore = model.Issued.Count;
        follow(answer);

        Check(answer == expected, Violation.WrongAnswer, $"{request} {purpose} of {userId}: {answer}, and not {expected}");
        var after = world.Accounts.ToDictionary(account => account.UserId);
        CheckKeys(request, userId, before.GetValueOrDefault(userId), after);
        CheckRequestIsTold(tokensBefore, before.GetValueOrDefault(userId));
        var completed = request == Request.Redeem && answer == Answer.Done ? purpose?.Operation : null;
        CheckNotices(request, completed, before.GetValueOrDefault(userId), after.GetValueOrDefault(userId));
        CheckAntiPhishingCodes(before, after);
        CheckEffect(after);
        Check(
            model.Issued.Count > tokensBefore || world.AllMessages.All(message => message.Code is null), Violation.CodeSentElsewhere,
            $"{request}: a code for nothing");
        Check(
            request == Request.Erase || model.Withdrawn.SetEquals(world.Stored?.Withdrawn ?? []), Violation.CodeNotWithdrawn,
            $"{request}: withdrawn are {Join(world.Stored?.Withdrawn)}, and not {Join(model.Withdrawn)}");
    }

    /// <summary>A code was compared: there must have been a guess left for it.</summary>
    void CheckTried(string userId, Purpose purpose, Answer answer)
    {
        var isTried = answer == Answer.Done || IsConflict(answer) || answer is { Refusal: Refusal.TokenInvalid, AttemptsRemaining: not null };
        if (!isTried || !model.Accounts.TryGetValue(userId, out var account))
            return;
        var state = account[purpose];
        Check(
            !state.Spent && !(state.LockedUntil > model.Now), Violation.GuessedTooOften,
            $"{purpose} of {userId} after {state.WrongTries} wrong tries");
    }

    ModelToken? CheckRedeemed(string userId, Purpose purpose, string code)
    {
        var token = model.Issued.FirstOrDefault(token => token.UserId == userId && token.Purpose == purpose && token.Code == code);
        Check(token is not null, Violation.ForeignCodeRedeemed, $"{purpose} of {userId}");
        if (token is null)
            return null;

        Check(!token.IsDecoy, Violation.DecoyRedeemed, $"{purpose} of {userId}");
        Check(token.End != "redeemed", Violation.RedeemedTwice, $"{purpose} of {userId}");
        Check(token.End == "redeemed" || token.IsLive(model.Now), Violation.EndedTokenRedeemed, $"{purpose} of {userId}: {token.End ?? "expired"}");
        token.End ??= "redeemed";
        return token;
    }

    /// <summary>The code goes where the token is frozen to, or, where that is another account's, to nobody, and a notice to its owner.</summary>
    void CheckSent(ModelToken token)
    {
        var sent = world.AllMessages.Where(message => message.Kind is MessageKind.Code or MessageKind.AddressInUse or MessageKind.AddressKept).ToList();
        var isRight = sent is [var message] && Model.IsSame(message.To.Value, token.Target) && (token.IsDecoy
            ? message is { Kind: MessageKind.AddressInUse or MessageKind.AddressKept, Code: null, Reference: null }
            : message.Kind == MessageKind.Code && message.Code?.Reveal() == token.Code && message.Reference is not null);
        Check(
            isRight, Violation.CodeSentElsewhere,
            $"{token.Purpose} to {token.Target}: {Join(sent.Select(message => $"{message.Kind} {message.To.Value}"))}");
    }

    /// <summary>The keys that get no code hear once in an hour that one was asked for, and again where it is for another target.</summary>
    void CheckRequestIsTold(int tokensBefore, Account? before)
    {
        var token = model.Issued.Count > tokensBefore ? model.Issued[^1] : null;
        var isNews = token is not null && model.Accounts[token.UserId][token.Purpose] is var state && state.Live(model.Now) is [_]
            && (state.Issues.Count(at => at > model.Now.AddHours(-1)) == 1 || model.Events.Contains(AuditEventType.TokenRevoked));
        var expected = isNews ? before!.Keys.Select(key => key.Address.Value).Where(address => !Model.IsSame(address, token!.Target)) : [];
        var told = world.Requests.ToList();
        Check(
            told.Select(message => message.To.Value).Order().SequenceEqual(expected.Order()), Violation.ChangeUntold,
            $"told of the request for {token?.Purpose} are {Join(told.Select(message => message.To.Value))}, and not {Join(expected)}");
        Check(told.All(message => message.Code is null && message.Reference is null), Violation.CodeSentElsewhere, "A code stands in a notice.");
    }

    void CheckKeys(Request request, string userId, Account? before, Dictionary<string, Account> after)
    {
        var keys = after.Values.SelectMany(account => account.Keys).Select(key => (key.KeyType, key.Address.Canonical)).ToList();
        Check(keys.Distinct().Count() == keys.Count, Violation.KeyOnTwoAccounts, string.Join(", ", keys));
        if (request is not (Request.Put or Request.Erase) && before?.Keys.Any() == true)
            Check(after.GetValueOrDefault(userId)?.Keys.Any() == true, Violation.LastKeyLost, $"{request} of {userId}");
    }

    /// <summary>What differs in the account has been told to every key that it had and has, and is in the audit trail.</summary>
    void CheckNotices(Request request, Operation? completed, Account? before, Account? after)
    {
        if (before is not null && after is not null)
        {
            var told = world.AllMessages
                .Where(message => message.Kind is not (MessageKind.Code or MessageKind.AddressInUse or MessageKind.AddressKept or MessageKind.ChangeRequested))
                .Select(message => (message.Kind, To: message.To.Canonical, message.Subject))
                .ToList();
            var expected = new List<(MessageKind Kind, string To)>();
            foreach (var (kind, type, key) in Differences(completed, before, after))
            {
                model.Events.Add(type);
                // In a change of several things by the platform, a key that comes is told of its own coming.
                var keys = before.Keys.Concat(request == Request.Put ? after.Keys.Where(other => other.KeyType == key) : after.Keys);
                expected.AddRange(keys.Select(other => (kind, other.Address.Canonical)).Distinct());
            }

            var missing = expected.Except(told.Select(notice => (notice.Kind, notice.To))).ToList();
            Check(missing.Count == 0, Violation.ChangeUntold, $"{request}: {Join(missing)}");
            Check(told.All(notice => expected.Any(other => other.Kind == notice.Kind)), Violation.NoticeWithoutChange, $"{request}: {Join(told)}");
            Check(told.Distinct().Count() == told.Count, Violation.NoticeWithoutChange, $"{request} tells twice: {Join(told)}");
        }
        else
        {
            Check(!world.AllMessages.Any(), Violation.NoticeWithoutChange, $"{request}: {Join(world.Sent)}");
        }

        var recorded = world.Recorded.Select(entry => entry.Type).Order().ToList();
        Check(
            recorded.SequenceEqual(model.Events.Order()), Violation.ChangeUnrecorded,
            $"{request}: {Join(recorded)}, and not {Join(model.Events.Order())}");
    }

    static IEnumerable<(MessageKind Kind, AuditEventType Type, KeyType? Key)> Differences(Operation? completed, Account before, Account after)
    {
        foreach (var keyType in Enum.GetValues<KeyType>())
        {
            var (old, current) = (before.Key(keyType), after.Key(keyType));
            if (old is null && current is not null)
                yield return (MessageKind.KeyAdded, AuditEventType.UserKeyAdded, keyType);
            if (old is not null && current is null)
                yield return (MessageKind.KeyRemoved, AuditEventType.UserKeyRemoved, keyType);

            var isReplaced = old is not null && current is not null && !old.Address.Equals(current.Address);
            if (isReplaced)
                yield return (MessageKind.KeyChanged, AuditEventType.UserKeyChanged, keyType);

            // A key that comes has no MFA, whatever the one had that it replaces.
            var hadMfa = old is { MfaEnabled: true } && !isReplaced;
            if (current is not null && current.MfaEnabled != hadMfa)
            {
                yield return current.MfaEnabled
                    ? (MessageKind.MfaEnabled, AuditEventType.MfaEnabled, keyType)
                    : (MessageKind.MfaDisabled, AuditEventType.MfaDisabled, keyType);
            }
        }

        // With the email its code goes without saying; set to what it was, it is set all the same.
        var isSet = completed is Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing;
        if (isSet || (!Equals(before.AntiPhishingCode, after.AntiPhishingCode) && after.Email is not null))
            yield return (MessageKind.AntiPhishingCodeSet, AuditEventType.AntiPhishingCodeSet, KeyType.Email);
    }

    /// <summary>
    /// The code stands in every mail to an address that its owner has proven, and in nothing else; after a change it is the one that stood
    /// before. Where the platform sets the first code and something else at once, what else it does may be told without. With the switch off
    /// it stands nowhere.
    /// </summary>
    void CheckAntiPhishingCodes(Dictionary<string, Account> before, Dictionary<string, Account> after)
    {
        foreach (var message in world.AllMessages)
        {
            var owner = before.Keys.Concat(after.Keys).Distinct().FirstOrDefault(userId =>
                Owns(before, userId, message.To) || Owns(after, userId, message.To));
            var expected = owner is null || message.To.KeyType != KeyType.Email || !model.AntiPhishing
                ? null
                : before.GetValueOrDefault(owner)?.AntiPhishingCode ?? after.GetValueOrDefault(owner)?.AntiPhishingCode;
            var mayBeWithout = owner is not null && before.GetValueOrDefault(owner)?.AntiPhishingCode is null
                && message.Kind is not (MessageKind.AntiPhishingCodeSet or MessageKind.AddressInUse or MessageKind.AddressKept);
            Check(
                Equals(message.AntiPhishingCode, expected) || (mayBeWithout && message.AntiPhishingCode is null), Violation.AntiPhishingCodeMisplaced,
                $"{message.Kind} to {message.To.Value}: {message.AntiPhishingCode?.Reveal()}, and not {expected?.Reveal()}");
        }
    }

    static bool Owns(Dictionary<string, Account> accounts, string userId, Address address) =>
        accounts.GetValueOrDefault(userId)?.Owns(address) == true;

    /// <summary>The accounts are as the model has them; where not, the model goes on with what is.</summary>
    void CheckEffect(Dictionary<string, Account> after)
    {
        Check(
            after.Keys.Order().SequenceEqual(model.Accounts.Keys.Order()), Violation.WrongEffect,
            $"accounts are {Join(after.Keys)}, and not {Join(model.Accounts.Keys)}");
        foreach (var (userId, account) in after)
        {
            if (!model.Accounts.TryGetValue(userId, out var expected))
                continue;

            var keys = account.Keys.ToDictionary(key => key.KeyType, key => (Address: key.Address.Value, Mfa: key.MfaEnabled));
            var isRight = keys.Count == expected.Keys.Count
                && keys.All(key => expected.Keys.TryGetValue(key.Key, out var other) && other == key.Value)
                && account.AntiPhishingCode?.Reveal() == expected.AntiPhishingCode;
            if (isRight)
                continue;

            Check(
                false, Violation.WrongEffect,
                $"{userId} has {Join(keys)} {account.AntiPhishingCode?.Reveal()}, and not {Join(expected.Keys)} {expected.AntiPhishingCode}");
            expected.Keys.Clear();
            foreach (var (keyType, key) in keys)
                expected.Keys[keyType] = key;
            expected.AntiPhishingCode = account.AntiPhishingCode?.Reveal();
        }
    }

    /// <summary>The last purpose that the user has had another token for: a code is of most use where one is awaited.</summary>
    Purpose Another(ModelToken token, Purpose otherwise) =>
        model.Issued.LastOrDefault(other => other.UserId == token.UserId && other.Purpose != token.Purpose)?.Purpose ?? otherwise;

    static string NewKey(KeyType? keyType, int which) =>
        keyType == KeyType.Email ? Emails[which % Emails.Length] : PhoneNumbers[which % PhoneNumbers.Length];

    ModelToken? Token(int back) => back < model.Issued.Count ? model.Issued[^(back + 1)] : null;

    void Check(bool holds, Violation violation, string what)
    {
        if (!holds)
            violations.Add((violation, what));
    }

    static bool IsConflict(Answer answer) => answer.Refusal is
        Refusal.KeyExists or Refusal.KeyMissing or Refusal.LastKey or Refusal.MfaEnabled or Refusal.MfaDisabled or Refusal.EmailRequired
        or Refusal.AntiPhishingExists or Refusal.AntiPhishingMissing or Refusal.KeyTaken;

    static string Join<T>(IEnumerable<T>? values) => $"[{string.Join(", ", values ?? [])}]";
}
