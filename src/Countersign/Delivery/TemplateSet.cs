using System.Globalization;
using DotLiquid;
using DotLiquid.Exceptions;

namespace Countersign.Delivery;

/// <summary>A language that messages can be in: a part of its own, or else the one that it shares with the others.</summary>
sealed record Language(string Tag, IReadOnlyDictionary<string, CompiledTemplate> Parts)
{
    public bool IsRightToLeft { get; } = CultureInfo.GetCultureInfo(Tag).TextInfo.IsRightToLeft;

    public CompiledTemplate this[string part] => Parts[part];
}

/// <summary>A template, and the file that it is from: below the folder of templates, or in the program.</summary>
sealed record CompiledTemplate(TemplateFile File, Template Template, TemplateSyntax Syntax)
{
    readonly Lazy<TemplateUse> use = new(() => TemplateUse.Of(File.Text));

    public TemplateUse Use => use.Value;
}

/// <summary>All templates: those of the program, and over them those of the folder.</summary>
sealed class TemplateSet
{
    public const string Fallback = "en";

    static readonly Lazy<TemplateSet> Shipped = new(() => Read(null));

    readonly Dictionary<string, Language> languages = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<TemplateFile, CompiledTemplate?> compiled = [];
    readonly List<string> errors = [];

    /// <summary>The words that the messages of the product are made of.</summary>
    IReadOnlyList<string> words = [];

    TemplateSet()
    {
    }

    public IEnumerable<Language> Languages => languages.Values.OrderBy(language => language.Tag, StringComparer.Ordinal);

    /// <summary>What keeps the templates from being used, a line each.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <param name="folder">Absolute; null for the templates of the program alone.</param>
    public static TemplateSet Load(string? folder) => folder is null ? Shipped.Value : Read(folder);

    /// <summary>The nearest language: de-AT is read as de, and what there is nothing for as English.</summary>
    public Language Find(string? tag) => languages.TryGetValue(tag ?? Fallback, out var language)
        ? language
        : Nearest(tag ?? Fallback).Select(candidate => languages.GetValueOrDefault(candidate)).OfType<Language>().FirstOrDefault() ?? languages[Fallback];

    static TemplateSet Read(string? folder)
    {
        var set = new TemplateSet();
        var shipped = TemplateFiles.Shipped();
        set.words = TemplateSyntax.Of(Find(shipped, Fallback, TemplateParts.Words)!.Text).Captured;
        var own = folder is null ? [] : TemplateFiles.Read(folder, set.errors);
        foreach (var tag in shipped.Concat(own).Select(file => file.Locale).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase))
            set.Add(tag, own, shipped);
        return set;
    }

    void Add(string tag, IReadOnlyList<TemplateFile> own, IReadOnlyList<TemplateFile> shipped)
    {
        var parts = new Dictionary<string, CompiledTemplate>();
        foreach (var part in TemplateParts.All)
        {
            // Of a region its language, and then what all share; of each, what the folder has before what the program has.
            var file = Nearest(tag).Append<string?>(null)
                .SelectMany(locale => new[] { Find(own, locale, part), Find(shipped, locale, part) })
                .FirstOrDefault(found => found is not null);
            if (file is null)
                errors.Add(TemplateFiles.Error($"{tag}/{part}{TemplateParts.Extension}", $"is missing: a language has {string.Join(", ", TemplateParts.OfLanguage)}. Write it, or copy that of {Fallback}."));
            else if (Compile(file) is { } template)
                parts[part] = template;
        }

        // One complaint at a time: what cannot be read names nothing.
        if (parts.Count < TemplateParts.All.Count)
            return;

        languages[tag] = new Language(tag, parts);
        Check(languages[tag]);
    }

    void Check(Language language)
    {
        var (captured, missing) = (language[TemplateParts.Words].Syntax.Captured, new List<string>());
        foreach (var (part, template) in language.Parts)
        {
            var known = TemplateParts.KnownTo(part, captured).ToList();
            foreach (var (name, line) in template.Syntax.Unknown(known))
            {
                if (words.Contains(name))
                {
                    missing.Add(name);
                    continue;
                }

                var error = TemplateFiles.Error(template.File.Name, $"names '{name}' in line {line}, which it does not know in '{language.Tag}'. It knows {string.Join(", ", known)}.");
                if (!errors.Contains(error))
                    errors.Add(error);
            }
        }

        if (missing.Count > 0)
            errors.Add(TemplateFiles.Error(language[TemplateParts.Words].File.Name, $"does not capture {string.Join(", ", missing.Distinct().Order(StringComparer.Ordinal))}, which messages in '{language.Tag}' say. Copy it from {Fallback}, and translate it."));
    }

    CompiledTemplate? Compile(TemplateFile file)
    {
        if (!compiled.TryGetValue(file, out var template))
            compiled[file] = template = TryCompile(file);
        return template;
    }

    CompiledTemplate? TryCompile(TemplateFile file)
    {
        var syntax = TemplateSyntax.Of(file.Text);
        errors.AddRange(syntax.Errors.Select(error => TemplateFiles.Error(file.Name, $"cannot be used: {error}.")));
        if (syntax.Errors.Count > 0)
            return null;

        try
        {
            var template = Template.Parse(file.Text);
            // Several workers render at once.
            template.MakeThreadSafe();
            return new CompiledTemplate(file, template, syntax);
        }
        catch (SyntaxException e)
        {
            errors.Add(TemplateFiles.Error(file.Name, $"is no Liquid template: {e.Message.TrimEnd('.')}."));
            return null;
        }
    }

    static TemplateFile? Find(IReadOnlyList<TemplateFile> files, string? locale, string part) =>
        files.FirstOrDefault(file => file.Part == part && string.Equals(file.Locale, locale, StringComparison.OrdinalIgnoreCase));

    /// <summary>The tag, and then each that is shorter by its last subtag.</summary>
    static IEnumerable<string> Nearest(string tag)
    {
        for (var rest = tag; rest.Length > 0; rest = rest[..Math.Max(0, rest.LastIndexOf('-'))])
            yield return rest;
    }
}
