using Countersign.Tests.Hosting;

namespace Countersign.Tests.Docs;

/// <summary>A fenced block of a page, with the heading that it stands under.</summary>
sealed record MarkdownBlock(string Heading, string Language, string Text);

/// <summary>The fenced blocks and the tables of a page.</summary>
sealed class MarkdownPage
{
    readonly List<MarkdownBlock> blocks = [];
    readonly List<(string Heading, string[] Cells)> rows = [];

    public MarkdownPage(string path)
    {
        string? heading = null;
        string? language = null;
        var block = new List<string>();
        foreach (var line in Repository.Read(path).Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                if (language is not null)
                    blocks.Add(new MarkdownBlock(heading ?? "", language, string.Join('\n', block)));
                language = language is null ? line[3..].Trim() : null;
                block.Clear();
            }
            else if (language is not null)
            {
                block.Add(line);
            }
            else if (line.StartsWith('#'))
            {
                heading = line.TrimStart('#').Trim();
            }
            else if (line.StartsWith('|'))
            {
                rows.Add((heading ?? "", [.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim())]));
            }
        }
    }

    public IReadOnlyList<MarkdownBlock> Blocks(string heading) => [.. blocks.Where(block => block.Heading == heading)];

    public IReadOnlyList<MarkdownBlock> AllBlocks => blocks;

    /// <summary>Rows of the tables under a heading, without their head.</summary>
    public IReadOnlyList<string[]> Rows(string heading) =>
        [.. rows.Where(row => row.Heading == heading && !row.Cells[0].StartsWith("---", StringComparison.Ordinal)).Select(row => row.Cells).Skip(1)];
}
