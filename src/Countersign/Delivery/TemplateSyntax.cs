using System.Text.RegularExpressions;

namespace Countersign.Delivery;

/// <summary>
/// What a template names, read from its source: DotLiquid renders what it does not know as nothing, and finds a wrong filter only in the branch that is
/// taken.
/// </summary>
sealed partial class TemplateSyntax
{
    /// <summary>Tags with no need of lists and files, which no message has.</summary>
    static readonly string[] Tags = ["if", "elsif", "else", "endif", "unless", "endunless", "case", "when", "endcase", "assign", "capture", "endcapture", "comment", "endcomment"];

    /// <summary>None that would take back how a value is encoded.</summary>
    static readonly string[] Filters = ["append", "prepend", "upcase", "downcase", "capitalize"];

    static readonly string[] Keywords = ["and", "or", "contains", "true", "false", "nil", "null", "empty", "blank"];

    readonly List<(string Name, int Line)> used = [];
    readonly List<string> captured = [];
    readonly List<string> errors = [];

    TemplateSyntax()
    {
    }

    /// <summary>Names that the template gives values to.</summary>
    public IReadOnlyList<string> Captured => captured;

    /// <summary>What is wrong with it whatever is known, each with its line.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>The variables that are none of those known.</summary>
    public IEnumerable<(string Name, int Line)> Unknown(IEnumerable<string> known) => used.Where(name => !known.Contains(name.Name) && !captured.Contains(name.Name));

    public static TemplateSyntax Of(string source)
    {
        var syntax = new TemplateSyntax();
        // A comment keeps its lines, so that those after it are counted right.
        var bare = Comment().Replace(source, match => new string('\n', match.Value.Count(c => c == '\n')));
        foreach (Match markup in Markup().Matches(bare))
        {
            var line = bare.AsSpan(0, markup.Index).Count('\n') + 1;
            if (markup.Groups["output"] is { Success: true } output)
                syntax.ReadExpression(output.Value, line);
            else
                syntax.ReadTag(markup.Groups["tag"].Value, markup.Groups["rest"].Value, line);
        }

        return syntax;
    }

    void ReadTag(string tag, string rest, int line)
    {
        if (!Tags.Contains(tag))
        {
            errors.Add($"line {line}: the tag '{tag}' is none of {string.Join(", ", Tags)}");
            return;
        }

        if (tag is "assign" or "capture")
        {
            var parts = rest.Split('=', 2);
            captured.Add(parts[0].Trim());
            rest = parts.Length == 2 ? parts[1] : "";
        }

        ReadExpression(rest, line);
    }

    void ReadExpression(string markup, int line)
    {
        var pieces = Quoted().Replace(markup, "''").Split('|');
        foreach (var filter in pieces[1..].Select(piece => piece.Split(':')[0].Trim()).Where(filter => !Filters.Contains(filter)))
            errors.Add($"line {line}: the filter '{filter}' is none of {string.Join(", ", Filters)}");

        var arguments = pieces[1..].Select(piece => piece.Split(':', 2)).Where(piece => piece.Length == 2).Select(piece => piece[1]);
        foreach (var name in arguments.Prepend(pieces[0]).SelectMany(piece => Name().Matches(piece)).Select(match => match.Value).Except(Keywords))
            used.Add((name, line));
    }

    [GeneratedRegex(@"\{\{-?(?<output>.*?)-?\}\}|\{%-?\s*(?<tag>\w*)(?<rest>.*?)-?%\}", RegexOptions.Singleline)]
    private static partial Regex Markup();

    [GeneratedRegex(@"(?<=\{%-?\s*comment\s*-?%\}).*?(?=\{%-?\s*endcomment\s*-?%\})|\{#.*?#\}", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex("'[^']*'|\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<![\w.])[A-Za-z_][\w.\[\]-]*")]
    private static partial Regex Name();
}
