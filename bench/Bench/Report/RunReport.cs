using System.Globalization;
using System.Text;

namespace Countersign.Bench.Report;

/// <summary>What stands between the markers of docs/performance.md.</summary>
static class RunReport
{
    public static string Render(Results results, string machine, string generator, IReadOnlyList<TimeSpan> publishedStarts)
    {
        var text = new StringBuilder();
        text.Append(machine).Append("\n\n").Append(generator).Append("\n\n");
        foreach (var connections in results.Connections.OrderBy(connections => connections == Figures.MainConnections ? 0 : connections))
        {
            text.Append(CultureInfo.InvariantCulture, $"### {connections} {(connections == 1 ? "connection" : "connections")}\n\n");
            text.Append(Requests(results, connections)).Append('\n');
        }

        text.Append("### Memory and start\n\n").Append(Processes(results, publishedStarts)).Append('\n');
        text.Append("### Goals\n\n").Append(Goals.Render(results, publishedStarts));
        return text.ToString();
    }

    static MarkdownTable Requests(Results results, int connections)
    {
        var table = new MarkdownTable("", "requests/s", "÷ floor", "p50 ms", "p99 ms", "p99 ÷ floor", "server CPU s/1,000", "database CPU s/1,000", "lag ms");
        foreach (var scenario in results.Scenarios)
        {
            foreach (var system in results.Systems)
            {
                double? Median(Func<Scenarios.Measurement, double> figure) => results.Median(system, scenario, connections, figure);
                string Ratio(Func<Scenarios.Measurement, double> figure) =>
                    system == Figures.Floor ? "1" : results.Ratio(system, Figures.Floor, scenario, connections, figure)?.ToString() ?? "–";
                table.Add(
                    $"**{scenario}** {Figures.Title(system)}",
                    MarkdownTable.Number(Median(Figures.PerSecond), "N0"),
                    Ratio(Figures.PerSecond),
                    MarkdownTable.Number(Median(Figures.P50), "F2"),
                    MarkdownTable.Number(Median(Figures.P99), "F2"),
                    Ratio(Figures.P99),
                    MarkdownTable.Number(Median(Figures.ServerCpu), "F3"),
                    MarkdownTable.Number(Median(Figures.DatabaseCpu), "F3"),
                    MarkdownTable.Number(Median(Figures.Lag), "N0"));
            }
        }

        return table;
    }

    static MarkdownTable Processes(Results results, IReadOnlyList<TimeSpan> publishedStarts)
    {
        var table = new MarkdownTable("", "peak resident MB", "start to first 200, s");
        foreach (var system in results.Systems)
        {
            table.Add(
                Figures.Title(system), MarkdownTable.Number(results.PeakMemory(system) / 1e6, "F0"), MarkdownTable.Number(results.StartTime(system), "F2"));
        }

        if (publishedStarts.Count > 0)
            table.Add("Countersign.Server as published (ReadyToRun), SQLite", "", MarkdownTable.Number(Goals.Start(publishedStarts), "F2"));
        return table;
    }
}
