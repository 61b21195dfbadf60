using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Countersign.Domain;

/// <summary>
/// One addr-spec of RFC 5321 with an ASCII dot-atom as its local part (at most 64 octets) and a domain of at least two labels
/// (at most 254 octets in all). The local part is kept as given and compared without case; the domain becomes its lower-case IDNA A-label.
/// </summary>
public sealed class EmailAddress : Address
{
    /// <summary>RFC 5321, 4.5.3.1.1.</summary>
    public const int MaxLocalPartLength = 64;

    /// <summary>RFC 5321, 4.5.3.1.3 less the angle brackets.</summary>
    public const int MaxLength = 254;

    /// <summary>RFC 5322, 3.2.3, and the dot.</summary>
    static readonly SearchValues<char> DotAtom =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~.");

    /// <param name="at">Where its @ is.</param>
    EmailAddress(string value, int at)
        : base(value, CanonicalOf(value, at))
    {
    }

    public override KeyType KeyType => KeyType.Email;

    public override string Masked => field ??= MaskOf(Value);

    /// <param name="error">What is wrong, as a sentence for the person who typed the address.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out EmailAddress? address, [NotNullWhen(false)] out string? error)
    {
        address = null;
        error = null;
        // Longer than any address, even one whose domain is still in Unicode: nothing below has to look at a whole body.
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
            error = $"An email address has 3 to {MaxLength} characters.";
        else if (text.EnumerateRunes().Any(IsInvisible))
            error = "An email address has no white space, control, zero-width or bidirectional character.";
        else if (text.Count(c => c == '@') != 1)
            error = "An email address has one @: name@example.com.";
        if (error is not null)
            return false;

        var at = text!.IndexOf('@', StringComparison.Ordinal);
        var local = text[..at];
        if (!IsDotAtom(local))
        {
            error = $"The part before the @ has 1 to {MaxLocalPartLength} ASCII letters, digits, dots or !#$%&'*+-/=?^_`{{|}}~, no dot first, last or twice.";
            return false;
        }

        var domain = ToALabels(text[(at + 1)..]);
        if (domain is null)
        {
            error = "The part after the @ is a domain name of at least two labels: example.com.";
            return false;
        }

        if (local.Length + 1 + domain.Length > MaxLength)
        {
            error = $"An email address has at most {MaxLength} octets.";
            return false;
        }

        address = new EmailAddress($"{local}@{domain}", at);
        return true;
    }

    internal static EmailAddress FromStore(string value) => new(value, value.IndexOf('@', StringComparison.Ordinal));

    /// <summary>Whether this process maps Unicode domains by UTS 46: without ICU, look-alike domains would be different keys.</summary>
    internal static bool UnicodeIsAvailable => ToALabels("\u017F.example") == "s.example";

    static string CanonicalOf(string value, int at) =>
        value.AsSpan(0, at).ContainsAnyInRange('A', 'Z') ? $"{value[..at].ToLowerInvariant()}{value.AsSpan(at)}" : value;

    static string MaskOf(string value)
    {
        var at = value.IndexOf('@', StringComparison.Ordinal);
        return $"{value[0]}***{(at > 2 ? value[at - 1] : "")}{value.AsSpan(at)}";
    }

    static bool IsDotAtom(string local) =>
        local.Length is > 0 and <= MaxLocalPartLength
        && !local.AsSpan().ContainsAnyExcept(DotAtom)
        && local[0] != '.' && local[^1] != '.' && !local.Contains("..", StringComparison.Ordinal);

    /// <summary>The domain as lower-case A-labels, or null where it is none.</summary>
    static string? ToALabels(string domain)
    {
        // An instance each time: IdnMapping does not promise to be safe for several threads.
        var idn = new IdnMapping { UseStd3AsciiRules = true };
        string ascii;
        try
        {
            ascii = idn.GetAscii(domain).ToLowerInvariant();
            // Not every xn-- label is the A-label of a name: only one that ToUnicode takes, and that comes back as itself, has one
            // canonical form.
            if (ascii.Contains("xn--", StringComparison.Ordinal) && idn.GetAscii(idn.GetUnicode(ascii)) != ascii)
                return null;
        }
        catch (ArgumentException)
        {
            return null;
        }

        var labels = ascii.Split('.');
        // The last label of a host name is never all digits (RFC 3696, 2): that would be an address literal.
        return labels.Length >= 2 && labels.All(IsHostLabel) && !labels[^1].All(char.IsAsciiDigit) ? ascii : null;
    }

    static bool IsHostLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    /// <summary>By rune, so that characters beyond the first plane are seen, and half of one (which reads as U+FFFD) is no letter.</summary>
    static bool IsInvisible(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        // Default-ignorable characters that are letters or marks by category: combining grapheme joiner, Hangul fillers, variation selectors.
        || rune.Value is 0x034F or 0x115F or 0x1160 or 0x3164 or 0xFFA0 or (>= 0xFE00 and <= 0xFE0F) or (>= 0x180B and <= 0x180F)
            or (>= 0xE0100 and <= 0xE01EF);
}
