using System.Globalization;
using Countersign.Domain;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>Reads the fields of one request, and gathers what is wrong with each under the name that the request gave it.</summary>
sealed class Fields(CountersignOptions options)
{
    readonly Dictionary<string, string[]> errors = [];

    public Problem? Problem => errors.Count == 0 ? null : Problems.Validation(errors);

    public EmailAddress? Email(string name, string? text)
    {
        EmailAddress? address = null;
        if (IsThere(name, text) && !EmailAddress.TryParse(text, out address, out var error))
            Add(name, error);
        return address;
    }

    public PhoneNumber? PhoneNumber(string name, string? text)
    {
        PhoneNumber? number = null;
        if (IsThere(name, text) && !Domain.PhoneNumber.TryParse(text, options.PhoneNumberAcceptance, out number, out var error))
            Add(name, error);
        if (number is not null && !options.Limits.Sms.Allows(number.Region))
            Add(name, "Phone numbers of this country are not served.");
        return number;
    }

    public void UserId(string name, string? text)
    {
        if (!Callers.IsUserId(text))
            Add(name, $"A user id has 1 to {Callers.MaxUserIdLength} characters, no control character among them.");
    }

    /// <summary>An @ makes it an email, a leading + a phone number.</summary>
    public Address? Address(string name, string? text)
    {
        if (!IsThere(name, text))
            return null;
        if (text!.Contains('@', StringComparison.Ordinal))
            return Email(name, text);
        if (text.StartsWith('+'))
            return PhoneNumber(name, text);

        Add(name, "This is neither an email address, which has an @, nor a phone number, which starts with +.");
        return null;
    }

    public KeyType KeyType(string name, string? text)
    {
        if (Names.TryParseKeyType(text, out var keyType) || !IsThere(name, text))
            return keyType;

        Add(name, "This is EMAIL or PHONE_NUMBER.");
        return default;
    }

    /// <summary>An operation and the key type that goes with it: with all but the two of the anti-phishing code.</summary>
    public Purpose Purpose(string? operationText, string? keyTypeText)
    {
        if (!IsThere("operation", operationText))
            return default;
        if (!Names.TryParseOperation(operationText, out var operation))
        {
            Add("operation", $"This is one of {string.Join(", ", Enum.GetValues<Operation>().Select(known => known.Name()))}.");
            return default;
        }

        var purpose = new Purpose(operation, null);
        if (!purpose.IsWhole)
            return new Purpose(operation, KeyType("keyType", keyTypeText));
        if (keyTypeText is not null)
            Add("keyType", $"There is no key type with {operation.Name()}.");
        return purpose;
    }

    public TokenCode Token(string name, string? text)
    {
        TokenCode code = default;
        if (IsThere(name, text) && !TokenCode.TryParse(text, options.CodeFormat, out code, out var error))
            Add(name, error);
        return code;
    }

    public AntiPhishingCode? AntiPhishingCode(string name, string? text)
    {
        AntiPhishingCode? code = null;
        if (IsThere(name, text) && !Domain.AntiPhishingCode.TryParse(text, out code))
            Add(name, $"An anti-phishing code has {Domain.AntiPhishingCode.MinLength} to {Domain.AntiPhishingCode.MaxLength} ASCII letters and digits.");
        return code;
    }

    /// <summary>The query parameter <c>limit</c>: from 1 to <paramref name="max"/>.</summary>
    public int Limit(HttpRequest request, int standard, int max)
    {
        var values = RawQuery.Values(request, "limit");
        if (values.Count == 0)
            return standard;
        if (values.Count == 1 && int.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit >= 1 && limit <= max)
            return limit;

        Add("limit", $"This is a whole number from 1 to {max}.");
        return 0;
    }

    /// <summary>A filter that is misspelt would be one that does not hold: what is not read is an error.</summary>
    public void Only(HttpRequest request, params IReadOnlyList<string> known)
    {
        foreach (var name in RawQuery.Names(request).Except(known))
            Add(name, $"There is no such parameter. There are {string.Join(", ", known)}.");
    }

    public void Add(string name, string error) => errors[name] = [error];

    bool IsThere(string name, string? text)
    {
        if (text is null)
            Add(name, "This is missing.");
        return text is not null;
    }
}
