using Countersign.Tests.Hosting;

namespace Countersign.Tests.Faults.Suite;

/// <summary>A few seconds of what <c>bench/faults</c> does for as long as one likes.</summary>
public sealed class SqliteFaultRunTests(ITestOutputHelper output)
{
    [Fact]
    public Task Whatever_is_killed_nothing_is_lost_done_twice_or_sent_astray() => FaultSuite.RunAsync("sqlite", output);
}

public sealed class PostgreSqlFaultRunTests(ITestOutputHelper output)
{
    [Fact]
    public Task Whatever_is_killed_nothing_is_lost_done_twice_or_sent_astray() => FaultSuite.RunAsync("postgres", output);
}

static class FaultSuite
{
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(12);

    public static async Task RunAsync(string engine, ITestOutputHelper output)
    {
        var folder = new TestFolder();
        var plan = new FaultPlan(engine, Duration, Accounts: 8, Seed: 1, IsEnough);
        var report = await FaultRun.RunAsync(plan, folder);

        var text = new StringWriter();
        report.Print(text);
        output.WriteLine(text.ToString());
        // What has to be looked into is not thrown away.
        Assert.True(report.Violations.Count == 0, $"{report.Violations.Count} violations, with their histories in {folder.Path}:\n{text}");
        folder.Dispose();
        Assert.True(IsEnough(report), $"A run that shows something:\n{text}");
    }

    /// <summary>On a busy machine it takes longer until there is something to be seen.</summary>
    static bool IsEnough(FaultReport report) =>
        report is { Successes: >= 100, Races: >= 100, WrongGuesses: >= 100, Kills: >= 2, Unknown: >= 1 };
}
