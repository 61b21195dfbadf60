using System.Globalization;
using Countersign.Domain;

namespace Countersign.Delivery;

/// <summary>The variables that every template knows, from a message and the settings. Listed in docs/messages.md.</summary>
sealed class MessageValues(CountersignOptions options)
{
    readonly string publicUrl = ServiceUrl.TryParse(options.PublicUrl, out _) ? options.PublicUrl : "";
    readonly string undoUrl = ServiceUrl.TryParse(options.PublicUrl, out var url) ? ServiceUrl.Below(url, Templates.UndoPath).ToString() : "";

    public Dictionary<string, string> Of(MessageContent content, Language language)
    {
        var lifetime = content.ExpiresAt - content.CreatedAt;
        Func<string, string> isolate = language.IsRightToLeft ? Isolation.Of : value => value;
        return new Dictionary<string, string>
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
            ["code"] = content.Code ?? "",
            ["reference"] = content.Reference ?? "",
            ["subject"] = isolate(content.Subject ?? ""),
            ["anti_phishing_code"] = content.AntiPhishingCode ?? "",
            ["minutes"] = Whole(lifetime.Ticks % TimeSpan.TicksPerMinute == 0 ? lifetime.TotalMinutes : 0),
            ["seconds"] = Whole(lifetime.TotalSeconds),
            ["at"] = isolate(Time(content.CreatedAt)),
            ["origin"] = isolate(content.Origin ?? ""),
            // After the #, which no browser sends along: it gets into no log on the way.
            ["undo"] = content.UndoToken is { } token && undoUrl.Length > 0 ? $"{undoUrl}#{token}" : "",
            ["undo_until"] = content.UndoUntil is { } until ? isolate(Time(until)) : "",
        };
    }

    static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    static string Whole(double number) => number.ToString("0", CultureInfo.InvariantCulture);
}
