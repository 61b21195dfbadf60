using System.Globalization;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Countersign.Bench.Report;
using Countersign.Bench.Systems;

namespace Countersign.Bench;

/// <summary>What the load generator takes for itself, which no server could have while it is measured.</summary>
static class GeneratorCost
{
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    public static string Measure(FloorSystem floor, Sample sample)
    {
        using var running = floor.Start();
        var lanes = new List<Lane>();
        var tickets = new Tickets(0, sample.Count, sample.Count, long.MaxValue);
        lanes.Add(new Lane(running.Servers[0].Port, tickets.Together()[0]));
        var work = new Workload("an empty answer", tickets, (buffer, place) =>
        {
            buffer.Start("GET /bench/empty"u8, sample.RequesterAt(place));
            buffer.EndWithoutBody(isPost: false);
        });
        // The server compiles what it does often.
        _ = LoadRun.Run(lanes, Figures.MainConnections, work, Duration);
        var before = ProcessFigures.Cpu(Environment.ProcessId);
        var result = LoadRun.Run(lanes, Figures.MainConnections, work, Duration);
        var cpu = (ProcessFigures.Cpu(Environment.ProcessId) - before) / result.Answers * 1000;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"The load generator takes {cpu:F3} s of CPU for 1,000 requests: an empty endpoint behind it answers {result.Answers / result.Time.TotalSeconds:N0} a second at {Figures.MainConnections} connections.");
    }
}
