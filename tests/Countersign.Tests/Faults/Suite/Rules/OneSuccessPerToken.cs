namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>(a) A token is redeemed at most once, ever, and by no other code than the one that was sent.</summary>
sealed class OneSuccessPerToken : IRule
{
    public IEnumerable<string> Violations(Evidence evidence) => Repeated(evidence).Concat(MadeUp(evidence));

    static IEnumerable<string> Repeated(Evidence evidence) =>
        from success in evidence.Successes
        where success.Token is not null
        group success by success.Token into successes
        where successes.Count() > 1
        select $"the token of message {successes.Key} was redeemed {successes.Count()} times: {string.Join("; ", successes)}";

    static IEnumerable<string> MadeUp(Evidence evidence) =>
        evidence.Successes.Where(success => success.Token is null).Select(success => $"a code that nobody was sent was taken from {success}");
}
