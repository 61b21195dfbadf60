using System.Globalization;
using System.Text.Encodings.Web;
using Countersign.Domain;
using DotLiquid;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery;

/// <summary>
/// What messages say: Liquid templates, a folder for each locale, compiled when the process starts. Values are data, never templates; in
/// HTML every one of them is encoded before a template sees it.
/// </summary>
sealed class Templates
{
    /// <summary>Where the page is that undoes changes, below the public URL.</summary>
    public const string UndoPath = "/undo";

    const string Fallback = "en";

    static readonly string[] Parts =
        ["what", "happened", "code.subject", "code.text", "code.html", "code.sms", "notice.subject", "notice.text", "notice.html", "notice.sms"];

    readonly Dictionary<string, Dictionary<string, Template>> locales;
    readonly MessageOptions options;
    readonly string undoUrl;

    public Templates(IOptions<CountersignOptions> options)
    {
        this.options = options.Value.Messages;
        undoUrl = ServiceUrl.TryParse(options.Value.PublicUrl, out var url) ? ServiceUrl.Below(url, UndoPath).ToString() : "";
        locales = typeof(Templates).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("Templates/", StringComparison.Ordinal))
            .Select(name => name.Split('/')[1])
            .Distinct()
            .ToDictionary(locale => locale, locale => Parts.ToDictionary(part => part, part => Compile(locale, part)));
    }

    public OutgoingMessage Render(QueuedMessage message)
    {
        var content = message.Content;
        var templates = Locale(content.Locale);
        var values = Values(content);
        values["what"] = Render(templates["what"], values);
        values["happened"] = Render(templates["happened"], values);

        var family = content.Kind == MessageKind.Code ? "code" : "notice";
        var (subject, text, html) = content.Channel switch
        {
            KeyType.Email => (
                Render(templates[$"{family}.subject"], values),
                Render(templates[$"{family}.text"], values),
                Render(templates[$"{family}.html"], Encode(values))),
            KeyType.PhoneNumber => (null, Render(templates[$"{family}.sms"], values), (string?)null),
        };

        return new OutgoingMessage(
            message.Id, message.UserId, content.Destination, subject, text, html, content.Code, content.Reference)
        {
            ExpiresAt = content.ExpiresAt,
            Secrets = FailureText.SecretsOf(content),
        };
    }

    /// <summary>The nearest language: de-AT is read as de, and what there is nothing for as English.</summary>
    Dictionary<string, Template> Locale(string? tag)
    {
        for (var rest = tag ?? Fallback; rest.Length > 0; rest = rest[..Math.Max(0, rest.LastIndexOf('-'))])
        {
            if (locales.TryGetValue(rest, out var templates))
                return templates;
        }

        return locales[Fallback];
    }

    Dictionary<string, string> Values(MessageContent content)
    {
        var lifetime = content.ExpiresAt - content.CreatedAt;
        return new Dictionary<string, string>
        {
            ["product"] = options.ProductName,
            ["host"] = options.Host,
            ["kind"] = content.Kind.ToString(),
            ["operation"] = content.Operation.Name(),
            ["key_type"] = content.KeyType?.Name() ?? "",
            ["code"] = content.Code ?? "",
            ["reference"] = content.Reference ?? "",
            ["subject"] = content.Subject ?? "",
            ["anti_phishing_code"] = content.AntiPhishingCode ?? "",
            ["minutes"] = Whole(lifetime.Ticks % TimeSpan.TicksPerMinute == 0 ? lifetime.TotalMinutes : 0),
            ["seconds"] = Whole(lifetime.TotalSeconds),
            ["at"] = Time(content.CreatedAt),
            ["origin"] = content.Origin ?? "",
            // After the #, which no browser sends along: it gets into no log on the way.
            ["undo"] = content.UndoToken is { } token && undoUrl.Length > 0 ? $"{undoUrl}#{token}" : "",
            ["undo_until"] = content.UndoUntil is { } until ? Time(until) : "",
        };
    }

    static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    static string Whole(double number) => number.ToString("0", CultureInfo.InvariantCulture);

    static Dictionary<string, string> Encode(Dictionary<string, string> values) =>
        values.ToDictionary(value => value.Key, value => HtmlEncoder.Default.Encode(value.Value));

    static string Render(Template template, Dictionary<string, string> values)
    {
        var parameters = new RenderParameters(CultureInfo.InvariantCulture)
        {
            LocalVariables = Hash.FromDictionary(values.ToDictionary(value => value.Key, value => (object)value.Value)),
            ErrorsOutputMode = ErrorsOutputMode.Rethrow,
        };
        return template.Render(parameters).Trim();
    }

    static Template Compile(string locale, string part)
    {
        var name = $"Templates/{locale}/{part}.liquid";
        using var stream = typeof(Templates).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The template {name} is missing.");
        using var reader = new StreamReader(stream);
        var template = Template.Parse(reader.ReadToEnd());
        // Several workers render at once.
        template.MakeThreadSafe();
        return template;
    }
}
