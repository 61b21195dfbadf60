namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>(a) A token is redeemed at most once, ever.</summary>
sealed class OneSuccessPerToken : IRule
{
    public IEnumerable<string> Violations(Evidence evidence) =>
        from success in evidence.Successes
        where success.Token is not null
        group success by success.Token into successes
        where successes.Count() > 1
        select $"the token of message {successes.Key} was redeemed {successes.Count()} times: {string.Join("; ", successes)}";
}
