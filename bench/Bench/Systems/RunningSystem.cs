using Countersign.Bench.Machine;

namespace Countersign.Bench.Systems;

/// <summary>A fresh process of a system on a fresh copy of its database.</summary>
/// <param name="DatabaseCpu">Seconds that the database has used so far, outside of the server's own process.</param>
sealed record RunningSystem(TestedSystem System, ServerProcess Server, ILedger Ledger, Func<double> DatabaseCpu, Action RemoveDatabase) : IDisposable
{
    static readonly TimeSpan SettlesWithin = TimeSpan.FromSeconds(60);
    static readonly TimeSpan LooksEvery = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until all that was answered is done; how long that took.</summary>
    public TimeSpan Settle()
    {
        var started = System.Clock.GetTimestamp();
        while (!Ledger.IsSettled())
        {
            if (System.Clock.GetElapsedTime(started) > SettlesWithin)
                throw new BenchException($"{System.Name}: messages are still not sent.\n{Server.Log}");
            Thread.Sleep(LooksEvery);
        }

        return System.Clock.GetElapsedTime(started);
    }

    public void Dispose()
    {
        Ledger.Dispose();
        Server.Dispose();
        RemoveDatabase();
    }
}
