using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Countersign.Delivery;

/// <param name="Locale">Null for what all languages share.</param>
/// <param name="Name">What an operator finds it by.</param>
/// <param name="IsOwn">Whether it is from the folder.</param>
sealed record TemplateFile(string? Locale, string Part, string Name, string Text, bool IsOwn);

/// <summary>Where templates are: in the program, and in a folder that goes over it.</summary>
static partial class TemplateFiles
{
    const string Resources = "Templates/";
    const int MaxSize = 64 * 1024;
    const int MaxLanguages = 100;

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Error(string file, string what) => $"{CountersignOptions.Section}:Messages:TemplatesFolder: {file} {what}";

    public static List<TemplateFile> Shipped() => typeof(TemplateFiles).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Resources, StringComparison.Ordinal))
        .Select(name =>
        {
            using var reader = new StreamReader(typeof(TemplateFiles).Assembly.GetManifestResourceStream(name)!);
            var path = name[Resources.Length..].Split('/');
            return new TemplateFile(path.Length == 2 ? path[0] : null, path[^1][..^TemplateParts.Extension.Length], string.Join('/', path), reader.ReadToEnd(), IsOwn: false);
        })
        .ToList();

    /// <summary>The files of a folder. What begins with a dot is somebody else's.</summary>
    public static List<TemplateFile> Read(string folder, List<string> errors)
    {
        if (!Directory.Exists(folder))
        {
            errors.Add($"{CountersignOptions.Section}:Messages:TemplatesFolder is '{folder}', and there is no such folder.");
            return [];
        }

        var files = ReadPlace(folder, null, errors).ToList();
        var places = Directory.GetDirectories(folder).Where(IsOurs).Order(StringComparer.Ordinal).ToList();
        if (places.Count > MaxLanguages)
        {
            errors.Add($"{CountersignOptions.Section}:Messages:TemplatesFolder has {places.Count} folders; it has at most {MaxLanguages}.");
            return files;
        }

        foreach (var place in places)
        {
            var tag = Path.GetFileName(place);
            if (IsLanguage(tag))
                files.AddRange(ReadPlace(place, tag, errors));
            else
                errors.Add(Error(tag, "is no language: a folder is called by a tag such as pt or de-AT."));
        }

        return files;
    }

    static IEnumerable<TemplateFile> ReadPlace(string place, string? locale, List<string> errors)
    {
        var parts = locale is null ? TemplateParts.Shared : TemplateParts.All;
        if (locale is not null)
        {
            errors.AddRange(Directory.GetDirectories(place).Where(IsOurs)
                .Select(below => Error($"{locale}/{Path.GetFileName(below)}", "is a folder; a language has files only.")));
        }

        foreach (var path in Directory.GetFiles(place).Where(IsOurs).Order(StringComparer.Ordinal))
        {
            var file = Path.GetFileName(path);
            var name = locale is null ? file : $"{locale}/{file}";
            var part = file.EndsWith(TemplateParts.Extension, StringComparison.Ordinal) ? file[..^TemplateParts.Extension.Length] : null;
            if (part is null || !parts.Contains(part))
                errors.Add(Error(name, $"is no template. {(locale is null ? "In the folder itself" : "Of a language")} there are {string.Join(", ", parts.Select(known => known + TemplateParts.Extension))}."));
            else if (TryRead(path, name, errors) is { } text)
                yield return new TemplateFile(locale, part, name, text, IsOwn: true);
        }
    }

    static string? TryRead(string path, string name, List<string> errors)
    {
        try
        {
            if (new FileInfo(path).Length <= MaxSize)
                return Strict.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF').ReplaceLineEndings("\n");
            errors.Add(Error(name, $"is larger than {MaxSize / 1024} KiB."));
        }
        catch (DecoderFallbackException)
        {
            errors.Add(Error(name, "is not UTF-8. Save it as UTF-8."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(Error(name, $"cannot be read. {e.Message}"));
        }

        return null;
    }

    static bool IsOurs(string path) => !Path.GetFileName(path).StartsWith('.');

    static bool IsLanguage(string tag)
    {
        try
        {
            return Tag().IsMatch(tag) && CultureInfo.GetCultureInfo(tag).Name.Length > 0;
        }
        catch (CultureNotFoundException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\z")]
    private static partial Regex Tag();
}
