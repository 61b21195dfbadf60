using System.Collections.Concurrent;
using Countersign.Domain;
using CsCheck;

namespace Countersign.Tests.Domain;

/// <summary>Two users, whatever they and the platform do in whatever order, and the plainest model of what may come of it.</summary>
public sealed class ModelTests
{
    const int Runs = 4_000;

    static readonly Gen<string> UserId = Gen.OneOf("alice", "bob");

    static readonly Gen<Command> Issuing = Gen.Select(
        UserId, Gen.OneOf(Purposes.All), Gen.OneOf(ModelRun.Emails), Gen.OneOf(ModelRun.PhoneNumbers), IssueOf);

    /// <summary>Mostly the newest tokens: what is older is rarely still worth a try.</summary>
    static readonly Gen<int> Back = Gen.Frequency((8, Gen.Const(0)), (4, Gen.Const(1)), (3, Gen.Int[2, 5]), (1, Gen.Int[6, 30]));

    static readonly Gen<int> Recent = Gen.Frequency((9, 0), (1, 1));

    static readonly Gen<Command> Redeeming = Gen.Select(
        Back,
        Gen.Frequency((12, Guess.Right), (3, Guess.Wrong), (2, Guess.ByTheOtherUser), (2, Guess.ForAnotherPurpose)),
        Gen.OneOf(Purposes.All),
        Gen.Int[0, 11],
        Gen.OneOf("banana9", "cherry7"),
        (back, guess, other, newKey, newCode) => (Command)new Redeem(back, guess, other, newKey, newCode));

    static readonly Gen<Command> Guessing = Gen.Select(Recent, Gen.Int[1, 12], Gen.Int[0, 12], Gen.Bool, (back, times, againAfter, resends) =>
        (Command)new GuessAgainAndAgain(back, times, againAfter, resends));

    static readonly Gen<Command> Advancing = Gen.OneOf(1, 29, 30, 31, 60, 600, 900, 1_500, 1_799, 1_800, 3_600, 86_400)
        .Select(seconds => (Command)new Advance(TimeSpan.FromSeconds(seconds)));

    static readonly Gen<AccountProfile> Profile = Gen.Select(
        Gen.Int[-1, ModelRun.Emails.Length - 1], Gen.Int[-1, ModelRun.PhoneNumbers.Length - 1], Gen.Bool, Gen.Bool, Gen.Int[0, 2],
        (email, phoneNumber, emailMfa, phoneNumberMfa, code) => World.Profile(
            email < 0 ? null : ModelRun.Emails[email],
            phoneNumber < 0 ? null : ModelRun.PhoneNumbers[phoneNumber],
            email < 0 || code == 0 ? null : $"platform{code}",
            email >= 0 && emailMfa,
            phoneNumber >= 0 && phoneNumberMfa));

    static readonly Gen<Command> Putting = Gen.Select(UserId, Profile, (userId, profile) => (Command)new Put(userId, profile));

    static readonly Gen<Command> Step = Gen.Frequency(
        (30, Issuing),
        (30, Redeeming),
        (12, Advancing),
        (3, Back.Select(back => (Command)new Resend(back))),
        (12, Gen.Select(Recent, Gen.Bool, (back, resends) => (Command)new Again(back, resends))),
        (2, Back.Select(back => (Command)new Cancel(back))),
        (6, Guessing),
        (8, Putting),
        (1, UserId.Select(userId => (Command)new Erase(userId))),
        (1, Gen.Bool.Select(mfa => (Command)new Toggle(mfa))));

    internal static readonly Gen<Command[]> Commands = Gen.Select(
        Putting, Putting, Step.Array[0, 80], (first, second, steps) => (Command[])[first, second, .. steps]);

    /// <summary>What must be seen to be refused on redeeming, after it was allowed on issuing.</summary>
    static readonly Refusal[] AskedAgain =
    [
        Refusal.KeyTaken, Refusal.KeyExists, Refusal.LastKey, Refusal.MfaEnabled, Refusal.MfaDisabled, Refusal.AntiPhishingExists,
        Refusal.AntiPhishingMissing,
    ];

    [Fact]
    public void Whatever_two_users_do_nothing_happens_that_must_not()
    {
        var seen = new ConcurrentDictionary<(Request Request, Operation? Operation, Refusal? Refusal), int>();
        Commands.Sample(
            commands =>
            {
                var run = new ModelRun(Fault.None).Do(commands);
                Assert.True(run.Violations.Count == 0, Print(run));
                foreach (var (request, purpose, answer) in run.Answers)
                    seen.AddOrUpdate((request, purpose?.Operation, answer.Refusal), 1, (_, count) => count + 1);
            },
            iter: Runs, print: Print);

        // A run that never gets anywhere violates nothing either.
        foreach (var operation in Enum.GetValues<Operation>())
        {
            var redeems = operation == Operation.ChangingKey ? (Request.IssueForNewKey, Operation.ChangingNewKey) : (Request.Redeem, operation);
            var issues = operation == Operation.ChangingNewKey ? (Request.IssueForNewKey, operation) : (Request.Issue, operation);
            Assert.True(Count(redeems, null) >= Runs / 40, $"{operation} was redeemed {Count(redeems, null)} times");
            Assert.True(Count(issues, null) >= Runs / 40, $"{operation} was issued {Count(issues, null)} times");
        }

        // What an operator does, and undoing, are not among the commands.
        foreach (var refusal in Enum.GetValues<Refusal>().Except([Refusal.NotHeld, Refusal.AccountFrozen]))
        {
            var count = seen.Where(answer => answer.Key.Refusal == refusal).Sum(answer => answer.Value);
            Assert.True(count >= Runs / 40, $"{refusal.Name()} was answered {count} times");
        }

        foreach (var refusal in AskedAgain)
            Assert.Contains(seen.Keys, answer => answer.Request == Request.Redeem && answer.Refusal == refusal);

        int Count((Request Request, Operation Operation) asked, Refusal? refusal) =>
            seen.GetValueOrDefault((asked.Request, asked.Operation, refusal));
    }

    internal static string Print(Command[] commands) => string.Join(Environment.NewLine, commands.Select(command => command.ToString()));

    static string Print(ModelRun run) => string.Join(Environment.NewLine, run.Violations.Select(found => $"{found.Violation}: {found.What}"));

    static Command IssueOf(string userId, Purpose purpose, string email, string phoneNumber) => purpose switch
    {
        // The second step is issued by redeeming the first; asked for by itself, it is the first that is meant.
        { Operation: Operation.ChangingNewKey } => new Issue(userId, purpose with { Operation = Operation.ChangingKey }, null),
        { Operation: Operation.AddingKey, KeyType: KeyType.Email } => new Issue(userId, purpose, email),
        { Operation: Operation.AddingKey } => new Issue(userId, purpose, phoneNumber),
        _ => new Issue(userId, purpose, null),
    };
}
