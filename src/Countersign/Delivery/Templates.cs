using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Countersign.Domain;
using DotLiquid;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery;

/// <summary>
/// What messages say: Liquid templates, a folder for each language and a few that all share, compiled when the process starts. Values are data, never
/// templates. A language has plain text alone: in HTML its words and all values are encoded before a template sees them.
/// </summary>
sealed class Templates
{
    /// <summary>Where the page is that undoes changes, below the public URL.</summary>
    public const string UndoPath = "/undo";

    /// <summary>Letters of every language stay readable in the source of a mail.</summary>
    static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    readonly TemplateSet set;
    readonly MessageValues values;

    public Templates(CountersignOptions options, TemplateSet set)
    {
        if (set.Errors.Count > 0)
            throw new OptionsValidationException(nameof(TemplateOptions), typeof(TemplateOptions), set.Errors);
        this.set = set;
        values = new MessageValues(options);
    }

    public IEnumerable<Language> Languages => set.Languages;

    public OutgoingMessage Render(QueuedMessage message)
    {
        var content = message.Content;
        var language = set.Find(content.Locale);
        var said = Say(content, language);
        var family = content.Kind == MessageKind.Code ? "code" : "notice";
        var (subject, text, html) = content.Channel switch
        {
            KeyType.Email => (
                Render(language[$"{family}.subject"], said),
                Render(language[$"{family}.text"], said),
                Compose(language, family, said)),
            KeyType.PhoneNumber => (null, Render(language[$"{family}.sms"], said), (string?)null),
        };

        return new OutgoingMessage(
            message.Id, message.UserId, content.Destination, subject, text, html, content.Code, content.Reference)
        {
            ExpiresAt = content.ExpiresAt,
            Secrets = FailureText.SecretsOf(content),
        };
    }

    /// <summary>The values, and what the language makes of them.</summary>
    Dictionary<string, string> Say(MessageContent content, Language language)
    {
        var said = values.Of(content, language);
        said["what"] = Render(language["what"], said);
        said["happened"] = Render(language["happened"], said);

        var words = new Hash();
        Render(language["words"], said, words);
        foreach (var (name, word) in words)
            said[name] = ((string)word).Trim();
        return said;
    }

    static string Compose(Language language, string family, Dictionary<string, string> said)
    {
        var encoded = said.ToDictionary(value => value.Key, value => Encode(value.Value));
        encoded["title"] = Html.Encode(Isolation.Without(Render(language[$"{family}.subject"], said)));
        encoded["body"] = Render(language[$"{family}.html"], encoded);
        return Render(language["layout.html"], encoded);
    }

    static string Encode(string text) => Isolation.ToHtml(text, Html.Encode);

    /// <param name="captured">Takes what the template captures.</param>
    static string Render(CompiledTemplate template, Dictionary<string, string> said, Hash? captured = null)
    {
        var environment = Hash.FromDictionary(said.ToDictionary(value => value.Key, value => (object)value.Value));
        var context = new Context([environment], captured ?? new Hash(), new Hash(), ErrorsOutputMode.Rethrow, 0, CultureInfo.InvariantCulture, CancellationToken.None);
        return template.Template.Render(new RenderParameters(CultureInfo.InvariantCulture) { Context = context }).Trim();
    }
}
