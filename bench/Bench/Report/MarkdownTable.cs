using System.Globalization;
using System.Text;

namespace Countersign.Bench.Report;

/// <summary>A table, the first column for words and the others for numbers.</summary>
sealed class MarkdownTable(params string[] columns)
{
    readonly List<string[]> rows = [];

    public void Add(params string[] cells) => rows.Add(cells);

    public static string Number(double? number, string format) => number?.ToString(format, CultureInfo.InvariantCulture) ?? "–";

    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text, columns);
        Append(text, [.. columns.Select((_, i) => i == 0 ? "---" : "---:")]);
        rows.ForEach(row => Append(text, row));
        return text.ToString();
    }

    static void Append(StringBuilder text, string[] cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
