using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Countersign.Bench.Machine;

/// <summary>A folder and the processes that were started for a run. All of it goes when the run ends, however it ends.</summary>
sealed class Workplace : IDisposable
{
    static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(20);

    readonly List<Process> processes = [];
    readonly List<PosixSignalRegistration> signals = [];
    bool isDisposed;

    public Workplace()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
            signals.Add(PosixSignalRegistration.Create(signal, _ =>
            {
                Dispose();
                Environment.Exit(130);
            }));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("countersign-bench-").FullName;

    /// <summary>A port of the loopback address that nobody has at this moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="BenchException">It has failed.</exception>
    public void Run(string program, params string[] args)
    {
        var (process, log) = Start(program, args);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new BenchException($"{program} {string.Join(' ', args)} has failed:\n{log}");
    }

    public (Process Process, ProcessLog Log) Start(string program, params string[] args)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, args)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                // Empty: servers watch what they start in for settings.
                WorkingDirectory = Directory.CreateDirectory(Path.Combine(Folder, "work")).FullName,
            },
        };
        lock (processes)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            var log = new ProcessLog(process);
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            processes.Add(process);
            return (process, log);
        }
    }

    /// <summary>Asks the process to stop, and waits for it.</summary>
    /// <param name="signal">SIGTERM (15) or, to a PostgreSQL that is not to wait for its connections, SIGINT (2).</param>
    public static void Stop(Process process, int signal = 15)
    {
        if (process.HasExited)
            return;

        _ = Kill(process.Id, signal);
        if (!process.WaitForExit(EndsWithin))
            process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        lock (processes)
        {
            if (isDisposed)
                return;

            isDisposed = true;
            // The last that was started is the first to end: servers before their database.
            foreach (var process in processes.AsEnumerable().Reverse())
                Stop(process, signal: 2);
            Directory.Delete(Folder, recursive: true);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    static extern int Kill(int pid, int signal);
}

/// <summary>The run cannot go on, and says why.</summary>
sealed class BenchException(string message) : Exception(message);
