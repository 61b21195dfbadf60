using System.Globalization;
using Countersign.Domain;
using DotLiquid;

namespace Countersign.Delivery;

/// <summary>The variables that every template knows, from a message and the settings. Listed in docs/messages.md.</summary>
sealed class MessageValues(CountersignOptions options)
{
    readonly string publicUrl = ServiceUrl.TryParse(options.PublicUrl, out _) ? options.PublicUrl : "";
    readonly string undoUrl = ServiceUrl.TryParse(options.PublicUrl, out var url) ? ServiceUrl.Below(url, Templates.UndoPath).ToString() : "";

    /// <summary>What is of this message alone.</summary>
    public OwnValues OwnOf(MessageContent content, Language language)
    {
        // In the order that Blanks has them in.
        string[] own =
        [
            content.Code ?? "",
            content.Reference ?? "",
            content.Subject ?? "",
            content.AntiPhishingCode ?? "",
            Time(content.CreatedAt),
            content.Origin ?? "",
            // After the #, which no browser sends along: it gets into no log on the way.
            content.UndoToken is { } token && undoUrl.Length > 0 ? $"{undoUrl}#{token}" : "",
            content.UndoUntil is { } until ? Time(until) : "",
        ];
        var areFit = Array.TrueForAll(own, Blanks.IsFit);
        if (language.IsRightToLeft)
        {
            foreach (var blank in Blanks.SetApart)
                own[blank] = Isolation.Of(own[blank]);
        }

        return new OwnValues(own, areFit);
    }

    public Hash Of(MessageContent content, Language language) => Of(content, language, OwnOf(content, language).Texts);

    /// <param name="own">What stands for those of this message.</param>
    public Hash Of(MessageContent content, Language language, string[] own)
    {
        var lifetime = content.ExpiresAt - content.CreatedAt;
        return new Hash
        {
            ["product"] = options.Messages.ProductName,
            ["host"] = options.Messages.Host,
            ["public_url"] = publicUrl,
            ["lang"] = language.Tag,
            ["dir"] = language.IsRightToLeft ? "rtl" : "ltr",
            ["kind"] = content.Kind.ToString(),
            ["operation"] = content.Operation.Name(),
            ["key_type"] = content.KeyType?.Name() ?? "",
            ["channel"] = content.Channel.Name(),
            ["code"] = own[Blanks.Code],
            ["reference"] = own[Blanks.Reference],
            ["subject"] = own[Blanks.Subject],
            ["anti_phishing_code"] = own[Blanks.AntiPhishingCode],
            ["minutes"] = Whole(lifetime.Ticks % TimeSpan.TicksPerMinute == 0 ? lifetime.TotalMinutes : 0),
            ["seconds"] = Whole(lifetime.TotalSeconds),
            ["at"] = own[Blanks.At],
            ["origin"] = own[Blanks.Origin],
            ["undo"] = own[Blanks.Undo],
            ["undo_until"] = own[Blanks.UndoUntil],
        };
    }

    static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    static string Whole(double number) => number.ToString("0", CultureInfo.InvariantCulture);
}

/// <summary>The values of a message that others do not share, at the places that <see cref="Blanks"/> names; empty where it has none.</summary>
/// <param name="AreFit">See <see cref="Blanks.IsFit"/>.</param>
readonly record struct OwnValues(string[] Texts, bool AreFit)
{
    /// <summary>A bit for each that is not empty.</summary>
    public int Filled
    {
        get
        {
            var filled = 0;
            for (var blank = 0; blank < Texts.Length; blank++)
                filled |= Texts[blank].Length > 0 ? 1 << blank : 0;
            return filled;
        }
    }

    /// <summary>Marks in the place of those that are not empty.</summary>
    public string[] Marks() => [.. Texts.Select((text, blank) => text.Length > 0 ? Blanks.Mark(blank) : "")];
}
