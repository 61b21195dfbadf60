using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Countersign.Tests.Hosting;

/// <summary>A program of this repository, as it was built, in a process and a folder of its own.</summary>
sealed partial class HostProcess : IAsyncDisposable
{
    readonly Process process;
    readonly TestFolder folder;
    readonly bool ownsFolder;
    readonly List<string> output = [];
    readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    HostProcess(Process process, TestFolder folder, bool ownsFolder)
    {
        this.process = process;
        this.folder = folder;
        this.ownsFolder = ownsFolder;
    }

    public HttpClient Http { get; } = new();

    /// <summary>A path below its working directory.</summary>
    public string File(string name) => folder.File(name);

    public string Output
    {
        get
        {
            lock (output)
                return string.Join('\n', output);
        }
    }

    /// <summary>What it logged as a warning or as worse.</summary>
    public string Errors => string.Join('\n', Failures().Matches(Output));

    /// <param name="program">The name of the project.</param>
    /// <exception cref="InvalidOperationException">It ended, or did not listen; with all that it printed.</exception>
    public static Task<HostProcess> StartAsync(string program, params string[] settings) =>
        StartAsync(program, new TestFolder(), ownsFolder: true, settings);

    /// <summary>In a folder that outlives the process.</summary>
    public static Task<HostProcess> StartInAsync(TestFolder folder, string program, params string[] settings) =>
        StartAsync(program, folder, ownsFolder: false, settings);

    /// <summary>A program that does several things, told by its first argument.</summary>
    public static Task<HostProcess> StartCommandAsync(TestFolder folder, string program, string command, params string[] settings) =>
        StartAsync(program, folder, ownsFolder: false, settings, command);

    static async Task<HostProcess> StartAsync(string program, TestFolder folder, bool ownsFolder, string[] settings, params string[] command)
    {
        string[] args = [.. command, "--urls=http://127.0.0.1:0", "--environment=Development", .. settings.Select(setting => $"--{setting}")];
        var host = new HostProcess(ServerProcess.StartProgram(program, folder, args), folder, ownsFolder);
        host.Follow();
        try
        {
            host.Http.BaseAddress = await host.listening.Task.WaitAsync(TimeSpan.FromSeconds(60));
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw new InvalidOperationException($"{program} did not start:\n{host.Output}");
        }
    }

    /// <summary>Waits for a line that the program prints.</summary>
    public async Task WaitForAsync(string text)
    {
        var deadline = Environment.TickCount64 + 10_000;
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(Environment.TickCount64 < deadline, $"'{text}' was not printed:\n{Output}");
            await Task.Delay(10);
        }
    }

    /// <summary>SIGKILL: it gets to do nothing more.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM: it may end in its own time.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await ended.Task;
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited)
            await KillAsync();
        await ended.Task;
        process.Dispose();
        if (ownsFolder)
            folder.Dispose();
    }

    void Follow()
    {
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    void Take(string? line)
    {
        if (line is null)
        {
            // Standard output is closed: the program is at its end.
            listening.TrySetCanceled();
            ended.TrySetResult();
            return;
        }

        lock (output)
            output.Add(line);
        if (Listening().Match(line) is { Success: true } match)
            listening.TrySetResult(new Uri(match.Groups[1].Value));
    }

    /// <summary>An entry is a line that names its level, and what follows it indented.</summary>
    [GeneratedRegex(@"^(warn|fail|crit): .*(\n .*)*", RegexOptions.Multiline)]
    private static partial Regex Failures();

    [GeneratedRegex("Now listening on: (http://.*)")]
    private static partial Regex Listening();
}
