using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery.Sms;

/// <summary>Names every setting that Twilio would refuse each message for. The name of the options is where they come from; no value is printed.</summary>
sealed partial class TwilioOptionsValidator(string optionsName) : IValidateOptions<TwilioOptions>
{
    public ValidateOptionsResult Validate(string? name, TwilioOptions options)
    {
        if (name != optionsName)
            return ValidateOptionsResult.Skip;

        var errors = Errors(options).Select(error => $"{optionsName}:{error}").ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    static IEnumerable<string> Errors(TwilioOptions options)
    {
        if (!ServiceUrl.TryParse(options.BaseUrl, out _))
            yield return $"BaseUrl is {ServiceUrl.Form}; leave it out for Twilio itself.";
        if (!IsSid("AC", options.AccountSid))
            yield return "AccountSid is AC and 32 hexadecimal digits, as Twilio's console shows it.";

        var hasKey = options.ApiKeySid.Length > 0 || options.ApiKeySecret.Length > 0;
        if (hasKey && !IsSid("SK", options.ApiKeySid))
            yield return "ApiKeySid is SK and 32 hexadecimal digits, and goes with ApiKeySecret.";
        if (hasKey && !IsSecret(options.ApiKeySecret))
            yield return "ApiKeySecret is missing or has other characters than visible ASCII; it goes with ApiKeySid.";
        if (!hasKey && options.AuthToken.Length == 0)
            yield return "AuthToken is missing: set it, or ApiKeySid and ApiKeySecret.";
        if (options.AuthToken.Length > 0 && !IsSecret(options.AuthToken))
            yield return "AuthToken has other characters than visible ASCII.";

        if (options.From.Length > 0 == options.MessagingServiceSid.Length > 0)
            yield return "From or MessagingServiceSid has to be set, and not both: who the SMS come from.";
        if (options.From.Length > 0 && !Sender().IsMatch(options.From))
            yield return "From is a number such as +15005550006, a short code, or 1 to 11 letters and digits with a letter among them.";
        if (options.MessagingServiceSid.Length > 0 && !IsSid("MG", options.MessagingServiceSid))
            yield return "MessagingServiceSid is MG and 32 hexadecimal digits.";
    }

    static bool IsSid(string prefix, string text) => Sid().IsMatch(text) && text.StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>A colon would end the user of a basic authentication, and white space is what copying leaves behind.</summary>
    static bool IsSecret(string text) => text.Length is > 0 and <= 256 && text.All(c => c is > ' ' and <= '~');

    [GeneratedRegex(@"\A[A-Z]{2}[0-9a-fA-F]{32}\z")]
    private static partial Regex Sid();

    [GeneratedRegex(@"\A(\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=[0-9 &+_-]*[A-Za-z])[A-Za-z0-9 &+_-]{1,11})\z")]
    private static partial Regex Sender();
}
