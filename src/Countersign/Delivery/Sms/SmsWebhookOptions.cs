using System.Diagnostics.CodeAnalysis;
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
    const int MaxSecrets = 4;

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
        if (options.Secrets.Count is 0 or > MaxSecrets)
            yield return $"Secrets has {options.Secrets.Count} entries; it has 1 to {MaxSecrets}.";
        foreach (var (secret, index) in options.Secrets.Select((secret, index) => (secret, index)))
        {
            if (!WebhookSecret.TryParse(secret, out _))
                yield return $"Secrets:{index} is not whsec_ and base64 of {WebhookSecret.MinSize} to {WebhookSecret.MaxSize} bytes.";
        }
    }
}

/// <summary>A secret as Standard Webhooks writes it.</summary>
static class WebhookSecret
{
    public const int MinSize = 24;
    public const int MaxSize = 64;

    const string Prefix = "whsec_";

    public static bool TryParse(string text, [NotNullWhen(true)] out byte[]? key)
    {
        key = null;
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
            return false;

        var buffer = new byte[text.Length];
        if (!Convert.TryFromBase64String(text[Prefix.Length..], buffer, out var size) || size is < MinSize or > MaxSize)
            return false;

        key = buffer[..size];
        return true;
    }
}
