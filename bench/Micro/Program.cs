using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Countersign.Bench.Micro;

/// <summary>Runs the benchmarks and prints one table of them; what BenchmarkDotNet says meanwhile goes to standard error.</summary>
static class Program
{
    static int Main(string[] args)
    {
        var filters = new List<string>();
        var isShort = false;
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--short")
                isShort = true;
            else if (args[i] == "--filter" && i + 1 < args.Length)
                filters.Add(args[++i]);
            else
                return Fail($"Unknown or without a value: {args[i]}. See bench/micro --help.");
        }

        if (filters.Count == 0)
            filters.Add("*");
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(["--filter", .. filters], Settings(isShort)).ToList();
        if (summaries.Count == 0)
            return Fail($"No benchmark has a name like {string.Join(' ', filters)}.");

        foreach (var summary in summaries)
            MarkdownExporter.GitHub.ExportToLog(summary, ConsoleLogger.Ascii);
        return summaries.Any(HasFailed) ? Fail("Some did not run: standard error says why.") : 0;
    }

    static ManualConfig Settings(bool isShort) => ManualConfig.CreateEmpty()
        // In this process: what BenchmarkDotNet makes for one of its own would be built as a part of this repository, with warnings for errors.
        .AddJob((isShort ? Job.ShortRun : Job.Default).WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddLogger(new StreamLogger(new StreamWriter(Console.OpenStandardError()) { AutoFlush = true }))
        .WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared))
        .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "results"))
        .WithOptions(ConfigOptions.JoinSummary | ConfigOptions.DisableLogFile);

    static bool HasFailed(Summary summary) => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success);

    static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 2;
    }
}
