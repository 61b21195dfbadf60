using System.Buffers;

namespace Countersign.Delivery;

/// <summary>
/// The values that differ from message to message. In a <see cref="MessageForm"/> a mark stands for each that is not empty: a character that Unicode leaves to
/// programs, and no text has (noncharacters, U+FDD0 to U+FDEF).
/// </summary>
static class Blanks
{
    public const char FirstMark = '\uFDD0';
    public const char LastMark = '\uFDEF';

    /// <summary>How far the mark in a title is from that in a text: a title has no element that sets a value apart.</summary>
    public const int Title = 16;

    // Where each is in OwnValues.
    public const int Code = 0;
    public const int Reference = 1;
    public const int Subject = 2;
    public const int AntiPhishingCode = 3;
    public const int At = 4;
    public const int Origin = 5;
    public const int Undo = 6;
    public const int UndoUntil = 7;

    /// <summary>Those that a sentence from right to left sets apart.</summary>
    public static readonly IReadOnlyList<int> SetApart = [Subject, At, Origin, UndoUntil];

    /// <summary>Halves of a character, which could make one with what stands beside them, and what a title is told without.</summary>
    static readonly SearchValues<char> Unfit = SearchValues.Create([.. Enumerable.Range('\uD800', 0x800).Select(c => (char)c), Isolation.Start, Isolation.End]);

    public static string Mark(int blank) => ((char)(FirstMark + blank)).ToString();

    public static bool AreIn(string text) => text.AsSpan().ContainsAnyInRange(FirstMark, LastMark);

    /// <summary>
    /// Whether a text into which the value is put is what a template says of it: not where white space at its edge would be cut off, or where it is told otherwise
    /// beside other characters.
    /// </summary>
    public static bool IsFit(string value) =>
        value.Length == 0 || (!char.IsWhiteSpace(value[0]) && !char.IsWhiteSpace(value[^1]) && !value.AsSpan().ContainsAny(Unfit));

    /// <summary>Encodes what is no mark.</summary>
    /// <param name="shift">Added to each mark.</param>
    public static string EncodeAround(string text, Func<string, string> encode, int shift = 0)
    {
        var form = FormText.Of(text);
        return new FormText([.. form.Literals.Select(encode)], [.. form.Marked.Select(blank => blank + shift)]).Marks();
    }
}
