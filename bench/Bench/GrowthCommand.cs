using System.Diagnostics;
using System.Globalization;
using System.Text;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Countersign.Bench.Report;
using Countersign.Bench.Scenarios;
using Countersign.Bench.Systems;

namespace Countersign.Bench;

/// <summary><c>bench/growth</c>: what a request costs as there are more accounts, each time over accounts from the whole range.</summary>
static class GrowthCommand
{
    public static async Task RunAsync(string[] args)
    {
        var options = GrowthOptions.Parse(args);
        using var place = new Workplace();
        await using var issuer = new Issuer();
        var postgres = new Postgres(place);
        var costs = new MarkdownTable("accounts", "requests/s", "p99 ms", "server CPU s/1,000", "database CPU s/1,000", "CPU ÷ smallest");
        var sizes = new MarkdownTable("table", "rows", "MB", "bytes a row");
        var results = new Results();
        foreach (var accounts in options.Accounts)
        {
            var system = new ProductOnPostgres(place, postgres, issuer, options.Events, options.Outstanding);
            var clock = Stopwatch.StartNew();
            system.Prepare(accounts);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{accounts:N0} accounts, loaded in {clock.Elapsed.TotalSeconds:F0} s"));
            foreach (var table in system.Sizes())
                sizes.Add($"{table.Name}, {Text(accounts)} accounts", Text(table.Rows), Text(table.Bytes / 1_000_000), Text(table.Bytes / Math.Max(1, table.Rows)));
            Measure(system, accounts, issuer, options, results);
        }

        foreach (var scenario in results.Scenarios)
        {
            foreach (var accounts in options.Accounts)
                costs.Add([$"**{scenario}** {Text(accounts)}", .. Costs(results, scenario, accounts, options.Accounts[0])]);
        }

        var report = new StringBuilder()
            .Append(MachineFacts.Describe(postgres.Version)).Append("\n\n")
            .Append(CultureInfo.InvariantCulture, $"{Text(options.Events)} events in the audit trails and {Text(options.Outstanding)} messages that wait, whatever the number of accounts; {Figures.MainConnections} connections.\n\n")
            .Append(costs).Append('\n').Append(sizes).ToString();
        Console.WriteLine();
        Console.WriteLine(report);
        if (options.Write)
            PerformancePage.Write("bench/growth", report);
    }

    static void Measure(ProductOnPostgres system, int accounts, Issuer issuer, GrowthOptions options, Results results)
    {
        Scenario[] scenarios = [new ReadScenario(), new IssueScenario(), new RedeemScenario()];
        var running = system.StartOnOriginal();
        using var session = new Session(running, new Sample(issuer, accounts));
        WarmUp.Run(session, scenarios);
        for (var repetition = 1; repetition <= options.Repetitions; repetition++)
        {
            foreach (var scenario in scenarios)
            {
                var measured = scenario.Run(session, Figures.MainConnections, options.Duration);
                results.Add(new Result(Text(accounts), repetition, scenario.Name, Figures.MainConnections, measured));
                Console.WriteLine(Progress.Line(Text(accounts), scenario.Name, Figures.MainConnections, measured));
            }
        }
    }

    static string[] Costs(Results results, string scenario, int accounts, int smallest)
    {
        double? Median(int of, Func<Measurement, double> figure) => results.Median(Text(of), scenario, Figures.MainConnections, figure);
        return
        [
            MarkdownTable.Number(Median(accounts, Figures.PerSecond), "N0"),
            MarkdownTable.Number(Median(accounts, Figures.P99), "F2"),
            MarkdownTable.Number(Median(accounts, Figures.ServerCpu), "F3"),
            MarkdownTable.Number(Median(accounts, Figures.DatabaseCpu), "F3"),
            MarkdownTable.Number(Median(accounts, Figures.Cpu) / Median(smallest, Figures.Cpu), "F2"),
        ];
    }

    static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
