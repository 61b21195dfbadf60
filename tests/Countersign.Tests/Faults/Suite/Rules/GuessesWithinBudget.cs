using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>
/// (c) No more codes are looked at than the budgets allow, per account, operation and key type: 5 on a pending operation, 10 in 24 hours, then none
/// until the lock ends. What is left is said truly.
/// </summary>
sealed class GuessesWithinBudget : IRule
{
    public const int PerToken = 5;
    public const int PerDay = 10;

    /// <summary>Longer than any account of the load lives.</summary>
    static readonly TimeSpan LockFor = TimeSpan.FromMinutes(15);

    /// <summary>Of a decoy: the message that goes in its place lives longer.</summary>
    static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(30);

    public IEnumerable<string> Violations(Evidence evidence)
    {
        var calls = evidence.Calls.ToDictionary(call => call.Id);
        var purposes = evidence.Commits.SelectMany(commit => commit.Events).Select(e => e.Purpose).OfType<Purpose>().Distinct();
        return purposes.SelectMany(purpose => Follow(evidence, purpose, calls)).Concat(Stored(evidence));
    }

    static IEnumerable<string> Follow(Evidence evidence, Purpose purpose, Dictionary<string, Call> calls)
    {
        var budget = new Budget();
        foreach (var commit in evidence.Commits)
        {
            foreach (var e in commit.Events.Where(e => e.Purpose == purpose))
            {
                if (e.Type == "token_issued")
                    budget.Issue(commit.At, ExpiryOf(evidence, commit, purpose));
                if (e.Type == "token_redeemed" && budget.LockedUntil > commit.At)
                    yield return $"{purpose} was redeemed while it was locked: {commit}";
                if (e.Type is "token_redeemed" or "token_revoked")
                    budget.End(e.Type == "token_redeemed");
                if (e is not { Type: "token_refused", Reason: "token-invalid" })
                    continue;

                foreach (var text in budget.Guess(commit.At))
                    yield return $"{purpose}: {text} at {commit}";
                if (calls.GetValueOrDefault(commit.Cause ?? "") is { AttemptsRemaining: { } said } call && said != budget.Remaining)
                    yield return $"{purpose}: {call} was told that {said} attempts remain, and {budget.Remaining} did";
                if (budget.Remaining == 0 && !commit.Has("token_revoked", purpose))
                    yield return $"{purpose}: the last attempt did not end the tokens at {commit}";
            }
        }

        var stored = evidence.Budgets.SingleOrDefault(line => line.Purpose == purpose)?.WrongTries ?? 0;
        if (stored != (budget.LockedUntil is null ? budget.Today : 0))
            yield return $"{purpose}: {stored} wrong tries are stored, and {budget.Today} were made";
    }

    /// <summary>What is counted without an event would be a guess that nobody sees.</summary>
    static IEnumerable<string> Stored(Evidence evidence) =>
        from line in evidence.Budgets
        where line.WrongTries > 0 && !evidence.Commits.Any(commit => commit.Has("token_refused", line.Purpose))
        select $"{line.Purpose}: {line.WrongTries} wrong tries are stored, and none has an event";

    static DateTimeOffset ExpiryOf(Evidence evidence, StoredCommit commit, Purpose purpose) =>
        evidence.Outbox.FirstOrDefault(row => row.CreatedAt == commit.At && row.Purpose == purpose && row.Kind == MessageKind.Code)?.ExpiresAt
        ?? commit.At + TokenLifetime;

    sealed class Budget
    {
        DateTimeOffset newest;
        DateTimeOffset previous;
        int onToken;

        public int Today { get; private set; }

        public DateTimeOffset? LockedUntil { get; private set; }

        public int Remaining { get; private set; }

        public void Issue(DateTimeOffset at, DateTimeOffset expiresAt)
        {
            var isLive = newest > at || previous > at;
            onToken = isLive ? onToken : 0;
            (previous, newest) = (isLive ? newest : default, expiresAt);
        }

        public void End(bool isSuccess)
        {
            (previous, newest, onToken) = (default, default, 0);
            if (isSuccess)
                (Today, LockedUntil) = (0, null);
        }

        public IEnumerable<string> Guess(DateTimeOffset at)
        {
            onToken++;
            Today++;
            Remaining = Math.Max(0, Math.Min(PerToken - onToken, PerDay - Today));
            if (LockedUntil > at)
                yield return "a code was looked at while it was locked";
            if (newest <= at && previous <= at)
                yield return "a code was looked at while nothing was pending";
            if (onToken > PerToken)
                yield return $"the {onToken}th wrong code on a pending operation was looked at";
            if (Today > PerDay)
                yield return $"the {Today}th wrong code of the day was looked at";
            if (Today == PerDay)
                LockedUntil = at + LockFor;
        }
    }
}
