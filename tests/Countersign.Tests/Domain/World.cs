using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Countersign.Domain;

namespace Countersign.Tests.Domain;

/// <summary>What can be asked of a <see cref="World"/>.</summary>
enum Request
{
    Issue,
    IssueForNewKey,
    Resend,
    Cancel,
    Redeem,
    Undo,
    Put,
    Erase,
}

/// <summary>
/// Accounts in memory, and the pure domain driven as the shell and the store drive it: load (with whose the targets are), decide, commit.
/// Codes are counted through and not random, so that a run can be repeated, and no two tokens have the same one.
/// </summary>
sealed class World(Fault fault)
{
    public static readonly DateTimeOffset Start = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    readonly SortedDictionary<string, Account> accounts = new(StringComparer.Ordinal);
    readonly Dictionary<Address, AddressOwner> kept = [];
    int draws;

    public World() : this(Fault.None)
    {
    }

    public static readonly TokenCodes Codes = new([new TokenKey("test", Enumerable.Repeat((byte)7, TokenKey.Size).ToArray())]);

    public Rules Rules { get; set; } = new CountersignOptions().ToRules();

    public DateTimeOffset Now { get; private set; } = Start;

    public IEnumerable<Account> Accounts => accounts.Values;

    /// <summary>What the last request stored; null where it stored nothing.</summary>
    public Change? Stored { get; private set; }

    /// <summary>The code of the last token that was issued.</summary>
    public string LastCode { get; private set; } = "";

    /// <summary>What can be undone, of one account.</summary>
    public Dictionary<string, UndoPoint> Undos { get; } = [];

    /// <summary>The codes of the last tokens that were issued for each purpose of each user.</summary>
    public Dictionary<(string UserId, Purpose Purpose), string> Newest { get; } = [];

    /// <summary>What was sent, without what tells other keys of a request: a flow is about what comes of it.</summary>
    public IEnumerable<Message> Messages => AllMessages.Except(Requests);

    public IEnumerable<Message> Requests => AllMessages.Where(message => message.Kind == MessageKind.ChangeRequested);

    public IEnumerable<Message> AllMessages => Stored?.Messages ?? [];

    public IEnumerable<(MessageKind Kind, string To)> Sent => Messages.Select(message => (message.Kind, message.To.Value));

    public IEnumerable<(AuditEventType Type, Purpose? Purpose, string? Reason)> Recorded =>
        (Stored?.Events ?? []).Select(entry => (entry.Type, entry.Purpose, entry.Reason));

    public void Advance(TimeSpan time) => Now += time;

    /// <summary>A user whose account the platform has made.</summary>
    public Person Person(
        string? email = null, string? phoneNumber = null, string? code = null,
        bool emailMfa = false, bool phoneNumberMfa = false, string userId = "alice")
    {
        var put = Put(userId, Profile(email, phoneNumber, code, emailMfa, phoneNumberMfa));
        Assert.Null(put.Refused);
        return new Person(this, userId);
    }

    public static AccountProfile Profile(
        string? email = null, string? phoneNumber = null, string? code = null, bool emailMfa = false, bool phoneNumberMfa = false) => new()
    {
        Email = (EmailAddress?)Address(email),
        PhoneNumber = (PhoneNumber?)Address(phoneNumber),
        AntiPhishingCode = code is null ? null : AntiPhishingCode(code),
        EmailMfa = emailMfa,
        PhoneNumberMfa = phoneNumberMfa,
    };

    public Account? Find(string userId) => accounts.GetValueOrDefault(userId);

    public Outcome<IssuedToken> Issue(string userId, Purpose purpose, Address? newKey) =>
        Run(Request.Issue, userId, purpose, (account, rules, now) =>
            account.Issue(purpose, newKey, newKey is null ? null : Owner(newKey, userId), Draw(), Codes, rules, now));

    public Outcome<IssuedToken> IssueForNewKey(string userId, Address newKey, string code) =>
        Run(Request.IssueForNewKey, userId, new Purpose(Operation.ChangingNewKey, newKey.KeyType), (account, rules, now) =>
            account.IssueForNewKey(newKey, Owner(newKey, userId), Code(code), Draw(), Codes, rules, now));

    public Outcome<IssuedToken> Resend(string userId, Purpose purpose) =>
        Run(Request.Resend, userId, purpose, (account, rules, now) => account.Resend(purpose, Draw(), Codes, rules, now));

    public Outcome<Account> Cancel(string userId, Purpose purpose) =>
        Run(Request.Cancel, userId, purpose, (account, _, now) => account.Cancel(purpose, now));

    public Outcome<Account> Redeem(string userId, Purpose purpose, string code, AntiPhishingCode? newCode = null)
    {
        var typed = fault.Types(this, userId, purpose, code);
        return Run(Request.Redeem, userId, purpose, (account, rules, now) =>
            account.Redeem(purpose, Code(typed), newCode, DrawUndo(), Codes, rules, now));
    }

    /// <summary>Follows a link in a notice.</summary>
    public Outcome<Account> Undo(string userId, UndoToken token)
    {
        var point = Undos.GetValueOrDefault(token.Id);
        var owners = (point?.Before.Addresses ?? []).Select(address => Owner(address, userId)).OfType<AddressOwner>().ToList();
        return Run(Request.Undo, userId, null, (account, rules, now) => account.Undo(point, token, owners, Codes, rules, now));
    }

    public Outcome<Account> Put(string userId, AccountProfile profile)
    {
        Stored = null;
        if (profile.Addresses.Any(address => Owner(address, userId) is { KeptUntil: null } owner && owner.UserId != userId))
            return new Refused(Refusal.KeyTaken);

        var before = Load(userId);
        var change = before is null ? Provisioning.Create(userId, profile, Now) : Provisioning.Replace(before, profile, Rules, Now);
        if (change is not null)
            Commit(Request.Put, before ?? Account.New(userId), change with { OverrulesKept = true });
        return change?.After ?? before!;
    }

    public Outcome<Account> Erase(string userId) =>
        Run(Request.Erase, userId, null, (account, _, _) => new Decision<Account>(account, Provisioning.Erase(account)));

    public static Address? Address(string? text)
    {
        if (text is null)
            return null;

        if (text.StartsWith('+'))
        {
            Assert.True(PhoneNumber.TryParse(text, PhoneNumberAcceptance.Shape, out var number, out _), text);
            return number;
        }

        Assert.True(EmailAddress.TryParse(text, out var email, out _), text);
        return email;
    }

    public static AntiPhishingCode AntiPhishingCode(string text)
    {
        Assert.True(Countersign.Domain.AntiPhishingCode.TryParse(text, out var code), text);
        return code;
    }

    /// <summary>The one answer to every code that is not right.</summary>
    public static Refused Invalid(Purpose purpose, int? attemptsRemaining = null) => new(Refusal.TokenInvalid, purpose, attemptsRemaining);

    /// <summary>A code of six digits that no token of any run has.</summary>
    public static string WrongCode(int which) => CodeAt(500_000 + which);

    Outcome<T> Run<T>(Request request, string userId, Purpose? purpose, Func<Account, Rules, DateTimeOffset, Decision<T>> decide) where T : class
    {
        Stored = null;
        if (purpose is { } asked && !Rules.IsOn(asked.Operation))
            return new Refused(Refusal.FeatureDisabled, purpose);
        if (Load(userId) is not { } account)
            return new Refused(Refusal.AccountNotFound, purpose);

        var decision = decide(fault.Loads(request, account), fault.Rules(request, Rules), fault.Clock(request, Now));
        if (decision.Change is { } change)
            Commit(request, account, change);
        return decision.Outcome;
    }

    Account? Load(string userId) => Find(userId) is not { } account ? null : account with
    {
        Purposes = account.Purposes.ToImmutableDictionary(pair => pair.Key, pair => pair.Value with
        {
            Pending = pair.Value.Pending is { } pending ? pending with { TargetOwner = Owner(pending.Target, userId) } : null,
        }),
    };

    void Commit(Request request, Account before, Change decided)
    {
        if (fault.Stores(request, before, decided) is not { } change)
            return;

        Stored = change;
        foreach (var issued in change.Events.Where(entry => entry.Type == AuditEventType.TokenIssued))
            Newest[(before.UserId, issued.Purpose!.Value)] = LastCode;

        Keep(before, change);
        foreach (var undo in Undos.Values.Where(undo => undo.Version >= change.VoidsUndosFrom).ToList())
            Undos.Remove(undo.Id);
        if (change.Offers is { } point)
            Undos[point.Id] = point;
        if (change.Erases)
            accounts.Remove(before.UserId);
        else
            accounts[before.UserId] = change.After with { Version = before.Version + 1 };
    }

    /// <summary>As the claims of the store: what is given up is kept for a while, and what is claimed is kept no longer.</summary>
    void Keep(Account before, Change change)
    {
        foreach (var address in change.After.Keys.Select(key => key.Address).Where(address => !before.Owns(address)))
        {
            if (kept.TryGetValue(address, out var owner) && owner.Bars(before.UserId, Now) && !change.OverrulesKept)
                throw new InvalidOperationException("The store would not take this.");
            kept.Remove(address);
        }

        foreach (var address in before.Keys.Select(key => key.Address).Where(address => !change.After.Owns(address)))
        {
            if (change.ReleasedAt > Now)
                kept[address] = new AddressOwner(before.UserId, address, null, null) { KeptUntil = change.ReleasedAt };
        }

        foreach (var address in kept.Where(_ => change.Erases).Where(owner => owner.Value.UserId == before.UserId).Select(owner => owner.Key).ToList())
            kept.Remove(address);
    }

    AddressOwner? Owner(Address address, string asking)
    {
        var owner = Accounts.FirstOrDefault(account => account.Owns(address));
        if (owner is null)
            return fault.HidesOwners ? null : kept.GetValueOrDefault(address);
        if (owner.UserId != asking && fault.HidesOwners)
            return null;

        // The store does not open an account's own code for it.
        var code = owner.UserId == asking ? null : owner.AntiPhishingCode;
        return new AddressOwner(owner.UserId, owner.Key(address.KeyType)!.Address, owner.Locale, code);
    }

    UndoToken DrawUndo() => new(SHA256.HashData(Encoding.ASCII.GetBytes($"undo {draws++}")));

    Draw Draw()
    {
        LastCode = CodeAt(draws++);
        return new Draw(
            Code(LastCode),
            Base34(draws),
            $"message-{draws}",
            SHA256.HashData(Encoding.ASCII.GetBytes($"unmatchable {draws}")));
    }

    static TokenCode Code(string text) => new(text, CodeFormat.Digits6);

    /// <summary>The step has no factor in common with a million: the first million codes differ.</summary>
    static string CodeAt(int number) => (((long)number * 7_919) + 104_729).ToString("D9", CultureInfo.InvariantCulture)[^6..];

    static string Base34(int number)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789";
        return $"{alphabet[number / 34 / 34 % 34]}{alphabet[number / 34 % 34]}{alphabet[number % 34]}";
    }
}

/// <summary>What a user does, in a test of one flow.</summary>
sealed class Person(World world, string userId)
{
    public string UserId => userId;

    public Account Account => world.Find(userId)!;

    public Outcome<IssuedToken> Issue(Purpose purpose, string? newKey = null) => world.Issue(userId, purpose, World.Address(newKey));

    /// <summary>Has a token issued, and gives its code.</summary>
    public string Code(Purpose purpose, string? newKey = null)
    {
        var issued = Issue(purpose, newKey);
        Assert.Null(issued.Refused);
        return world.LastCode;
    }

    public Outcome<IssuedToken> IssueForNewKey(string newKey, string code) => world.IssueForNewKey(userId, World.Address(newKey)!, code);

    /// <summary>Takes the first step of a change and has the token of the second issued: its code.</summary>
    public string CodeForNewKey(string newKey)
    {
        var firstStep = Code(new Purpose(Operation.ChangingKey, World.Address(newKey)!.KeyType));
        var issued = IssueForNewKey(newKey, firstStep);
        Assert.Null(issued.Refused);
        return world.LastCode;
    }

    public Outcome<IssuedToken> Resend(Purpose purpose) => world.Resend(userId, purpose);

    public Outcome<Account> Cancel(Purpose purpose) => world.Cancel(userId, purpose);

    public Outcome<Account> Redeem(Purpose purpose, string code, string? newCode = null) =>
        world.Redeem(userId, purpose, code, newCode is null ? null : World.AntiPhishingCode(newCode));

    /// <summary>The platform says what the account is from now on.</summary>
    public void Becomes(AccountProfile profile) => Assert.Null(world.Put(userId, profile).Refused);

    public PurposeState State(Purpose purpose) => Account.State(purpose);
}

/// <summary>What a <see cref="World"/> does wrong; each hook does nothing unless it is replaced.</summary>
sealed record Fault
{
    public static readonly Fault None = new();

    /// <summary>The account that is decided on.</summary>
    public Func<Request, Account, Account> Loads { get; init; } = (_, account) => account;

    public Func<Request, Rules, Rules> Rules { get; init; } = (_, rules) => rules;

    public Func<Request, DateTimeOffset, DateTimeOffset> Clock { get; init; } = (_, now) => now;

    /// <summary>What becomes of a decision; null where it is forgotten.</summary>
    public Func<Request, Account, Change, Change?> Stores { get; init; } = (_, _, change) => change;

    /// <summary>The code that is compared, in place of the one that was typed.</summary>
    public Func<World, string, Purpose, string, string> Types { get; init; } = (_, _, _, code) => code;

    /// <summary>Whether the store does not see that an address is another account's.</summary>
    public bool HidesOwners { get; init; }
}
