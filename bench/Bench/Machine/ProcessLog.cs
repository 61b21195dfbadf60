using System.Diagnostics;

namespace Countersign.Bench.Machine;

/// <summary>The last that a process has printed, to say why it failed.</summary>
sealed class ProcessLog
{
    const int Kept = 60;

    readonly Queue<string> lines = new();

    public ProcessLog(Process process)
    {
        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
    }

    public override string ToString()
    {
        lock (lines)
            return string.Join('\n', lines);
    }

    void Take(string? line)
    {
        if (line is null)
            return;

        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > Kept)
                lines.Dequeue();
        }
    }
}
