using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Countersign.Bench.Micro;

namespace Countersign.Tests.Allocations;

/// <summary>
/// Counts what the benchmarks allocate, in a process of its own: there each method is compiled once, and always alike. With tiers, what the runtime has learnt so far decides
/// which objects it puts on the stack, and how far it has come depends on the load of the machine.
/// </summary>
static class AllocationRun
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>The program of that process.</summary>
    public static async Task<int> RunAsync(TextWriter output)
    {
        await output.WriteLineAsync(JsonSerializer.Serialize(AllocationCount.Of(typeof(Decisions).Assembly.GetExportedTypes())));
        return 0;
    }

    public static async Task<SortedDictionary<string, long>> StartAsync(CancellationToken ct)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(AllocationRun).Assembly.Location, "allocations"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment["DOTNET_TieredCompilation"] = "0";
        using var process = Process.Start(start)!;
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limited.CancelAfter(Limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limited.Token);
            var error = process.StandardError.ReadToEndAsync(limited.Token);
            await process.WaitForExitAsync(limited.Token);
            Assert.True(process.ExitCode == 0, await error);
            return JsonSerializer.Deserialize<SortedDictionary<string, long>>(await output)!;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
