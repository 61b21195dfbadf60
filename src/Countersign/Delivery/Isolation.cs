namespace Countersign.Delivery;

/// <summary>
/// An address or a time within a right-to-left sentence is read from the left: set apart by two invisible characters in text (UAX #9, 2.4), and by an element in
/// HTML, where those characters are lost on some programs.
/// </summary>
static class Isolation
{
    public const char Start = '\u2066';
    public const char End = '\u2069';

    public static string Of(string value) => value.Length == 0 ? "" : $"{Start}{value}{End}";

    public static string Without(string text) =>
        text.Replace($"{Start}", "", StringComparison.Ordinal).Replace($"{End}", "", StringComparison.Ordinal);

    public static string ToHtml(string text, Func<string, string> encode) => text.AsSpan().ContainsAny(Start, End)
        ? string.Concat(text.Split(Start).Select((part, index) =>
        {
            var encoded = string.Join("</bdi>", part.Split(End).Select(encode));
            return index == 0 ? encoded : $"<bdi dir=\"ltr\">{encoded}";
        }))
        : encode(text);
}
