using System.Diagnostics;
using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Faults.Suite;

/// <summary>One of the server processes under test, which comes back at another port whenever it is started again.</summary>
sealed partial class Node(int number, TestFolder folder, string[] settings) : IAsyncDisposable
{
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(60);
    static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(60);

    readonly StreamWriter log = new(folder.File($"node-{number}.log"), append: true) { AutoFlush = true };
    volatile Uri? url;
    Process? process;

    public int Number => number;

    /// <summary>Where it listens, or listened last.</summary>
    public Uri Url => url ?? throw new InvalidOperationException("It was not started.");

    public string Sink => folder.File($"sink-{number}.jsonl");

    public async Task StartAsync()
    {
        string[] args =
        [
            "node", $"--FaultNode:Number={number}", $"--FaultNode:Sink={Sink}", $"--FaultNode:Parent={Environment.ProcessId}", "--urls=http://127.0.0.1:0",
            .. settings.Select(setting => $"--{setting}"),
        ];
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = ServerProcess.StartProgram("Countersign.Tests", folder, args);
        process = started;
        started.OutputDataReceived += (_, line) => Take(line.Data, listening);
        started.ErrorDataReceived += (_, line) => Take(line.Data, listening);
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
        var first = await Task.WhenAny(listening.Task, started.WaitForExitAsync(), Task.Delay(StartWithin));
        if (first != listening.Task)
            throw new InvalidOperationException($"Node {number} did not start; see {folder.File($"node-{number}.log")}.");
        url = await listening.Task;
    }

    /// <summary>SIGKILL: it gets to do nothing more.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Stands still, with everything that it was about to do, until it is told to go on.</summary>
    public async Task PauseAsync(TimeSpan duration)
    {
        await Signals.SendAsync("STOP", process!.Id);
        await Task.Delay(duration);
        await Signals.SendAsync("CONT", process.Id);
    }

    /// <summary>SIGTERM, as a deployment does.</summary>
    public async Task StopAsync()
    {
        await Signals.SendAsync("TERM", process!.Id);
        await process.WaitForExitAsync().WaitAsync(StopWithin);
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
            await KillAsync();
        process?.Dispose();
        lock (log)
            log.Dispose();
    }

    void Take(string? line, TaskCompletionSource<Uri> listening)
    {
        if (line is null)
            return;
        lock (log)
        {
            if (log.BaseStream is { CanWrite: true })
                log.WriteLine(line);
        }

        if (Listening().Match(line) is { Success: true } match)
            listening.TrySetResult(new Uri(match.Groups[1].Value));
    }

    [GeneratedRegex("Now listening on: (http://.*)")]
    private static partial Regex Listening();
}

static class Signals
{
    /// <summary>By the id of the one process that is meant.</summary>
    public static async Task SendAsync(string signal, int processId)
    {
        using var kill = Process.Start("kill", [$"-{signal}", processId.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }
}
