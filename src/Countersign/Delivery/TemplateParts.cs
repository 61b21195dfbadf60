namespace Countersign.Delivery;

/// <summary>The files that messages are made of, and what each of them can name.</summary>
static class TemplateParts
{
    public const string Extension = ".liquid";

    const string What = "what";
    const string Happened = "happened";
    const string Layout = "layout.html";

    /// <summary>Where a language says its words: each is captured, and known to all that comes after.</summary>
    public const string Words = "words";

    /// <summary>What a language has of its own. Plain text.</summary>
    public static readonly IReadOnlyList<string> OfLanguage = [What, Happened, Words, "code.subject", "code.sms", "notice.subject", "notice.sms"];

    /// <summary>How a mail is built, in every language alike. A language may have its own.</summary>
    public static readonly IReadOnlyList<string> Shared = [Layout, "code.html", "code.text", "notice.html", "notice.text"];

    public static readonly IReadOnlyList<string> All = [.. OfLanguage, .. Shared];

    /// <summary>What is known to every part. <see cref="MessageValues"/> has their values.</summary>
    public static readonly IReadOnlyList<string> Values =
    [
        "product", "host", "public_url", "lang", "dir", "kind", "operation", "key_type", "channel", "code", "reference", "subject", "anti_phishing_code", "minutes",
        "seconds", "at", "origin", "undo", "undo_until",
    ];

    /// <param name="words">What the words of the language capture.</param>
    public static IEnumerable<string> KnownTo(string part, IEnumerable<string> words) => part switch
    {
        What => Values,
        Happened => [.. Values, What],
        Words => [.. Values, What, Happened],
        Layout => [.. Values, What, Happened, .. words, "title", "body"],
        _ => [.. Values, What, Happened, .. words],
    };
}
