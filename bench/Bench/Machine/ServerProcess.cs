using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Countersign.Bench.Machine;

/// <summary>A server that is measured, as a process of its own.</summary>
sealed class ServerProcess : IDisposable
{
    static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);

    readonly Process process;
    readonly ProcessLog log;

    /// <param name="assembly">The path of the .dll.</param>
    public ServerProcess(Workplace place, string assembly, IEnumerable<string> args)
    {
        Port = Workplace.FreePort();
        var started = Stopwatch.GetTimestamp();
        (process, log) = place.Start("dotnet", [assembly, "--environment", "Production", "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}"), .. args]);
        while (!IsReady())
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > StartsWithin)
                throw new BenchException($"{Path.GetFileName(assembly)} does not start:\n{log}");
            Thread.Sleep(1);
        }

        StartTime = Stopwatch.GetElapsedTime(started);
    }

    public int Port { get; }

    /// <summary>From the start of the process to its first 200.</summary>
    public TimeSpan StartTime { get; }

    public double Cpu => ProcessFigures.Cpu(process.Id);

    public double CompilerCpu => ProcessFigures.CompilerCpu(process.Id);

    public long PeakMemory => ProcessFigures.PeakMemory(process.Id);

    public ProcessLog Log => log;

    public void Dispose() => Workplace.Stop(process);

    bool IsReady()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, Port);
            socket.Send("GET /health/ready HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"u8);
            Span<byte> answer = stackalloc byte[12];
            return socket.Receive(answer) == answer.Length && answer.SequenceEqual("HTTP/1.1 200"u8);
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
