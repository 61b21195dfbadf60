using System.Globalization;

namespace Countersign.Bench.Machine;

/// <summary>What the kernel says of processes, in /proc.</summary>
static class ProcessFigures
{
    /// <summary>Of the clock that /proc counts in: 100 on every Linux.</summary>
    const double TicksPerSecond = 100;

    /// <summary>Of ".NET Tiered Compilation Worker" the 15 characters that a name can have.</summary>
    const string CompilerThread = ".NET Tiered Com";

    /// <summary>Seconds of CPU that the process has used so far.</summary>
    public static double Cpu(int pid)
    {
        var stat = Stat($"/proc/{pid}").Fields;
        return (stat[Field.User] + stat[Field.System]) / TicksPerSecond;
    }

    /// <summary>The same of a process and its children, those that have ended included.</summary>
    public static double TreeCpu(int pid)
    {
        var root = Stat($"/proc/{pid}").Fields;
        // One that ends right now is counted with its parent from now on.
        return (root[Field.User] + root[Field.System] + root[Field.EndedUser] + root[Field.EndedSystem] + Ticks(Children(pid))) / TicksPerSecond;
    }

    /// <summary>Seconds of CPU of the children whose command begins so.</summary>
    public static double ChildrenCpu(int pid, string command) =>
        Ticks(Children(pid).Where(child => TryRead($"/proc/{child}/cmdline")?.StartsWith(command, StringComparison.Ordinal) == true)) / TicksPerSecond;

    /// <summary>Bytes: the most that the process has had resident.</summary>
    public static long PeakMemory(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Seconds of CPU that the runtime of .NET has spent on compiling anew, on a thread of its own, what is run often.</summary>
    public static double CompilerCpu(int pid)
    {
        var ticks = 0L;
        foreach (var thread in Directory.GetDirectories($"/proc/{pid}/task"))
        {
            if (TryStat(thread) is { } stat && stat.Name == CompilerThread)
                ticks += stat.Fields[Field.User] + stat.Fields[Field.System];
        }

        return ticks / TicksPerSecond;
    }

    static long Ticks(IEnumerable<int> pids) =>
        pids.Sum(pid => TryStat($"/proc/{pid}") is { Fields: var stat } ? stat[Field.User] + stat[Field.System] : 0);

    static IEnumerable<int> Children(int pid) =>
        File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    static (string Name, long[] Fields)? TryStat(string folder) => TryRead($"{folder}/stat") is { } text ? Parse(text) : null;

    /// <summary>Null where the process has ended.</summary>
    static string? TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The name, which may have spaces in it, and what comes after it and the state.</summary>
    /// <param name="folder">Of a process or a thread.</param>
    static (string Name, long[] Fields) Stat(string folder) => Parse(File.ReadAllText($"{folder}/stat"));

    static (string Name, long[] Fields) Parse(string text)
    {
        var (begin, end) = (text.IndexOf('(', StringComparison.Ordinal), text.LastIndexOf(')'));
        var fields = text[(end + 2)..].Split(' ');
        return (text[(begin + 1)..end], [.. fields.Skip(1).Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out var number) ? number : 0)]);
    }

    /// <summary>Places in what <see cref="Stat"/> gives: proc(5) counts from 1, and three fields come before.</summary>
    static class Field
    {
        public const int User = 14 - 4;
        public const int System = 15 - 4;
        public const int EndedUser = 16 - 4;
        public const int EndedSystem = 17 - 4;
    }
}
