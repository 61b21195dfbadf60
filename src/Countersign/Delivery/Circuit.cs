namespace Countersign.Delivery;

/// <summary>How a try got past a <see cref="Circuit"/>.</summary>
enum Entry
{
    /// <summary>It did not: the sender is passed over.</summary>
    None,

    /// <summary>The sender is thought to work.</summary>
    Regular,

    /// <summary>The sender has failed, and this try finds out whether it still does.</summary>
    Probe,
}

/// <summary>
/// What this node has seen of a sender. It opens after so many failures in a row, lets nobody through for a while, and then one probe at a time.
/// </summary>
sealed class Circuit(TimeProvider clock)
{
    public const int FailuresToOpen = 5;

    public static readonly TimeSpan OpenFor = TimeSpan.FromSeconds(30);

    /// <summary>Whatever the provider asks for.</summary>
    public static readonly TimeSpan LongestOpenFor = TimeSpan.FromMinutes(5);

    readonly Lock gate = new();
    int failures;
    DateTimeOffset? openUntil;
    bool isProbed;

    /// <param name="isLastResort">No other sender takes the message: an open circuit is probed before its time.</param>
    public Entry Enter(bool isLastResort)
    {
        lock (gate)
        {
            if (openUntil is null)
                return Entry.Regular;
            if (isProbed || (!isLastResort && clock.GetUtcNow() < openUntil))
                return Entry.None;

            isProbed = true;
            return Entry.Probe;
        }
    }

    /// <returns>Whether this has closed it.</returns>
    public bool Succeeded()
    {
        lock (gate)
        {
            var wasOpen = openUntil is not null;
            (failures, openUntil, isProbed) = (0, null, false);
            return wasOpen;
        }
    }

    /// <param name="retryAfter">Where the provider says when to come back: there is no use in more failures before that.</param>
    /// <returns>Whether this has opened it.</returns>
    public bool Failed(Entry entry, TimeSpan? retryAfter)
    {
        lock (gate)
        {
            failures++;
            if (entry == Entry.Probe)
                isProbed = false;
            if (failures < FailuresToOpen && retryAfter is null)
                return false;

            var wasClosed = openUntil is null;
            // A try from before it opened has nothing new to say.
            if (wasClosed || entry == Entry.Probe)
                openUntil = clock.GetUtcNow() + Pause(retryAfter);
            return wasClosed;
        }
    }

    /// <summary>The try was cancelled, which says nothing about the sender.</summary>
    public void Left(Entry entry)
    {
        lock (gate)
        {
            if (entry == Entry.Probe)
                isProbed = false;
        }
    }

    static TimeSpan Pause(TimeSpan? retryAfter)
    {
        if (retryAfter is not { } asked)
            return OpenFor;
        return asked < LongestOpenFor ? asked : LongestOpenFor;
    }
}
