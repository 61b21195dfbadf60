using System.Net;
using System.Text.RegularExpressions;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Tests.Delivery;

/// <summary>Every message of the product in every language, and what a reader sees of one.</summary>
static partial class Messages
{
    public const string PublicUrl = "https://accounts.example.com";

    public static readonly string[] Languages = ["ar", "de", "en", "es", "fr", "uk"];

    public static Templates Templates(string publicUrl = PublicUrl, string host = "") => new(
        new CountersignOptions { PublicUrl = publicUrl, Messages = new MessageOptions { Host = host } }, TemplateSet.Load(null));

    public static IEnumerable<MessageSample> Samples(string language) => MessageSample.Of(language, CodeFormat.Digits6);

    public static IEnumerable<(string Name, OutgoingMessage Message)> Mails(Templates templates, string language) =>
        Samples(language).Where(sample => sample.Message.Content.Channel == KeyType.Email).Select(sample => (sample.Name, templates.Render(sample.Message)));

    public static IEnumerable<(string Name, OutgoingMessage Message)> Sms(Templates templates, string language) =>
        Samples(language).Where(sample => sample.Message.Content.Channel == KeyType.PhoneNumber).Select(sample => (sample.Name, templates.Render(sample.Message)));

    /// <summary>The words of a text, without the invisible characters that set some of them apart.</summary>
    public static IEnumerable<string> Words(string text) => Isolation.Without(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The text that HTML shows, a space where a block ends.</summary>
    public static string Shown(string html)
    {
        var shown = Unseen().Replace(html, "");
        return WebUtility.HtmlDecode(Tag().Replace(Inline().Replace(shown, ""), " "));
    }

    [GeneratedRegex(@"<head>.*?</head>|<!--.*?-->|<div style=""display:none.*?</div>", RegexOptions.Singleline)]
    private static partial Regex Unseen();

    [GeneratedRegex("</?(?:a|bdi|span|strong)(?: [^>]*)?>")]
    private static partial Regex Inline();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();
}
