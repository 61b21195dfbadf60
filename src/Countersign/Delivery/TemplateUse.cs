using System.Text.RegularExpressions;

namespace Countersign.Delivery;

/// <summary>
/// Which values a template looks at, other than to say them as they are or to ask whether they are empty: what it says around all others is the same, whatever
/// they are. Read from its source, and where that has anything but plain Liquid, it counts as looking at all.
/// </summary>
sealed partial class TemplateUse
{
    const string NamePattern = "[A-Za-z_][A-Za-z0-9_]*";

    /// <summary>Null for all.</summary>
    readonly HashSet<string>? names;

    TemplateUse(HashSet<string>? names) => this.names = names;

    public bool LooksAt(string name) => names?.Contains(name) ?? true;

    public static TemplateUse Of(string source)
    {
        var (names, given) = (new HashSet<string>(), new HashSet<string>());
        var end = 0;
        // One piece after the other, with nothing between them.
        for (var piece = Piece().Match(source); piece.Success; piece = piece.NextMatch())
        {
            end = piece.Index + piece.Length;
            if (piece.Groups["given"] is { Success: true } name)
                given.Add(name.Value);
            if (piece.Groups["looked"] is { Success: true } looked)
                names.UnionWith(Names(looked.Value));
            if (piece.Groups["tests"] is { Success: true } tests)
                names.UnionWith(Relation().Split(tests.Value).Where(test => !Emptiness().IsMatch(test)).SelectMany(Names));
        }

        // What is given a name in the template may have anything in it.
        return end == source.Length && !names.Overlaps(given) && !Blanks.AreIn(source) ? new TemplateUse(names) : new TemplateUse(null);
    }

    /// <summary>Those within quotes too: whoever reads the quotes otherwise finds no name that is not among them.</summary>
    static IEnumerable<string> Names(string markup) => Name().Matches(markup).Select(match => match.Value);

    // No markup has a bracket, by which a value could be asked for by a name that is put together.
    [GeneratedRegex(
        $$"""
        \G(?:
          [^{]+ | \{(?![{%\#]|\s?\#)
        | \{\{-? \s* {{NamePattern}} \s* -?\}\}
        | \{\{-? (?<looked>[^{}%\[\]]*?) -?\}\}
        | \{%-? \s* comment \s* -?%\} [^{}]* \{%-? \s* endcomment \s* -?%\}
        | \{%-? \s* (?:else|endif|endunless|endcase|endcapture) \s* -?%\}
        | \{%-? \s* (?:if|elsif|unless) \s+ (?<tests>[^{}%\[\]]*?) \s* -?%\}
        | \{%-? \s* (?:case|when) \s+ (?<looked>[^{}%\[\]]*?) -?%\}
        | \{%-? \s* capture \s+ (?<given>{{NamePattern}}) \s* -?%\}
        | \{%-? \s* assign \s+ (?<given>{{NamePattern}}) \s* = (?<looked>[^{}%\[\]]*?) -?%\}
        )
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Piece();

    [GeneratedRegex(@"\s+(?:and|or)\s+")]
    private static partial Regex Relation();

    /// <summary>Also where it asks for nothing else: a value is always there.</summary>
    [GeneratedRegex($$"""\A{{NamePattern}}(?:\s*(?:==|!=|<>)\s*(?:''|""))?\z""")]
    private static partial Regex Emptiness();

    [GeneratedRegex(NamePattern)]
    private static partial Regex Name();
}
