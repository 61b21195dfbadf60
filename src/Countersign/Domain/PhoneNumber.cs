using System.Diagnostics.CodeAnalysis;
using PhoneNumbers;

namespace Countersign.Domain;

/// <summary>Which phone numbers are accepted.</summary>
public enum PhoneNumberAcceptance
{
    /// <summary>Whatever has the shape of E.164.</summary>
    Shape,

    /// <summary>Only what libphonenumber calls a valid number of a mobile, or of a kind that may be mobile.</summary>
    Assigned,
}

/// <summary>
/// An E.164 number: <c>+</c> and 7 to 15 digits, the first not 0. Spaces, dots, dashes and parentheses between the digits are stripped.
/// </summary>
public sealed class PhoneNumber : Address
{
    public const int MinDigits = 7;

    /// <summary>ITU-T E.164, 6.2.1.</summary>
    public const int MaxDigits = 15;

    const int MaxTextLength = 64;

    PhoneNumber(string value)
        : base(value, value)
    {
        Masked = $"+{new string('*', value.Length - 4)}{value[^3..]}";
    }

    public override KeyType KeyType => KeyType.PhoneNumber;

    public override string Masked { get; }

    /// <summary>The country as ISO 3166-1 has it (<c>DE</c>), <c>001</c> where a number belongs to none, and <c>ZZ</c> where libphonenumber knows none.</summary>
    public string Region => field ??= RegionOf(Value);

    /// <param name="error">What is wrong, as a sentence for the person who typed the number.</param>
    public static bool TryParse(
        string? text, PhoneNumberAcceptance acceptance, [NotNullWhen(true)] out PhoneNumber? number, [NotNullWhen(false)] out string? error)
    {
        number = null;
        error = $"A phone number is + and {MinDigits} to {MaxDigits} digits, the country code first: +4915123456789.";
        if (text is not { Length: > MinDigits and <= MaxTextLength } || text[0] != '+' || !(char.IsAsciiDigit(text[^1]) || text[^1] == ')'))
            return false;

        var digits = string.Concat(text.Skip(1).Where(c => c is not (' ' or '.' or '-' or '(' or ')')));
        if (digits.Length is < MinDigits or > MaxDigits || !digits.All(char.IsAsciiDigit) || digits[0] == '0')
            return false;

        if (acceptance == PhoneNumberAcceptance.Assigned && !IsAssignedMobile("+" + digits))
        {
            error = "This is not an assigned mobile number.";
            return false;
        }

        number = new PhoneNumber("+" + digits);
        error = null;
        return true;
    }

    internal static PhoneNumber FromStore(string value) => new(value);

    static bool IsAssignedMobile(string value) =>
        Parse(value) is { } parsed
        && Plan.IsValidNumber(parsed)
        && Plan.GetNumberType(parsed) is PhoneNumberType.MOBILE or PhoneNumberType.FIXED_LINE_OR_MOBILE;

    /// <summary>A number that is not assigned has the country of its code all the same.</summary>
    static string RegionOf(string value) =>
        Parse(value) is { } parsed ? Plan.GetRegionCodeForNumber(parsed) ?? Plan.GetRegionCodeForCountryCode(parsed.CountryCode) : "ZZ";

    static PhoneNumberUtil Plan => PhoneNumberUtil.GetInstance();

    /// <summary>Null where libphonenumber knows no such country code, or no such length.</summary>
    static PhoneNumbers.PhoneNumber? Parse(string value)
    {
        try
        {
            return Plan.Parse(value, null);
        }
        catch (NumberParseException)
        {
            return null;
        }
    }
}
