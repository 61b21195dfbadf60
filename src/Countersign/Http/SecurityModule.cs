using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Domain;

namespace Countersign.Http;

/// <summary>
/// The element <c>&lt;countersign-security&gt;</c> as one ES module: the files of <c>Ui/security</c> one after the other, without their imports of each
/// other, with the styles and the texts of every language in them. A language is one more file in <c>Ui/security/texts</c>.
/// </summary>
static partial class SecurityModule
{
    const string Folder = "security/";
    const string Texts = $"Ui/{Folder}texts/";

    /// <summary>Each after those that it imports.</summary>
    static readonly string[] Files = ["dom.js", "texts.js", "api.js", "requests.js", "operations.js", "view.js", "sms.js", "element.js"];

    static readonly JsonSerializerOptions AsItIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Compose(CodeFormat format) => string.Join('\n',
    [
        "// The element <countersign-security>. See docs/security-page.md of Countersign.",
        $"const codeForm = {CodeForm(format)};",
        $"const styles = {JsonSerializer.Serialize(Pages.Read($"{Folder}style.css"), AsItIs)};",
        $"const languages = {{ {string.Join(",\n", Languages())} }};",
        .. Files.Select(file => Exports().Replace(Imports().Replace(Pages.Read($"{Folder}{file}"), ""), "")),
    ]);

    static IEnumerable<string> Languages() =>
        from name in typeof(SecurityModule).Assembly.GetManifestResourceNames()
        where name.StartsWith(Texts, StringComparison.Ordinal)
        orderby name
        select $"\"{Path.GetFileNameWithoutExtension(name[Texts.Length..])}\": {Compact(Pages.Read(name["Ui/".Length..]))}";

    static string Compact(string json) => JsonSerializer.Serialize(JsonSerializer.Deserialize<Dictionary<string, string>>(json), AsItIs);

    /// <summary>What a keyboard has to have, and how wide the field is.</summary>
    static string CodeForm(CodeFormat format) => format switch
    {
        CodeFormat.Digits6 => "{ isDigits: true, length: 6 }",
        CodeFormat.Digits8 => "{ isDigits: true, length: 8 }",
        CodeFormat.Base32 => "{ isDigits: false, length: 9 }",
    };

    [GeneratedRegex("^import .* from .*;$", RegexOptions.Multiline)]
    private static partial Regex Imports();

    [GeneratedRegex("^export ", RegexOptions.Multiline)]
    private static partial Regex Exports();
}
