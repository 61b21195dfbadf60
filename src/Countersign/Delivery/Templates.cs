using Countersign.Stores;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery;

/// <summary>
/// What messages say: Liquid templates, a folder for each language and a few that all share, compiled with the first message. Values are data, never
/// templates. A language has plain text alone: in HTML its words and all values are encoded before a template sees them.
/// </summary>
sealed class Templates
{
    /// <summary>Where the page is that undoes changes, below the public URL.</summary>
    public const string UndoPath = "/undo";

    /// <summary>Twice as many are remembered at most: more than the product's messages are in all its languages.</summary>
    const int Forms = 256;

    readonly Lazy<TemplateSet> set;
    readonly MessageValues values;
    readonly Generations<FormKey, MessageForm> forms = new(Forms);

    public Templates(CountersignOptions options, TemplateSet set)
        : this(options, () => set)
    {
    }

    /// <param name="load">Asked when the first message is to be written. Templates of one's own are looked at before that: see <see cref="TemplateCheck"/>.</param>
    public Templates(CountersignOptions options, Func<TemplateSet> load)
    {
        set = new Lazy<TemplateSet>(() => Usable(load()));
        values = new MessageValues(options);
    }

    public IEnumerable<Language> Languages => set.Value.Languages;

    public OutgoingMessage Render(QueuedMessage message)
    {
        var content = message.Content;
        var language = set.Value.Find(content.Locale);
        var own = values.OwnOf(content, language);
        var form = FormOf(content, language, own);
        var (subject, text, html) = form == MessageForm.None ? RenderWhole(content, language) : form.Fill(own.Texts);
        return new OutgoingMessage(
            message.Id, message.UserId, content.Destination, subject, text, html, content.Code, content.Reference)
        {
            ExpiresAt = content.ExpiresAt,
            Secrets = FailureText.SecretsOf(content),
        };
    }

    /// <summary>Without a form: what the same message with a form has to be.</summary>
    public MessageText RenderWhole(MessageContent content) => RenderWhole(content, set.Value.Find(content.Locale));

    public bool HasForm(MessageContent content)
    {
        var language = set.Value.Find(content.Locale);
        return FormOf(content, language, values.OwnOf(content, language)) != MessageForm.None;
    }

    static TemplateSet Usable(TemplateSet set) =>
        set.Errors.Count == 0 ? set : throw new OptionsValidationException(nameof(TemplateOptions), typeof(TemplateOptions), set.Errors);

    MessageText RenderWhole(MessageContent content, Language language) =>
        new MessageRendering(language, isForm: false).Render(content, values.Of(content, language));

    MessageForm FormOf(MessageContent content, Language language, OwnValues own)
    {
        if (!own.AreFit)
            return MessageForm.None;

        var key = new FormKey(language.Tag, content.Kind, content.Channel, content.Operation, content.KeyType, content.ExpiresAt - content.CreatedAt, own.Filled);
        if (!forms.TryGet(key, out var form))
            forms.Set(key, form = MakeForm(content, language, own));
        return form;
    }

    MessageForm MakeForm(MessageContent content, Language language, OwnValues own)
    {
        var said = values.Of(content, language, own.Marks());
        // A setting that has marks itself.
        if (said.Count(value => Blanks.AreIn((string)value.Value)) != own.Texts.Count(text => text.Length > 0))
            return MessageForm.None;

        var rendering = new MessageRendering(language, isForm: true);
        var marked = rendering.Render(content, said);
        return rendering.IsGivenUp ? MessageForm.None : MessageForm.Of(marked);
    }
}
