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
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(string[] args)
    {
        var options = GrowthOptions.Parse(args);
        using var place = new Workplace();
        await using var issuer = new Issuer();
        var postgres = new Postgres(place, string.Create(CultureInfo.InvariantCulture, $"shared_buffers={options.SharedBuffers}MB"));
        var costs = new MarkdownTable("accounts", "requests/s", "p99 ms", "server CPU s/1,000", "database CPU s/1,000", "of which for it", "CPU ÷ smallest");
        var sizes = new MarkdownTable("table", "rows", "MB", "bytes a row");
        var results = new Results();
        var sessions = options.Accounts.Select(accounts => Prepare(accounts, place, postgres, issuer, options, sizes)).ToList();
        try
        {
            Measure(sessions, options, results);
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }

        foreach (var scenario in results.Scenarios)
        {
            foreach (var accounts in options.Accounts)
                costs.Add([$"**{scenario}** {Text(accounts)}", .. Costs(results, scenario, accounts, options.Accounts[0])]);
        }

        var report = new StringBuilder()
            .Append(MachineFacts.Describe(postgres.Version)).Append("\n\n")
            .Append(CultureInfo.InvariantCulture, $"{Text(options.Events)} events in the audit trails and {Text(options.Outstanding)} messages that wait, whatever the number of accounts; {Figures.MainConnections} connections. Of PostgreSQL's settings only shared_buffers is another: {Text(options.SharedBuffers)} MB.\n\n")
            .Append(costs).Append('\n').Append(sizes).ToString();
        Console.WriteLine();
        Console.WriteLine(report);
        if (options.Write)
            PerformancePage.Write("bench/growth", report);
    }

    /// <summary>A database with so many accounts, and a warm server upon it.</summary>
    static Session Prepare(int accounts, Workplace place, Postgres postgres, Issuer issuer, GrowthOptions options, MarkdownTable sizes)
    {
        var system = new ProductOnPostgres(place, postgres, issuer, options.Events, options.Outstanding, $"of{accounts}");
        var clock = Stopwatch.StartNew();
        system.Prepare(accounts);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{accounts:N0} accounts, loaded in {clock.Elapsed.TotalSeconds:F0} s"));
        foreach (var table in system.Sizes())
            sizes.Add($"{table.Name}, {Text(accounts)} accounts", Text(table.Rows), Text(table.Bytes / 1_000_000), Text(table.Bytes / Math.Max(1, table.Rows)));

        var session = new Session(system.StartOnOriginal(), new Sample(issuer, accounts));
        WarmUp.Run(session, Scenarios());
        return session;
    }

    /// <summary>In turn, one size after the other: the machine may be another in a minute. What is measured finds nothing of the one before in the way.</summary>
    static void Measure(IReadOnlyList<Session> sessions, GrowthOptions options, Results results)
    {
        for (var repetition = 1; repetition <= options.Repetitions; repetition++)
        {
            foreach (var scenario in Scenarios())
            {
                foreach (var (session, accounts) in sessions.Zip(options.Accounts))
                {
                    new ReadScenario().Run(session, Figures.MainConnections, Settling);
                    var measured = scenario.Run(session, Figures.MainConnections, options.Duration);
                    results.Add(new Result(Text(accounts), repetition, scenario.Name, Figures.MainConnections, measured));
                    Console.WriteLine(Progress.Line(Text(accounts), scenario.Name, Figures.MainConnections, measured));
                }
            }
        }
    }

    static Scenario[] Scenarios() => [new ReadScenario(), new IssueScenario(), new RedeemScenario()];

    static string[] Costs(Results results, string scenario, int accounts, int smallest)
    {
        double? Median(Func<Measurement, double> figure) => results.Median(Text(accounts), scenario, Figures.MainConnections, figure);
        return
        [
            MarkdownTable.Number(Median(Figures.PerSecond), "N0"),
            MarkdownTable.Number(Median(Figures.P99), "F2"),
            MarkdownTable.Number(Median(Figures.ServerCpu), "F3"),
            MarkdownTable.Number(Median(Figures.DatabaseCpu), "F3"),
            MarkdownTable.Number(Median(Figures.ServingCpu), "F3"),
            results.Ratio(Text(accounts), Text(smallest), scenario, Figures.MainConnections, Figures.OwnCpu)?.ToString() ?? "–",
        ];
    }

    static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
