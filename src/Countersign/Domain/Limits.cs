namespace Countersign.Domain;

/// <summary>What limits over all accounts make of a decision.</summary>
static class Limits
{
    /// <param name="met">The first limit that has no room; null where all have.</param>
    public static Decision<T> Apply<T>(
        Decision<T> decision, Demand demand, Purpose? purpose, Account before, IReadOnlyList<LimitState> limits, LimitRules rules, DateTimeOffset now,
        out LimitState? met)
        where T : class
    {
        var pumped = Pumped(limits, rules, now);
        met = limits.FirstOrDefault(state => state.FreeAt(now) > now || state == pumped);
        if (met is not null && !rules.DryRun)
        {
            if (met.Limit.Scope != LimitScope.Recipient)
                return new Refused(Refusal.RateLimited, purpose, RetryAfter: met.FreeAt(now) - now ?? Limit.PumpedRetryAfter);
            // The answer says nothing about what others have sent to the address.
            return decision with { Change = Draw(decision.Change!.Silence(met.Limit.Scope), limits.Where(IsOfClient), now) };
        }

        if (limits.Count == 0)
            return decision;
        // A request that changes nothing is counted all the same.
        return decision with { Change = Draw(decision.Change ?? Change.Of(before), limits.Where(state => IsDrawn(state, demand)), now) };
    }

    static Change Draw(Change change, IEnumerable<LimitState> limits, DateTimeOffset now) =>
        change with { Drawn = [.. limits.Select(state => state.AfterUse(now))] };

    static bool IsOfClient(LimitState state) => state.Limit.Scope is LimitScope.ClientIssues or LimitScope.ClientRedeems;

    /// <summary>What a country has redeemed is looked at when a code is sent there, and counted when one is redeemed.</summary>
    static bool IsDrawn(LimitState state, Demand demand) => state.Limit.Scope != LimitScope.SmsCountryRedeemed || demand == Demand.Redeem;

    static LimitState? Pumped(IReadOnlyList<LimitState> limits, LimitRules rules, DateTimeOffset now)
    {
        var sent = limits.FirstOrDefault(state => state.Limit.Scope == LimitScope.SmsCountry);
        var redeemed = limits.FirstOrDefault(state => state.Limit.Scope == LimitScope.SmsCountryRedeemed);
        return sent is not null && redeemed is not null && rules.IsPumped(sent.Uses, redeemed.Uses, now) ? sent : null;
    }
}
