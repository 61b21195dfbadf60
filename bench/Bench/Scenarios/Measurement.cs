using Countersign.Bench.Load;
using Countersign.Bench.Systems;

namespace Countersign.Bench.Scenarios;

/// <summary>What a scenario came to, over all the rounds that it took.</summary>
sealed class Measurement
{
    public Latencies Latencies { get; } = new();

    public long Answers { get; private set; }

    public TimeSpan Time { get; private set; }

    /// <summary>Seconds of CPU.</summary>
    public double ServerCpu { get; private set; }

    /// <inheritdoc cref="ServerCpu"/>
    public double DatabaseCpu { get; private set; }

    /// <summary>How long the system was still at work when the last answer was there, at most.</summary>
    public TimeSpan Lag { get; private set; }

    public double PerSecond => Answers / Time.TotalSeconds;

    /// <summary>Measures one round, and the work that it leaves: messages that were answered for have to be sent as well.</summary>
    public LoadResult Add(RunningSystem running, Func<LoadResult> round)
    {
        var (server, database) = (running.Server.Cpu, running.DatabaseCpu());
        var result = round();
        var lag = running.Settle();
        ServerCpu += running.Server.Cpu - server;
        DatabaseCpu += running.DatabaseCpu() - database;
        Lag = lag > Lag ? lag : Lag;
        Answers += result.Answers;
        Time += result.Time;
        Latencies.Add(result.Latencies);
        return result;
    }
}
