using Countersign.Bench.Machine;

namespace Countersign.Bench.Systems;

/// <summary>Fresh processes of a system, mostly one, on a fresh copy of its database.</summary>
/// <param name="DatabaseCpu">Seconds that the database has used so far, outside of the servers' own processes.</param>
/// <param name="ServingCpu">Of that, what the processes have used that answer the servers and nobody else.</param>
/// <param name="RemoveDatabase">For when the servers have stopped.</param>
sealed record RunningSystem(TestedSystem System, IReadOnlyList<ServerProcess> Servers, ILedger Ledger, Func<double> DatabaseCpu, Func<double> ServingCpu, Action RemoveDatabase)
    : IDisposable
{
    static readonly TimeSpan SettlesWithin = TimeSpan.FromSeconds(60);
    static readonly TimeSpan LooksEvery = TimeSpan.FromMilliseconds(10);

    /// <summary>Seconds so far.</summary>
    public double ServerCpu => Servers.Sum(server => server.Cpu);

    /// <summary>Bytes: the most that a process has had.</summary>
    public long PeakMemory => Servers.Max(server => server.PeakMemory);

    /// <summary>Waits until all that was answered is done; how long that took.</summary>
    public TimeSpan Settle()
    {
        var started = TestedSystem.Clock.GetTimestamp();
        while (!Ledger.IsSettled())
        {
            if (TestedSystem.Clock.GetElapsedTime(started) > SettlesWithin)
                throw Failure("messages are still not sent.");
            Thread.Sleep(LooksEvery);
        }

        return TestedSystem.Clock.GetElapsedTime(started);
    }

    public BenchException Failure(string what) => new($"{System.Name}: {what}\n{string.Join('\n', Servers.Select(server => server.Log))}");

    public void Dispose()
    {
        Ledger.Dispose();
        foreach (var server in Servers)
            server.Dispose();
        RemoveDatabase();
    }
}
