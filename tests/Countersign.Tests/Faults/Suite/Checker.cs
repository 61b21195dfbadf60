using Countersign.Domain;
using Countersign.Tests.Faults.Suite.Rules;

namespace Countersign.Tests.Faults.Suite;

/// <summary>One thing that must hold of every account.</summary>
interface IRule
{
    /// <summary>What does not hold, with enough to look it up in the history.</summary>
    IEnumerable<string> Violations(Evidence evidence);
}

sealed record Violation(string Rule, string UserId, string Text)
{
    public override string ToString() => $"{Rule}: {UserId}: {Text}";
}

/// <summary>Compares what clients saw, what the database holds and what was handed over. Pure.</summary>
static class Checker
{
    static readonly IRule[] Rules =
    [
        new OneSuccessPerToken(),
        new NoSuccessAfterTheEnd(),
        new GuessesWithinBudget(),
        new EveryChangeOnce(),
        new EveryoneIsTold(),
        new FinalState(),
        new NoMessageIsLost(),
        new OnlyAddressesOfTheCommit(),
        new AnswersOfTheContract(),
    ];

    public static IReadOnlyList<Violation> Check(IEnumerable<Evidence> accounts) =>
        [.. from evidence in accounts
            from rule in Rules
            from text in rule.Violations(evidence)
            select new Violation(rule.GetType().Name, evidence.UserId, text)];
}

static class Masks
{
    /// <summary>The mask of an address of either kind.</summary>
    public static string Of(string address) =>
        Address.FromStore(address.Contains('@', StringComparison.Ordinal) ? KeyType.Email : KeyType.PhoneNumber, address).Masked;
}
