using System.Globalization;
using Countersign.Domain;
using DotLiquid;

namespace Countersign.Delivery;

/// <summary>Renders the parts of one message in turn, each with what those before it said.</summary>
/// <param name="isForm">Whether marks stand for its <see cref="Blanks"/>.</param>
sealed class MessageRendering(Language language, bool isForm)
{
    /// <summary>Whether a template looks at a value that has a mark in it: then the rest is not rendered, and what there is of no use.</summary>
    public bool IsGivenUp { get; private set; }

    /// <param name="said">The values of the message. What the language makes of them is added.</param>
    public MessageText Render(MessageContent content, Hash said)
    {
        Say(said);
        var family = content.Kind == MessageKind.Code ? "code" : "notice";
        return content.Channel switch
        {
            KeyType.Email => Mail(family, said),
            KeyType.PhoneNumber => new MessageText(null, Render($"{family}.sms", said), null),
        };
    }

    void Say(Hash said)
    {
        said["what"] = Render("what", said);
        said["happened"] = Render("happened", said);

        var words = new Hash();
        Render(TemplateParts.Words, said, words);
        foreach (var (name, word) in words)
            said[name] = ((string)word).Trim();
    }

    MessageText Mail(string family, Hash said)
    {
        var (subject, text) = (Render($"{family}.subject", said), Render($"{family}.text", said));
        var encoded = new Hash();
        foreach (var (name, value) in said)
            encoded[name] = Encode((string)value);
        encoded["title"] = isForm ? Blanks.EncodeAround(subject, MessageHtml.EncodeTitle, Blanks.Title) : MessageHtml.EncodeTitle(subject);
        encoded["body"] = Render($"{family}.html", encoded);
        return new MessageText(subject, text, Render("layout.html", encoded));
    }

    string Encode(string text) => isForm ? Blanks.EncodeAround(text, MessageHtml.Encode) : MessageHtml.Encode(text);

    /// <param name="captured">Takes what the template captures.</param>
    string Render(string part, Hash said, Hash? captured = null)
    {
        var template = language[part];
        IsGivenUp |= isForm && said.Any(value => Blanks.AreIn((string)value.Value) && template.Use.LooksAt(value.Key));
        if (IsGivenUp)
            return "";

        var context = new Context([said], captured ?? new Hash(), new Hash(), ErrorsOutputMode.Rethrow, 0, CultureInfo.InvariantCulture, CancellationToken.None);
        return template.Template.Render(new RenderParameters(CultureInfo.InvariantCulture) { Context = context }).Trim();
    }
}
