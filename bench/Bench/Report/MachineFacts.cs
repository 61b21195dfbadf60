using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Countersign.Bench.Report;

/// <summary>What a figure is worth nothing without.</summary>
static class MachineFacts
{
    public static string Describe(string postgresVersion)
    {
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        var date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return $"Measured on {date} at commit {Commit()}: {Environment.ProcessorCount} cores ({processor ?? RuntimeInformation.ProcessArchitecture.ToString()}), "
            + $"Linux {kernel}, PostgreSQL {postgresVersion} as it comes, .NET {Environment.Version}. Server, database and load generator share the cores.";
    }

    static string Commit()
    {
        var commit = Git("rev-parse", "--short", "HEAD");
        return Git("status", "--porcelain", "--untracked-files=no").Length == 0 ? commit : $"{commit}, with changes";
    }

    static string Git(params string[] args)
    {
        using var git = Process.Start(new ProcessStartInfo("git", args) { RedirectStandardOutput = true })!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return output.Trim();
    }
}
