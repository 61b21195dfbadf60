using Countersign.Bench.Machine;

namespace Countersign.Bench.Report;

/// <summary>docs/performance.md, whose tables are written by the commands that measure them.</summary>
static class PerformancePage
{
    const string Path = "docs/performance.md";

    /// <param name="command">Names the markers: <c>&lt;!-- bench/run --&gt;</c> to <c>&lt;!-- /bench/run --&gt;</c>.</param>
    public static void Write(string command, string content)
    {
        var (open, close) = ($"<!-- {command} -->", $"<!-- /{command} -->");
        var page = File.ReadAllText(Path);
        var (start, end) = (page.IndexOf(open, StringComparison.Ordinal), page.IndexOf(close, StringComparison.Ordinal));
        if (start < 0 || end < start)
            throw new BenchException($"{Path} has no {open} followed by {close}.");

        File.WriteAllText(Path, $"{page[..(start + open.Length)]}\n\n{content.Trim()}\n\n{page[end..]}");
    }
}
