namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>(d) At the end the account is what its trail made it: keys, MFA, anti-phishing code, pending operations.</summary>
sealed class FinalState : IRule
{
    public IEnumerable<string> Violations(Evidence evidence)
    {
        var trail = new Trail();
        foreach (var commit in evidence.Commits)
            trail.Apply(commit, EveryoneIsTold.FirstEmail(evidence));

        return Keys(evidence, trail).Concat(Claims(evidence)).Concat(Pending(evidence, trail));
    }

    static IEnumerable<string> Keys(Evidence evidence, Trail trail)
    {
        var expected = trail.Keys.Select(key => new KeyLine(evidence.UserId, key.Key, key.Value.Address, key.Value.MfaEnabled, key.Value.VerifiedAt));
        foreach (var missing in expected.Except(evidence.Keys))
            yield return $"the trail ends with {missing}, and the account does not have it";
        foreach (var extra in evidence.Keys.Except(expected))
            yield return $"the account has {extra}, and the trail does not end with it";
        if (evidence.Account?.HasAntiPhishingCode is { } has && has != trail.HasAntiPhishingCode)
            yield return $"the account {(has ? "has an" : "has no")} anti-phishing code, and the trail says otherwise";
    }

    /// <summary>An address is held by whoever has it as a key, and by nobody else.</summary>
    static IEnumerable<string> Claims(Evidence evidence)
    {
        var expected = evidence.Keys.Select(key => new ClaimLine(evidence.UserId, key.KeyType, key.Address)).ToHashSet();
        return expected.SetEquals(evidence.Claims) && evidence.Claims.Count == expected.Count
            ? []
            : [$"the account has {string.Join(", ", expected)}, and claims {string.Join(", ", evidence.Claims)}"];
    }

    static IEnumerable<string> Pending(Evidence evidence, Trail trail)
    {
        foreach (var (purpose, target) in trail.Pending)
        {
            var stored = evidence.Tokens.SingleOrDefault(line => line.Purpose == purpose);
            if (stored?.Target != target)
                yield return $"{purpose} waits for {target} by the trail, and for {stored?.Target ?? "nothing"} in the store";
            else if (evidence.Row(stored.MessageId!)?.Purpose != purpose)
                yield return $"{purpose} is pending with message {stored.MessageId}, which the outbox does not have";
        }

        foreach (var stored in evidence.Tokens.Where(line => line.Target is not null && !trail.Pending.ContainsKey(line.Purpose)))
            yield return $"{stored.Purpose} waits for {stored.Target} in the store, and for nothing by the trail";
    }
}
