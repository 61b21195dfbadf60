using System.Globalization;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Countersign.Bench.Report;
using Countersign.Bench.Scenarios;
using Countersign.Bench.Systems;

namespace Countersign.Bench;

/// <summary><c>bench/nodes</c>: several processes on one database.</summary>
static class NodesCommand
{
    public static async Task RunAsync(string[] args)
    {
        var options = NodesOptions.Parse(args);
        using var place = new Workplace();
        await using var issuer = new Issuer();
        var postgres = new Postgres(place);
        var sample = new Sample(issuer, options.Accounts);
        var system = new ProductOnPostgres(place, postgres, issuer);
        system.Prepare(options.Accounts);

        var results = new Results();
        for (var repetition = 1; repetition <= options.Repetitions; repetition++)
        {
            foreach (var nodes in options.Nodes)
            {
                Measure(system, nodes, hasAffinity: false, repetition, sample, options, results);
                if (nodes > 1)
                    Measure(system, nodes, hasAffinity: true, repetition, sample, options, results);
            }
        }

        var report = $"{MachineFacts.Describe(postgres.Version)}\n\n{Table(results, options)}";
        Console.WriteLine();
        Console.WriteLine(report);
        if (options.Write)
            PerformancePage.Write("bench/nodes", report);
    }

    static void Measure(TestedSystem system, int nodes, bool hasAffinity, int repetition, Sample sample, NodesOptions options, Results results)
    {
        Scenario[] scenarios = [new ReadScenario(), new IssueScenario(), new RedeemScenario()];
        var title = Title(nodes, hasAffinity);
        var running = system.Start(nodes);
        using var session = new Session(running, sample, hasAffinity);
        WarmUp.Run(session, scenarios);
        Console.WriteLine(title);
        foreach (var scenario in scenarios)
        {
            var measured = scenario.Run(session, options.Connections, options.Duration);
            results.Add(new Result(title, repetition, scenario.Name, options.Connections, measured));
            Console.WriteLine(Progress.Line(system.Name, scenario.Name, options.Connections, measured));
        }
    }

    static MarkdownTable Table(Results results, NodesOptions options)
    {
        var table = new MarkdownTable($"{options.Connections} connections", "requests/s", "÷ one node", "p99 ms", "server CPU s/1,000", "database CPU s/1,000");
        var one = Title(options.Nodes[0], hasAffinity: false);
        foreach (var scenario in results.Scenarios)
        {
            foreach (var nodes in results.Systems)
            {
                double? Median(Func<Measurement, double> figure) => results.Median(nodes, scenario, options.Connections, figure);
                table.Add(
                    $"**{scenario}** {nodes}",
                    MarkdownTable.Number(Median(Figures.PerSecond), "N0"),
                    results.Ratio(nodes, one, scenario, options.Connections, Figures.PerSecond)?.ToString() ?? "–",
                    MarkdownTable.Number(Median(Figures.P99), "F2"),
                    MarkdownTable.Number(Median(Figures.ServerCpu), "F3"),
                    MarkdownTable.Number(Median(Figures.DatabaseCpu), "F3"));
            }
        }

        return table;
    }

    static string Title(int nodes, bool hasAffinity) =>
        string.Create(CultureInfo.InvariantCulture, $"{nodes} {(nodes == 1 ? "node" : "nodes")}{(hasAffinity ? ", an account always at the same" : "")}");
}
