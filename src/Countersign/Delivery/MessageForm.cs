using Countersign.Domain;

namespace Countersign.Delivery;

/// <summary>What the words of a message depend on, but for its <see cref="Blanks"/>.</summary>
/// <param name="Filled">A bit for each blank that is not empty.</param>
readonly record struct FormKey(string Language, MessageKind Kind, KeyType Channel, Operation Operation, KeyType? KeyType, TimeSpan Lifetime, int Filled);

/// <summary>What a message says.</summary>
/// <param name="Subject">Null in an SMS.</param>
/// <param name="Html">Null in an SMS.</param>
readonly record struct MessageText(string? Subject, string Text, string? Html);

/// <summary>A message rendered once, with blanks where the next of its kind has other values.</summary>
sealed class MessageForm
{
    /// <summary>Characters that are remembered of a message: templates of one's own may be long, and languages many.</summary>
    const int MaxLength = 32 * 1024;

    /// <summary>In the place of a form: these messages are rendered one by one.</summary>
    public static readonly MessageForm None = new(default, FormText.Of(""), default);

    readonly FormText? subject;
    readonly FormText text;
    readonly FormText? html;

    MessageForm(FormText? subject, FormText text, FormText? html) => (this.subject, this.text, this.html) = (subject, text, html);

    /// <param name="marked">Rendered with marks for values.</param>
    public static MessageForm Of(MessageText marked)
    {
        var (subject, text, html) = (marked.Subject is null ? null : FormText.Of(marked.Subject), FormText.Of(marked.Text), marked.Html is null ? null : FormText.Of(marked.Html));
        return (subject?.Length ?? 0) + text.Length + (html?.Length ?? 0) > MaxLength ? None : new MessageForm(subject, text, html);
    }

    /// <param name="own">The values of the message, by blank.</param>
    public MessageText Fill(string[] own) => new(subject?.Fill(own), text.Fill(own), html is null ? null : Fill(html, own));

    static string Fill(FormText html, string[] own)
    {
        var encoded = new string?[Blanks.Title + own.Length];
        foreach (var blank in html.Marked)
            encoded[blank] ??= blank < Blanks.Title ? MessageHtml.Encode(own[blank]) : MessageHtml.EncodeTitle(own[blank - Blanks.Title]);
        return html.Fill(encoded);
    }
}
