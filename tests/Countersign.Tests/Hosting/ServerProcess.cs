using System.Diagnostics;
using System.Text;

namespace Countersign.Tests.Hosting;

/// <summary>What a run of the program has left behind.</summary>
sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>The server as a process of its own, in a working directory of its own.</summary>
static class ServerProcess
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Runs it until it ends by itself.</summary>
    public static async Task<ProcessResult> RunAsync(TestFolder folder, params string[] args)
    {
        using var process = Start(folder, args);
        using var timeout = new CancellationTokenSource(Limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return new ProcessResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The server did not end within {Limit}: {string.Join(' ', args)}");
        }
    }

    public static Process Start(TestFolder folder, params string[] args) => StartProgram("Countersign.Server", folder, args);

    /// <summary>Any program of this repository; its name is that of its project.</summary>
    public static Process StartProgram(string name, TestFolder folder, params string[] args)
    {
        // Beside the tests: artifacts/bin/<project>/<configuration>/.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(configuration.Parent!.Parent!.FullName, name, configuration.Name, $"{name}.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. args])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var setting in start.Environment.Keys.Where(IsSetting).ToList())
            start.Environment.Remove(setting);
        KeepSecretsIn(folder, start);
        return Process.Start(start)!;
    }

    /// <summary>User secrets of whoever runs the tests are neither read nor written.</summary>
    public static void KeepSecretsIn(TestFolder folder, ProcessStartInfo start)
    {
        start.Environment[OperatingSystem.IsWindows() ? "APPDATA" : "HOME"] = folder.Path;
        start.Environment["DOTNET_CLI_HOME"] = folder.Path;
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1";
        start.Environment["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false";
    }

    /// <summary>What the shell of whoever runs the tests may have set.</summary>
    static bool IsSetting(string name) =>
        name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase)
        || name.Equals("DOTNET_ENVIRONMENT", StringComparison.OrdinalIgnoreCase)
        || name.Contains("__", StringComparison.Ordinal);
}
