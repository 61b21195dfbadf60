using Countersign.Bench.Scenarios;

namespace Countersign.Bench.Report;

/// <summary>What the product is to reach, against what it has reached: at 16 connections, medians over the repetitions.</summary>
static class Goals
{
    const string Product = "postgres";

    public static double? Start(IReadOnlyList<TimeSpan> starts) => Statistics.Median(starts.Select(start => start.TotalSeconds));

    public static MarkdownTable Render(Results results, IReadOnlyList<TimeSpan> publishedStarts)
    {
        var table = new MarkdownTable("goal", "asked", "measured", "met");
        void AtLeast(string goal, double asked, Spread? measured) => Add(table, goal, $"≥ {MarkdownTable.Number(asked, "0.0")}", measured, measured?.Median >= asked);
        void AtMost(string goal, double asked, Spread? measured) => Add(table, goal, $"≤ {MarkdownTable.Number(asked, "0.0")}", measured, measured?.Median <= asked);
        Spread? Ratio(string system, string other, string scenario, Func<Measurement, double> figure) =>
            results.Ratio(system, other, scenario, Figures.MainConnections, figure);

        AtLeast("issue ÷ floor, requests/s", 0.9, Ratio(Product, Figures.Floor, "issue", Figures.PerSecond));
        AtLeast("redeem ÷ floor, requests/s", 0.9, Ratio(Product, Figures.Floor, "redeem", Figures.PerSecond));
        AtLeast("redeem ÷ ASP.NET Core Identity, requests/s", 3.5, Ratio(Product, "identity", "redeem", Figures.PerSecond));
        AtLeast("issue on SQLite ÷ floor on PostgreSQL, requests/s", 2, Ratio("sqlite", Figures.Floor, "issue", Figures.PerSecond));
        foreach (var scenario in results.Scenarios)
            AtMost($"{scenario} ÷ floor, p99", 2, Ratio(Product, Figures.Floor, scenario, Figures.P99));
        AtMost("issue ÷ floor, server CPU", 1.2, Ratio(Product, Figures.Floor, "issue", Figures.ServerCpu));

        var memory = new[] { Product, "sqlite" }.Max(results.PeakMemory) / 1e6;
        table.Add("peak resident memory, MB", "≤ 200", MarkdownTable.Number(memory, "F0"), Met(memory <= 200));
        if (Start(publishedStarts) is { } start)
            table.Add("start to first 200 (ReadyToRun), s", "≤ 0.4", MarkdownTable.Number(start, "F2"), Met(start <= 0.4));
        return table;
    }

    static void Add(MarkdownTable table, string goal, string asked, Spread? measured, bool isMet)
    {
        if (measured is not null)
            table.Add(goal, asked, measured.ToString(), Met(isMet));
    }

    static string Met(bool isMet) => isMet ? "yes" : "no";
}
