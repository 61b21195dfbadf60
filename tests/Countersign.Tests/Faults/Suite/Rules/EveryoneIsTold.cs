namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>
/// (d), (e) Every commit has caused its messages, no more and no fewer: a code (or, for an address that is taken, a word to its owner) for each token
/// issued, and for each change a notice to every key of the account, old and new.
/// </summary>
sealed class EveryoneIsTold : IRule
{
    public IEnumerable<string> Violations(Evidence evidence)
    {
        var trail = new Trail();
        var expected = evidence.Commits.SelectMany(commit => trail.Apply(commit, FirstEmail(evidence))).CountBy(message => message).ToDictionary();
        var found = evidence.Outbox
            .CountBy(row => new ExpectedMessage(row.CreatedAt, row.Kind, row.Purpose, row.Destination))
            .ToDictionary();

        return expected.Keys.Union(found.Keys)
            .Select(message => (Message: message, Expected: expected.GetValueOrDefault(message), Found: found.GetValueOrDefault(message)))
            .Where(count => count.Expected != count.Found)
            .Select(count => $"{count.Expected} times due and {count.Found} times in the outbox: {count.Message}");
    }

    public static string? FirstEmail(Evidence evidence) =>
        evidence.Calls.FirstOrDefault(call => call.Step == Step.Provision)?.NewKey is { } email ? Masks.Of(email) : null;
}
