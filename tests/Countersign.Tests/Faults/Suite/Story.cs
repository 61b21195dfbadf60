using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite;

/// <summary>
/// What would be found of one account with which everything went as it should, built request by request; a test then falsifies a part of it. A request
/// takes a second, and so does the pause until the next.
/// </summary>
sealed class Story
{
    public const string UserId = "alice";
    public const string Email = "a@first.example";
    public const string Phone = "+4915100000001";

    public static readonly Purpose AddingPhone = new(Operation.AddingKey, KeyType.PhoneNumber);
    public static readonly Purpose EnablingMfa = new(Operation.EnablingMfa, KeyType.Email);

    static readonly DateTimeOffset Start = new(2026, 11, 22, 19, 0, 0, TimeSpan.Zero);
    static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(30);
    static readonly TimeSpan NoticeLifetime = TimeSpan.FromHours(24);

    readonly Trail trail = new();
    int second;
    long version;

    public Story()
    {
        Add(new Call { Id = "provision", UserId = UserId, Step = Step.Provision, NewKey = Email, Status = 201 }, ("account_provisioned", null, null, null));
    }

    public List<Call> Calls { get; } = [];

    public List<KeyLine> Keys { get; } = [];

    public List<TokenLine> Tokens { get; } = [];

    public List<BudgetLine> Budgets { get; } = [];

    public List<EventLine> Events { get; } = [];

    public List<OutboxLine> Outbox { get; } = [];

    public List<HandedOver> HandedOver { get; } = [];

    public long Version { get => version; set => version = value; }

    public Evidence Evidence
    {
        get
        {
            var claims = Keys.Select(key => new ClaimLine(UserId, key.KeyType, key.Address)).ToList();
            var account = new AccountLine(UserId, version, trail.HasAntiPhishingCode);
            return Suite.Evidence.PerAccount(Calls, new Dump([account], Keys, claims, Tokens, Budgets, Events, Outbox), HandedOver).Single();
        }
    }

    public static Call NewCall(string id, Step step, Purpose purpose, int? status = 200) =>
        new() { Id = id, UserId = UserId, Step = step, Purpose = purpose, Status = status };

    /// <summary>Issues a token; its message, which has the id of the request.</summary>
    public string Issue(string id, Purpose purpose, string target, Step step = Step.Issue)
    {
        var call = NewCall(id, step, purpose) with { NewKey = purpose.Operation == Operation.AddingKey ? target : null, Reference = $"R-{id}" };
        Add(call, ("token_issued", purpose, target, null));
        return id;
    }

    /// <summary>A wrong code that was looked at.</summary>
    public void Guess(string id, Purpose purpose, string target, int remaining, string? revoked = null)
    {
        var call = NewCall(id, Step.Redeem, purpose, 422) with { Problem = "token-invalid", AttemptsRemaining = remaining };
        Add(call, [("token_refused", purpose, target, "token-invalid"), .. revoked is null ? [] : new Line[] { ("token_revoked", purpose, target, revoked) }]);
        var tries = Budgets.SingleOrDefault(line => line.Purpose == purpose)?.WrongTries ?? 0;
        Budgets.RemoveAll(line => line.Purpose == purpose);
        Budgets.Add(new BudgetLine(UserId, purpose, tries + 1, null));
    }

    public void Redeem(string id, Purpose purpose, string token, string target, int? status = 200)
    {
        Add(NewCall(id, Step.Redeem, purpose, status) with { Token = token }, ("token_redeemed", purpose, target, null), (EventOf(purpose), purpose, target, null));
        Budgets.RemoveAll(line => line.Purpose == purpose);
    }

    public void Cancel(string id, Purpose purpose, string target) =>
        Add(NewCall(id, Step.Cancel, purpose, 204), ("token_revoked", purpose, target, "cancelled"));

    /// <summary>A request that was refused without a trace in the store.</summary>
    public void Refuse(Call call) => Calls.Add(At(call));

    /// <summary>A request and the commit that it caused, with the messages and the final state that follow from it.</summary>
    public void Add(Call call, params Line[] lines)
    {
        var ended = At(call);
        Calls.Add(ended);
        Commit(call.Id, ended.Ended.At, lines);
    }

    public void Commit(string cause, DateTimeOffset at, params Line[] lines)
    {
        version++;
        var events = lines
            .Select((line, ordinal) => new EventLine(
                UserId, version, ordinal, at, line.Type, line.Purpose, line.Target is { } target ? Masks.Of(target) : null, line.Reason, cause))
            .ToList();
        Events.AddRange(events);
        var messages = trail.Apply(new StoredCommit(version, at, cause, events), Masks.Of(Email));
        foreach (var (message, ordinal) in messages.Select((message, ordinal) => (message, ordinal)))
            Send(message.Kind == MessageKind.Code ? cause : $"{cause}-notice-{ordinal}", $"R-{cause}", message);

        Keys.Clear();
        Keys.AddRange(trail.Keys.Select(key => new KeyLine(UserId, key.Key, key.Value.Address, key.Value.MfaEnabled, key.Value.VerifiedAt)));
        Tokens.Clear();
        Tokens.AddRange(trail.Pending.Select(pending => new TokenLine(
            UserId, pending.Key, pending.Value, Outbox.Last(row => row.Purpose == pending.Key && row.Kind == MessageKind.Code).Id)));
    }

    public static void Replace<T>(List<T> list, Predicate<T> which, Func<T, T> by)
    {
        var index = list.FindIndex(which);
        Assert.NotEqual(-1, index);
        list[index] = by(list[index]);
    }

    void Send(string id, string reference, ExpectedMessage message)
    {
        var isCode = message.Kind == MessageKind.Code;
        var row = new OutboxLine(
            UserId, id, message.Kind, message.Purpose, message.Destination, "SENT", message.CreatedAt,
            message.CreatedAt + (isCode ? TokenLifetime : NoticeLifetime), message.CreatedAt.AddMilliseconds(100));
        Outbox.Add(row);
        var address = Calls.Select(call => call.NewKey).OfType<string>().First(key => Masks.Of(key) == message.Destination);
        var channel = address.Contains('@', StringComparison.Ordinal) ? KeyType.Email : KeyType.PhoneNumber;
        HandedOver.Add(new HandedOver(
            id, UserId, channel, address, null, isCode ? $"Code 1 for {message.Destination}." : "It was changed.", isCode ? "1" : null,
            isCode ? reference : null, MomentAt(second + 0.1), 0));
    }

    Call At(Call call)
    {
        second += 2;
        return call with { Sent = MomentAt(second - 1), Ended = MomentAt(second) };
    }

    public static Moment MomentAt(double seconds) => new((long)(seconds * TimeSpan.TicksPerSecond), Start.AddSeconds(seconds));

    static string EventOf(Purpose purpose) => purpose.Operation switch
    {
        Operation.AddingKey => "user_key_added",
        Operation.EnablingMfa => "mfa_enabled",
        _ => throw new ArgumentException("No story tells of it.", nameof(purpose)),
    };
}

/// <summary>An event, as a story is told.</summary>
readonly record struct Line(string Type, Purpose? Purpose, string? Target, string? Reason)
{
    public static implicit operator Line((string Type, Purpose? Purpose, string? Target, string? Reason) line) => new(line.Type, line.Purpose, line.Target, line.Reason);
}
