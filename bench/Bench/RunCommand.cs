using System.Globalization;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Countersign.Bench.Report;
using Countersign.Bench.Scenarios;
using Countersign.Bench.Systems;

namespace Countersign.Bench;

/// <summary><c>bench/run</c>: the systems in turn, each time a fresh process on a fresh copy of its database, and that as often as there are repetitions.</summary>
static class RunCommand
{
    public static async Task RunAsync(string[] args)
    {
        var options = RunOptions.Parse(args);
        using var place = new Workplace();
        await using var issuer = new Issuer();
        var postgres = new Postgres(place);
        var sample = new Sample(issuer, options.Accounts);
        var floor = new FloorSystem(place, postgres, issuer);
        TestedSystem[] known = [floor, new ProductOnPostgres(place, postgres, issuer), new ProductOnSqlite(place, issuer), new IdentitySystem(place, postgres, issuer)];
        var systems = known.Where(system => options.Systems.Contains(system.Name)).ToList();
        Console.WriteLine($"PostgreSQL {postgres.Version}; {options.Accounts} accounts, a bearer for {sample.Count} of them.");
        foreach (var system in systems)
            system.Prepare(options.Accounts);

        var results = new Results();
        for (var repetition = 1; repetition <= options.Repetitions; repetition++)
        {
            foreach (var system in systems)
                Measure(system, repetition, sample, options, results);
        }

        var generator = systems.Contains(floor) ? GeneratorCost.Measure(floor, sample) : "";
        IReadOnlyList<TimeSpan> starts = options.Systems.Contains("sqlite") ? PublishedServer.MeasureStarts(place, issuer) : [];
        var report = RunReport.Render(results, MachineFacts.Describe(postgres.Version), generator, starts);
        Console.WriteLine();
        Console.WriteLine(report);
        if (options.Write)
            PerformancePage.Write("bench/run", report);
    }

    static void Measure(TestedSystem system, int repetition, Sample sample, RunOptions options, Results results)
    {
        Console.WriteLine($"{system.Name}, repetition {repetition} of {options.Repetitions}");
        using var running = system.Start();
        using var session = new Session(running, sample);
        var scenarios = Scenario.All().Where(scenario => options.Scenarios.Contains(scenario.Name)).ToList();
        WarmUp.Run(session, scenarios, options.WarmUp);
        foreach (var connections in options.Connections)
        {
            foreach (var scenario in scenarios)
            {
                var measured = scenario.Run(session, connections, options.Duration);
                results.Add(new Result(system.Name, repetition, scenario.Name, connections, measured));
                Console.WriteLine(Progress.Line(system.Name, scenario.Name, connections, measured));
            }
        }

        results.Add(new ProcessResult(system.Name, repetition, running.PeakMemory, running.Servers[0].StartTime));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {system.Name}: peak {running.PeakMemory / 1e6:F0} MB, first 200 after {running.Servers[0].StartTime.TotalSeconds:F2} s"));
    }
}
