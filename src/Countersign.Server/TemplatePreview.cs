using System.Globalization;
using System.Net;
using System.Text;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Server;

/// <summary>Messages with made-up values as pages: one for each message, and an index. They need no server and no script.</summary>
sealed class TemplatePreview(Templates templates, CountersignOptions options)
{
    public const string Index = "index.html";

    const string DarkOnly = "@media (prefers-color-scheme: dark)";

    const string Style =
        """
        :root { color-scheme: light dark; }
        body { max-width: 1320px; margin: 0 auto; padding: 24px 16px 48px; background: light-dark(#f4f6f7, #0f1416); color: light-dark(#142024, #e6edef); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        h1 { font-size: 24px; letter-spacing: -0.01em; } h2 { margin: 32px 0 8px; font-size: 18px; }
        a { color: light-dark(#0f766e, #5eead4); }
        li span { white-space: nowrap; }
        .quiet { color: light-dark(#51636a, #9db0b7); font-size: 14px; }
        .long { color: light-dark(#b42318, #ff9a8f); font-weight: 650; }
        ul { columns: 3 320px; padding: 0; list-style: none; } li { break-inside: avoid; padding: 2px 0; }
        nav { display: flex; flex-wrap: wrap; gap: 4px 16px; }
        .mails { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr)); gap: 16px; }
        figure { margin: 0; } figcaption { padding-bottom: 4px; }
        iframe { width: 100%; height: 620px; border: 1px solid light-dark(#d9e0e3, #2c383d); border-radius: 10px; background: #fff; }
        pre { padding: 16px 20px; border: 1px solid light-dark(#d9e0e3, #2c383d); border-radius: 10px; background: light-dark(#fff, #182023); font: 14px/1.5 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
        pre.sms { max-width: 360px; }
        """;

    /// <returns>How many messages there are.</returns>
    public int Write(string folder)
    {
        var (links, count) = (new StringBuilder(), 0);
        foreach (var language in templates.Languages)
        {
            Directory.CreateDirectory(Path.Combine(folder, language.Tag));
            links.Append(CultureInfo.InvariantCulture, $"<h2 id=\"{language.Tag}\">{Encode(NameOf(language))}</h2>\n<ul>\n");
            foreach (var messages in MessageSample.Of(language.Tag, options.CodeFormat).GroupBy(sample => sample.Name, sample => templates.Render(sample.Message)))
            {
                var file = $"{language.Tag}/{FileOf(messages.Key)}";
                File.WriteAllText(Path.Combine(folder, file), Page($"{messages.Key} · {language.Tag}", Show(messages, language)));
                links.Append(CultureInfo.InvariantCulture, $"<li><a href=\"{file}\">{Encode(messages.Key)}</a> {string.Join("", messages.Where(message => message.Html is null).Select(Count))}</li>\n");
                count += messages.Count();
            }

            links.Append("</ul>\n");
        }

        var languages = string.Join('\n', templates.Languages.Select(language => $"<a href=\"#{language.Tag}\">{Encode(NameOf(language))}</a>"));
        File.WriteAllText(Path.Combine(folder, Index), Page(
            "Messages",
            $"""
            <p class="quiet">Every message of {Encode(options.Messages.ProductName)} in every language, with made-up values. SMS: characters, encoding, segments.</p>
            <nav>{languages}</nav>
            {links}
            """));
        return count;
    }

    static string Show(IEnumerable<OutgoingMessage> messages, Language language)
    {
        var shown = new StringBuilder($"<p><a href=\"../{Index}#{language.Tag}\">All messages</a></p>\n");
        foreach (var message in messages)
        {
            var (lang, dir) = (language.Tag, language.IsRightToLeft ? "rtl" : "ltr");
            shown.Append(message.Html is not { } html
                ? $"""
                  <h2>SMS</h2>
                  <p>{Count(message)}</p>
                  <pre class="sms" lang="{lang}" dir="{dir}">{Encode(message.Text)}</pre>

                  """
                : $"""
                  <h2>Mail</h2>
                  <p><span class="quiet">Subject:</span> <bdi lang="{lang}">{Encode(message.Subject ?? "")}</bdi></p>
                  <div class="mails">
                  {Frame("Light", html.Replace(DarkOnly, "@media not all", StringComparison.Ordinal))}
                  {Frame("Dark", html.Replace(DarkOnly, "@media all", StringComparison.Ordinal))}
                  {Frame("Without its style block, as some programs show it", WithoutStyle(html))}
                  </div>
                  <h2>Text part</h2>
                  <pre lang="{lang}" dir="{dir}">{Encode(message.Text)}</pre>

                  """);
        }

        return shown.ToString();
    }

    static string Frame(string caption, string html) =>
        $"""<figure><figcaption class="quiet">{caption}</figcaption><iframe sandbox title="{caption}" srcdoc="{Encode(html)}"></iframe></figure>""";

    static string WithoutStyle(string html)
    {
        var (start, end) = (html.LastIndexOf("<style>", StringComparison.Ordinal), html.LastIndexOf("</style>", StringComparison.Ordinal));
        return start < 0 || end < start ? html : html[..start] + html[(end + "</style>".Length)..];
    }

    static string Count(OutgoingMessage message)
    {
        var segments = SmsSegments.Of(message.Text);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""<span class="{(message.OneTimeToken is null || segments.Count == 1 ? "quiet" : "long")}">{segments.Length} in {segments.Encoding}, {(segments.Count == 1 ? "1 segment" : $"{segments.Count} segments")}</span>""");
    }

    static string Page(string title, string body) =>
        $"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{Encode(title)}</title>
        <style>
        {Style}
        </style>
        </head>
        <body>
        <h1>{Encode(title)}</h1>
        {body}
        </body>
        </html>

        """;

    static string FileOf(string name) =>
        $"{string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-')).Replace("--", "-", StringComparison.Ordinal)}.html";

    static string NameOf(Language language) => $"{CultureInfo.GetCultureInfo(language.Tag).EnglishName} ({language.Tag})";

    static string Encode(string text) => WebUtility.HtmlEncode(text);
}
