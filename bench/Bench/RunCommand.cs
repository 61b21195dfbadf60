using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Countersign.Bench.Report;
using Countersign.Bench.Scenarios;
using Countersign.Bench.Systems;

namespace Countersign.Bench;

/// <summary><c>bench/run</c>: each system is one process on a database of its own, warmed up once; then they are measured in turn, scenario by scenario, as often as there are repetitions.</summary>
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

        var results = Measure(systems, sample, options);
        var generator = systems.Contains(floor) ? GeneratorCost.Measure(floor, sample) : "";
        IReadOnlyList<TimeSpan> starts = options.Systems.Contains("sqlite") ? PublishedServer.MeasureStarts(place, issuer) : [];
        var report = RunReport.Render(results, MachineFacts.Describe(postgres.Version), generator, starts);
        Console.WriteLine();
        Console.WriteLine(report);
        if (options.Write)
            PerformancePage.Write("bench/run", report);
    }

    static Results Measure(IReadOnlyList<TestedSystem> systems, Sample sample, RunOptions options)
    {
        var scenarios = Scenario.All().Where(scenario => options.Scenarios.Contains(scenario.Name)).ToList();
        var sessions = new List<Session>();
        try
        {
            foreach (var system in systems)
            {
                Console.WriteLine($"{system.Name} warms up");
                sessions.Add(new Session(system.Start(), sample));
                WarmUp.Run(sessions[^1], scenarios);
            }

            var results = new Results();
            for (var repetition = 1; repetition <= options.Repetitions; repetition++)
            {
                Console.WriteLine($"repetition {repetition} of {options.Repetitions}");
                foreach (var connections in options.Connections)
                {
                    foreach (var scenario in scenarios)
                        sessions.ForEach(session => results.Add(Measure(session, scenario, connections, repetition, options.Duration)));
                }
            }

            foreach (var running in sessions.Select(session => session.Running))
                results.Add(new ProcessResult(running.System.Name, running.PeakMemory, running.Servers[0].StartTime));
            return results;
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }
    }

    static Result Measure(Session session, Scenario scenario, int connections, int repetition, TimeSpan duration)
    {
        var system = session.Running.System.Name;
        var measured = scenario.Run(session, connections, duration);
        Console.WriteLine(Progress.Line(system, scenario.Name, connections, measured));
        return new Result(system, repetition, scenario.Name, connections, measured);
    }
}
