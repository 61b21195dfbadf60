using Countersign.Bench.Scenarios;

namespace Countersign.Bench.Report;

/// <summary>One measurement, and of what.</summary>
sealed record Result(string System, int Repetition, string Scenario, int Connections, Measurement Measured);

/// <summary>What a process was like, over all that was measured of it.</summary>
/// <param name="PeakMemory">Bytes.</param>
sealed record ProcessResult(string System, long PeakMemory, TimeSpan StartTime);

/// <summary>All that a run has measured.</summary>
sealed class Results
{
    readonly List<Result> results = [];
    readonly List<ProcessResult> processes = [];

    public IReadOnlyList<string> Systems => [.. results.Select(result => result.System).Distinct()];

    public IReadOnlyList<string> Scenarios => [.. results.Select(result => result.Scenario).Distinct()];

    public IReadOnlyList<int> Connections => [.. results.Select(result => result.Connections).Distinct()];

    public void Add(Result result) => results.Add(result);

    public void Add(ProcessResult process) => processes.Add(process);

    /// <summary>The median over the repetitions; null where none was measured.</summary>
    public double? Median(string system, string scenario, int connections, Func<Measurement, double> figure) =>
        Statistics.Median(Of(system, scenario, connections).Select(result => figure(result.Measured)));

    /// <summary>The figure of a system divided by that of another, repetition by repetition; null where one of them was not measured.</summary>
    public Spread? Ratio(string system, string other, string scenario, int connections, Func<Measurement, double> figure) => Statistics.Spread(
        from one in Of(system, scenario, connections)
        join two in Of(other, scenario, connections) on one.Repetition equals two.Repetition
        select figure(one.Measured) / figure(two.Measured));

    /// <summary>Bytes.</summary>
    public long? PeakMemory(string system) => Process(system)?.PeakMemory;

    /// <summary>Seconds.</summary>
    public double? StartTime(string system) => Process(system)?.StartTime.TotalSeconds;

    ProcessResult? Process(string system) => processes.Find(process => process.System == system);

    IEnumerable<Result> Of(string system, string scenario, int connections) =>
        results.Where(result => result.System == system && result.Scenario == scenario && result.Connections == connections);
}
