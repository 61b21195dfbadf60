namespace Countersign.Bench.Load;

/// <summary>Requests of one kind, which all have to be answered alike.</summary>
/// <param name="Tickets">Whose turn it is: a ticket is the place of an account in the sample.</param>
sealed record Workload(string Name, Tickets Tickets, Action<RequestBuffer, int> Write, int ExpectedStatus = 200);

/// <summary>Accounts in turn, from one on: so many, or for ever.</summary>
/// <param name="repeat">How often each account comes in a row.</param>
sealed class Tickets(int first, int accounts, long count, int repeat = 1)
{
    public const int None = -1;

    long next;

    public static Tickets Endless(int first, int accounts) => new(first, accounts, long.MaxValue);

    /// <summary>Those that were handed out: the request of each was answered, once the run is over.</summary>
    public int Taken => (int)Math.Min(next, count);

    public int Next()
    {
        var turn = Interlocked.Increment(ref next) - 1;
        return turn < count ? At(turn) : None;
    }

    public int At(long turn) => (int)((first + (turn / repeat)) % accounts);
}
