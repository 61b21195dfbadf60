using System.Globalization;

namespace Countersign.Bench.Machine;

/// <summary>What the kernel says of processes, in /proc.</summary>
static class ProcessFigures
{
    /// <summary>Of the clock that /proc counts in: 100 on every Linux.</summary>
    const double TicksPerSecond = 100;

    /// <summary>Seconds of CPU that the process has used so far.</summary>
    public static double Cpu(int pid)
    {
        var stat = Stat(pid);
        return (stat[Field.User] + stat[Field.System]) / TicksPerSecond;
    }

    /// <summary>The same of a process and its children, those that have ended included.</summary>
    public static double TreeCpu(int pid)
    {
        var root = Stat(pid);
        var ticks = root[Field.User] + root[Field.System] + root[Field.EndedUser] + root[Field.EndedSystem];
        foreach (var child in Children(pid))
        {
            // One that ends right now is counted with its parent from now on.
            if (TryStat(child) is { } stat)
                ticks += stat[Field.User] + stat[Field.System];
        }

        return ticks / TicksPerSecond;
    }

    /// <summary>Bytes: the most that the process has had resident.</summary>
    public static long PeakMemory(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }

    static IEnumerable<int> Children(int pid) =>
        File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    static long[]? TryStat(int pid)
    {
        try
        {
            return Stat(pid);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return null;
        }
    }

    /// <summary>What comes after the name, which may have spaces in it, and the state.</summary>
    static long[] Stat(int pid)
    {
        var text = File.ReadAllText($"/proc/{pid}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return [.. fields.Skip(1).Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out var number) ? number : 0)];
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
