using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Countersign.Domain;

/// <summary>The form of the code that a person types.</summary>
public enum CodeFormat
{
    /// <summary>6 decimal digits: 10^6 codes.</summary>
    Digits6,

    /// <summary>8 decimal digits: 10^8 codes.</summary>
    Digits8,

    /// <summary>8 characters of Crockford's base 32, shown <c>XXXX-XXXX</c>: 2^40 codes.</summary>
    Base32,
}

/// <summary>What a person types to redeem a one-time token. It prints as nothing; <see cref="Reveal"/> gives it away.</summary>
public readonly struct TokenCode
{
    /// <summary>https://www.crockford.com/base32.html: no I, L, O or U.</summary>
    const string Base32Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    const int MaxTextLength = 64;

    static readonly SearchValues<char> Base32Characters = SearchValues.Create(Base32Alphabet);

    readonly string text;
    readonly CodeFormat format;

    internal TokenCode(string text, CodeFormat format)
    {
        this.text = text;
        this.format = format;
    }

    /// <summary>The code as it goes into a digest: without spaces and dashes, in upper case.</summary>
    public string Reveal() => text;

    /// <summary>The code as a message shows it.</summary>
    public string RevealForReading() => format switch
    {
        CodeFormat.Digits6 or CodeFormat.Digits8 => text,
        CodeFormat.Base32 => $"{text[..4]}-{text[4..]}",
    };

    public override string ToString() => "";

    /// <summary>
    /// Reads what a person typed: spaces and dashes do not count, nor, in base 32, does case; O is read as 0, I and L as 1.
    /// </summary>
    public static bool TryParse(string? text, CodeFormat format, out TokenCode code, [NotNullWhen(false)] out string? error)
    {
        code = default;
        error = $"A one-time token is {Describe(format)}.";
        // Beyond ASCII there are letters whose upper case is in the alphabet: a long s is not an S.
        if (text is not { Length: > 0 and <= MaxTextLength } || !Ascii.IsValid(text))
            return false;

        var typed = text.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        if (format == CodeFormat.Base32)
            typed = typed.ToUpperInvariant().Replace('O', '0').Replace('I', '1').Replace('L', '1');
        if (typed.Length != Length(format) || !IsInAlphabet(typed, format))
            return false;

        code = new TokenCode(typed, format);
        error = null;
        return true;
    }

    internal static int Length(CodeFormat format) => format switch
    {
        CodeFormat.Digits6 => 6,
        CodeFormat.Digits8 or CodeFormat.Base32 => 8,
    };

    internal static string Alphabet(CodeFormat format) => format switch
    {
        CodeFormat.Digits6 or CodeFormat.Digits8 => "0123456789",
        CodeFormat.Base32 => Base32Alphabet,
    };

    static bool IsInAlphabet(string typed, CodeFormat format) => format switch
    {
        CodeFormat.Digits6 or CodeFormat.Digits8 => typed.All(char.IsAsciiDigit),
        CodeFormat.Base32 => !typed.AsSpan().ContainsAnyExcept(Base32Characters),
    };

    static string Describe(CodeFormat format) => format switch
    {
        CodeFormat.Digits6 => "6 digits",
        CodeFormat.Digits8 => "8 digits",
        CodeFormat.Base32 => "8 letters and digits",
    };
}
