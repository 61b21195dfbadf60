using System.Globalization;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Countersign.Bench.Scenarios;
using Countersign.Bench.Systems;

namespace Countersign.Bench;

/// <summary><c>bench/run</c>: one process for each system and repetition, in turn.</summary>
static class RunCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Contains("--help"))
        {
            Console.WriteLine(RunOptions.Usage);
            return 0;
        }

        var options = RunOptions.Parse(args);
        using var place = new Workplace();
        await using var issuer = new Issuer();
        var postgres = new Postgres(place);
        Say($"PostgreSQL {postgres.Version}. Signing {Math.Min(options.Accounts, Sample.Most)} bearers and loading {options.Accounts} accounts.");
        var sample = new Sample(issuer, options.Accounts, (int)Math.Min(options.Accounts, Sample.Most));
        var systems = options.Systems.Select(name => Systems(name, place, postgres, issuer)).ToList();
        systems.ForEach(system => system.Prepare(options.Accounts));

        for (var repetition = 1; repetition <= options.Repetitions; repetition++)
        {
            foreach (var system in systems)
            {
                Say($"{system.Name}, repetition {repetition} of {options.Repetitions}");
                Measure(system, sample, options);
            }
        }

        return 0;
    }

    static void Measure(TestedSystem system, Sample sample, RunOptions options)
    {
        using var running = system.Start();
        using var session = new Session(running, sample);
        var scenarios = options.Scenarios.Select(Scenario).ToList();
        WarmUp(session, scenarios, options);
        foreach (var connections in options.Connections)
        {
            foreach (var scenario in scenarios)
            {
                var measurement = scenario.Run(session, connections, options.Duration);
                Say(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {system.Name,-9} {scenario.Name,-7} {connections,3} connections {measurement.PerSecond,8:F0}/s  p50 {measurement.Latencies.Milliseconds(0.5),7:F2} ms  p99 {measurement.Latencies.Milliseconds(0.99),7:F2} ms  CPU per 1,000: server {measurement.ServerCpu / measurement.Answers * 1000:F3} s, database {measurement.DatabaseCpu / measurement.Answers * 1000:F3} s  lag {measurement.Lag.TotalMilliseconds:F0} ms"));
            }
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"  {system.Name,-9} peak {running.Server.PeakMemory / 1e6:F0} MB, first 200 after {running.Server.StartTime.TotalSeconds:F2} s"));
    }

    static void WarmUp(Session session, List<Scenario> scenarios, RunOptions options)
    {
        foreach (var scenario in scenarios)
            _ = scenario.Run(session, 16, options.WarmUp / scenarios.Count);
    }

    static TestedSystem Systems(string name, Workplace place, Postgres postgres, Issuer issuer) => name switch
    {
        "floor" => new FloorSystem(place, postgres, issuer),
        "postgres" => new ProductOnPostgres(place, postgres, issuer),
        _ => throw new UsageException($"{name} is not there yet."),
    };

    static Scenario Scenario(string name) => name switch
    {
        "issue" => new IssueScenario(),
        "redeem" => new RedeemScenario(),
        _ => throw new UsageException($"{name} is not there yet."),
    };

    static void Say(string line) => Console.WriteLine(line);
}
