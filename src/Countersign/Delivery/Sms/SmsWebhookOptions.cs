using Microsoft.Extensions.Options;

namespace Countersign.Delivery.Sms;

/// <summary>A service of the operator's own, which hands SMS to a gateway.</summary>
public sealed class SmsWebhookOptions
{
    /// <summary>What is posted to: absolute, https, or http on loopback.</summary>
    public string Url { get; set; } = "";

    /// <summary>
    /// <c>whsec_</c> and base64 of 24 to 64 random bytes. Every request is signed with each of them, so that the receiver can change from one to the next:
    /// 1 to 4.
    /// </summary>
    public IList<string> Secrets { get; } = [];
}

/// <summary>Names every setting that is wrong; no value is printed.</summary>
sealed class SmsWebhookOptionsValidator(string optionsName) : IValidateOptions<SmsWebhookOptions>
{
    public ValidateOptionsResult Validate(string? name, SmsWebhookOptions options)
    {
        if (name != optionsName)
            return ValidateOptionsResult.Skip;

        var errors = Errors(options).Select(error => $"{optionsName}:{error}").ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    static IEnumerable<string> Errors(SmsWebhookOptions options)
    {
        if (!ServiceUrl.TryParseWithQuery(options.Url, out _))
            yield return "Url is an absolute https URL (or http on loopback) without user and fragment.";
        foreach (var error in WebhookSecret.Errors(options.Secrets))
            yield return error;
    }
}
