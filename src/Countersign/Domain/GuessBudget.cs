namespace Countersign.Domain;

/// <summary>
/// The wrong tries of a purpose within a day, and the locks that they led to. Issuing never touches it: a resend gives an attacker
/// nothing. Only a success does away with it.
/// </summary>
sealed record GuessBudget(SlidingWindow WrongTries, int Locks, DateTimeOffset? LockedUntil)
{
    public static readonly TimeSpan Span = TimeSpan.FromDays(1);

    public static readonly GuessBudget Fresh = new(SlidingWindow.Empty, 0, null);

    public bool IsLocked(DateTimeOffset now) => LockedUntil > now;

    public int Remaining(Rules rules, DateTimeOffset now) => Math.Max(0, rules.WrongTriesPerDay - WrongTries.Count(now, Span));

    /// <summary>The budget after one more wrong try; the one that spends it locks the purpose, each time for longer.</summary>
    public GuessBudget AfterWrongTry(Rules rules, DateTimeOffset now)
    {
        var tries = WrongTries.Add(now, Span);
        if (tries.Count(now, Span) < rules.WrongTriesPerDay)
            return this with { WrongTries = tries };

        var duration = rules.LockFor[Math.Min(Locks, rules.LockFor.Count - 1)];
        return new GuessBudget(SlidingWindow.Empty, Locks + 1, now + duration);
    }
}
