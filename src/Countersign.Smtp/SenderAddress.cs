using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Countersign.Domain;

namespace Countersign.Smtp;

/// <summary>The address that mail comes from: as every other, but that its local part may go beyond ASCII (RFC 6531).</summary>
sealed record SenderAddress(string Value, string Domain)
{
    static readonly SearchValues<char> Specials = SearchValues.Create("()<>[]:;@\\,\" ");

    /// <summary>Whether a server has to know SMTPUTF8 to take mail from it.</summary>
    public bool IsInternational => !Ascii.IsValid(Value);

    public static bool TryParse(string text, [NotNullWhen(true)] out SenderAddress? address)
    {
        address = null;
        var at = text.LastIndexOf('@');
        if (at < 1)
            return false;

        var local = text[..at];
        // The domain is judged as in any address, with an ASCII stand-in before it.
        if (!EmailAddress.TryParse($"{(Ascii.IsValid(local) ? local : "x")}{text[at..]}", out var parsed, out _))
            return false;
        if (!Ascii.IsValid(local) && (Encoding.UTF8.GetByteCount(local) > EmailAddress.MaxLocalPartLength || !local.EnumerateRunes().All(IsPrintable)))
            return false;

        var domain = parsed.Value[(parsed.Value.LastIndexOf('@') + 1)..];
        address = new SenderAddress($"{local}@{domain}", domain);
        return true;
    }

    static bool IsPrintable(Rune rune) =>
        rune != Rune.ReplacementChar
        && !(rune.IsAscii && Specials.Contains((char)rune.Value))
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned);
}
