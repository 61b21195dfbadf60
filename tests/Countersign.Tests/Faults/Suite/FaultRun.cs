using System.Diagnostics;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Countersign.Tests.Server;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Faults.Suite;

/// <summary>What a run is to be like.</summary>
/// <param name="Accounts">At a time, each with two owners who act at once.</param>
/// <param name="Seed">Of the nemesis: which blows it strikes, and in which order.</param>
/// <param name="IsEnough">Whether it may end, once its time is over.</param>
sealed record FaultPlan(string Engine, TimeSpan Duration, int Accounts, int Seed, Func<FaultReport, bool> IsEnough)
{
    /// <summary>Over this it ends whether it was enough or not.</summary>
    public TimeSpan Limit => Duration + TimeSpan.FromMinutes(5);
}

/// <summary>What came of it.</summary>
sealed record FaultReport(
    FaultPlan Plan,
    TimeSpan Took,
    int Accounts,
    int Races,
    IReadOnlyDictionary<string, int> Operations,
    IReadOnlyDictionary<string, int> Blows,
    IReadOnlyCollection<Call> Calls,
    IReadOnlyCollection<HandedOver> HandedOver,
    IReadOnlyList<Violation> Violations)
{
    public int Kills => Blows.GetValueOrDefault("kill") + Blows.GetValueOrDefault("kill database");

    public int Successes => Calls.Count(call => call.Redeems is not null && call.IsAcknowledged);

    public int WrongGuesses => Calls.Count(call => call.AttemptsRemaining is not null);

    public int Unknown => Calls.Count(call => call.IsUnknown);

    public void Print(TextWriter output)
    {
        string Counts(IReadOnlyDictionary<string, int> counts) => string.Join(", ", counts.OrderBy(count => count.Key).Select(count => $"{count.Key} {count.Value}"));
        output.WriteLine($"engine          {Plan.Engine}, {Cluster.Size} nodes, seed {Plan.Seed}, {Took.TotalSeconds:0} s");
        output.WriteLine($"accounts        {Accounts}");
        output.WriteLine($"operations      {Operations.Values.Sum()}: {Counts(Operations)}");
        output.WriteLine($"requests        {Calls.Count}: acknowledged {Calls.Count(call => call.IsAcknowledged)}, refused {Calls.Count - Unknown - Calls.Count(call => call.IsAcknowledged)}, unknown {Unknown}");
        output.WriteLine($"redeemed        {Successes}");
        output.WriteLine($"races           {Races}");
        output.WriteLine($"wrong guesses   {WrongGuesses} looked at");
        output.WriteLine($"messages        {HandedOver.Select(message => message.Id).Distinct().Count()} handed over, {HandedOver.Count - HandedOver.Select(message => message.Id).Distinct().Count()} of them twice");
        output.WriteLine($"blows           {Blows.Values.Sum()}: {Counts(Blows)}");
        output.WriteLine($"violations      {Violations.Count}");
        foreach (var violation in Violations.Take(50))
            output.WriteLine($"  {violation}");
    }
}

/// <summary>Load, nemesis, and then the checker.</summary>
static class FaultRun
{
    /// <summary>The lease of a node that died, and a machine that has much else to do.</summary>
    static readonly TimeSpan DeliveredWithin = TimeSpan.FromSeconds(120);

    /// <summary>The command: <c>faults --minutes 10 --engine sqlite</c>.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var options = new Options(args, "minutes", "engine", "accounts", "seed");
        var plan = new FaultPlan(
            options.Text("engine", "sqlite"),
            TimeSpan.FromMinutes(options.Number("minutes", 10.0)),
            options.Number("accounts", 16),
            options.Number("seed", Environment.TickCount),
            IsEnough: _ => true);
        // Not thrown away: it is there to be looked into.
        var folder = new TestFolder();
        output.WriteLine($"histories       {folder.Path}");
        var report = await RunAsync(plan, folder);
        report.Print(output);
        return report.Violations.Count == 0 ? 0 : 1;
    }

    public static async Task<FaultReport> RunAsync(FaultPlan plan, TestFolder folder)
    {
        var clock = Stopwatch.StartNew();
        await using var database = await FaultDatabase.StartAsync(plan.Engine, folder);
        await using var cluster = await Cluster.StartAsync(folder, database);
        await using var sink = new Sink(cluster.Nodes.Select(node => node.Sink));
        using var history = new History(folder.File("history.jsonl"));
        var load = new Load(cluster, history, sink, plan.Accounts);
        var nemesis = new Nemesis(cluster, database, plan.Seed);
        FaultReport Report(IReadOnlyList<Violation> violations) => new(
            plan, clock.Elapsed, load.Accounts, load.Tally.Races, load.Tally.Operations, nemesis.Struck, history.Calls, sink.Messages, violations);

        using var stopping = new CancellationTokenSource();
        var raging = nemesis.RageAsync(stopping.Token);
        var loading = load.RunAsync(stopping.Token);
        var running = Stopwatch.StartNew();
        while (running.Elapsed < plan.Duration || (running.Elapsed < plan.Limit && !plan.IsEnough(Report([]))))
        {
            // A run whose nemesis or load has broken down would show nothing.
            if (await Task.WhenAny(raging, loading, Task.Delay(200)) is { IsFaulted: true } broken)
                await broken;
        }

        await stopping.CancelAsync();
        await Task.WhenAll(raging, loading);

        var engine = database.NewEngine();
        await using (engine as IAsyncDisposable)
        {
            await DrainAsync(engine);
            await cluster.StopAsync();
            await sink.CompleteAsync();
            Violation[] violations =
            [
                .. Checker.Check(Evidence.PerAccount(history.Calls, await Dump.ReadAsync(engine), sink.Messages)),
                .. await VerifyTrailsAsync(engine),
            ];
            await File.WriteAllLinesAsync(folder.File("violations.txt"), violations.Select(violation => violation.ToString()));
            return Report(violations);
        }
    }

    /// <summary>Whatever was killed and lost on the way, each trail is one unbroken chain.</summary>
    static async Task<List<Violation>> VerifyTrailsAsync(ISqlEngine engine)
    {
        var broken = new List<Violation>();
        var report = await new AuditVerification(engine, new AuditChain(new TokenCodes([Production.Key]))).VerifyAsync(
            only: null, finding => broken.Add(new Violation("TrailsAreChained", finding.UserId, finding.What)), CancellationToken.None);
        Assert.True(report.Events > 0, "There are no trails to verify.");
        return broken;
    }

    /// <summary>What still waits goes out, now that nobody is killed any more; whatever does not is for the checker to name.</summary>
    public static async Task DrainAsync(ISqlEngine engine)
    {
        var deadline = Stopwatch.StartNew();
        while (deadline.Elapsed < DeliveredWithin && await IsAnyQueuedAsync(engine))
            await Task.Delay(250);
    }

    static Task<bool> IsAnyQueuedAsync(ISqlEngine engine) =>
        engine.ReadAsync(new SqlStatement("SELECT 1 FROM outbox WHERE state = 'QUEUED' LIMIT 1"), reader => reader.Read(), CancellationToken.None);
}
