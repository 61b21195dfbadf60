using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Bench.Micro;

/// <summary>
/// An account as one is loaded when something is asked of it: a mail address and a phone number, an anti-phishing code, a hold that stands and one that has passed, and
/// two operations pending, one of them the second step of a change. It is made by the domain, so that it is what the domain makes of an account.
/// </summary>
static class Sample
{
    public const string UserId = "0192f3c4-7d1e-7a55-9c1b-5f0e8a6b21d4";
    public const string KeyId = "2026-01";

    /// <summary>In Base64, as a setting has it.</summary>
    public static readonly string KeyValue = Convert.ToBase64String(Enumerable.Repeat((byte)7, TokenKey.Size).ToArray());

    public static readonly DateTimeOffset Now = new(2026, 1, 5, 12, 0, 0, 345, TimeSpan.Zero);

    public static readonly CountersignOptions Options = new() { PublicUrl = "https://accounts.example.com" };
    public static readonly Rules Rules = Options.ToRules();
    public static readonly TokenCodes Codes = new([new TokenKey(KeyId, Convert.FromBase64String(KeyValue))]);

    public static readonly Purpose ChangingPhoneNumber = new(Operation.ChangingKey, KeyType.PhoneNumber);
    public static readonly Purpose ChangingToNewEmail = new(Operation.ChangingNewKey, KeyType.Email);
    public static readonly Purpose ChangingAntiPhishing = new(Operation.ChangingAntiPhishing, null);

    public static readonly EmailAddress NewEmail = Email("alice.new@mail.example.org");
    public static readonly PhoneNumber NewNumber = Number("+4915198765432");

    public static readonly TokenCode CodeToNewEmail = Code("207345");
    public static readonly TokenCode CodeToPhoneNumber = Code("730912");
    public static readonly TokenCode WrongCode = Code("111111");
    public static readonly UndoToken Undo = new(Enumerable.Range(1, UndoToken.Size).Select(number => (byte)number).ToArray());

    public static readonly Account Account = Make();

    public static readonly Caller Caller =
        new(UserId, "203.0.113.17", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:136.0) Gecko/20100101 Firefox/136.0");

    /// <summary>What is drawn for a token, but always the same.</summary>
    public static Draw Draw(string code) => new(Code(code), "K7Q", $"019b8df17459{code}7c2e9f04d1a6b835", Enumerable.Repeat((byte)3, 32).ToArray());

    /// <summary>A code to the mail address, and, because there was none in the hour before, a notice of it to the phone number.</summary>
    public static Decision<IssuedToken> Issue(Draw draw) => Account.Issue(ChangingAntiPhishing, null, null, draw, Codes, Rules, Now);

    /// <summary>The end of a change of the mail address: three notices, of which the two to the account's old keys carry an undo link.</summary>
    public static Decision<Account> Redeem() => Account.Redeem(ChangingToNewEmail, CodeToNewEmail, null, Undo, Codes, Rules, Now);

    /// <summary>The limits that an issue of this decision meets, each used before.</summary>
    public static IReadOnlyList<LimitState> Limits(Change change) =>
        [.. Rules.Limits.For(Demand.Issue, Caller.Client, change, isDone: true).Select(limit => new LimitState(limit, Window(3), 3))];

    /// <summary>So many uses, ten seconds apart, the last a minute ago.</summary>
    public static SlidingWindow Window(int uses) =>
        Enumerable.Range(0, uses).Aggregate(SlidingWindow.Empty, (window, use) => window.Add(Now.AddMinutes(-1).AddSeconds(10 * (use - uses)), TimeSpan.FromDays(1)));

    /// <summary>The messages of a decision as the shell hands them to the store.</summary>
    public static IReadOnlyList<QueuedMessage> Queued(Change change) =>
        [.. change.Messages.Select((message, ordinal) => QueuedMessage.New(
            UserId, message.Id ?? $"019b8df1745970007c2e9f04d1a6b835-{ordinal}", message, origin: Account.Owns(message.To) ? Origin.Of(Caller) : null))];

    public static Commit Commit(Change change) => new(Account, change, "019b8df1745970007c2e9f04d1a6b835", Now, Caller, Queued(change));

    /// <summary>What is measured is what it says: a refusal would be a quick thing.</summary>
    public static void Require(bool isSo, string what)
    {
        if (!isSo)
            throw new InvalidOperationException($"The benchmark does not do what it says: {what}");
    }

    public static EmailAddress Email(string text) => EmailAddress.TryParse(text, out var email, out var error) ? email : throw new InvalidOperationException(error);

    public static PhoneNumber Number(string text) =>
        PhoneNumber.TryParse(text, PhoneNumberAcceptance.Shape, out var number, out var error) ? number : throw new InvalidOperationException(error);

    static TokenCode Code(string text) => new(text, CodeFormat.Digits6);

    static Account Make()
    {
        var profile = new AccountProfile
        {
            Email = Email("alice.miller@example.com"),
            PhoneNumber = Number("+4915123456789"),
            Locale = "en-GB",
            AntiPhishingCode = AntiPhishingCode.TryParse("bluefox9", out var code) ? code : null,
        };
        var account = Provisioning.Create(UserId, profile, Now.AddDays(-90)).After
            .Held(HoldReason.MfaDisabled, Rules, Now.AddDays(-40))
            .Held(HoldReason.KeyAdded, Rules, Now.AddHours(-2));

        account = After(account.Issue(new Purpose(Operation.ChangingKey, KeyType.Email), null, null, Draw("648203"), Codes, Rules, Now.AddMinutes(-4)));
        account = After(account.IssueForNewKey(NewEmail, null, Code("648203"), Draw(CodeToNewEmail.Reveal()), Codes, Rules, Now.AddMinutes(-3)));
        account = After(account.Issue(ChangingPhoneNumber, null, null, Draw(CodeToPhoneNumber.Reveal()), Codes, Rules, Now.AddMinutes(-2)));
        return account with { Version = 17, Trail = new TrailMark(23, Enumerable.Repeat((byte)9, 32).ToArray()) };
    }

    static Account After<T>(Decision<T> decision) where T : class
    {
        Require(decision.Outcome.Refused is null, "the account cannot be made.");
        return decision.Change!.After;
    }
}
