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

    /// <inheritdoc cref="RunningSystem.ServingCpu"/>
    public double ServingCpu { get; private set; }

    /// <summary>How long the system was still at work when the last answer was there, at most.</summary>
    public TimeSpan Lag { get; private set; }

    public double PerSecond => Answers / Time.TotalSeconds;

    /// <summary>Measures one round.</summary>
    public void Add(RunningSystem running, Func<LoadResult> round)
    {
        var result = AddPart(running, round);
        Answers += result.Answers;
        Latencies.Add(result.Latencies);
    }

    /// <summary>The time and the work of one round, whose answers are only part of what is counted. Messages that were answered for have to be sent as well.</summary>
    public LoadResult AddPart(RunningSystem running, Func<LoadResult> round)
    {
        var (server, database, serving) = (running.ServerCpu, running.DatabaseCpu(), running.ServingCpu());
        var result = round();
        var lag = running.Settle();
        ServerCpu += running.ServerCpu - server;
        DatabaseCpu += running.DatabaseCpu() - database;
        ServingCpu += running.ServingCpu() - serving;
        Lag = lag > Lag ? lag : Lag;
        Time += result.Time;
        return result;
    }

    /// <summary>What took several requests, each in a part of its own.</summary>
    public void Count(long nanoseconds)
    {
        Answers++;
        Latencies.Record(nanoseconds);
    }
}
