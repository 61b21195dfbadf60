using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign;

sealed partial class CountersignOptionsValidator
{
    static IEnumerable<string> Events(EventWebhookOptions webhook)
    {
        const string Name = "Events:Webhook";
        if (webhook.GiveUpAfter < EventWebhookOptions.MinGiveUpAfter || webhook.GiveUpAfter > EventWebhookOptions.MaxGiveUpAfter)
            yield return Error($"{Name}:GiveUpAfter", $"is {webhook.GiveUpAfter}; it is a time from {EventWebhookOptions.MinGiveUpAfter} to {EventWebhookOptions.MaxGiveUpAfter}.");
        if (webhook.Timeout < EventWebhookOptions.MinTimeout || webhook.Timeout > EventWebhookOptions.MaxTimeout)
            yield return Error($"{Name}:Timeout", $"is {webhook.Timeout}; it is a time from {EventWebhookOptions.MinTimeout} to {EventWebhookOptions.MaxTimeout}.");

        var known = Enum.GetValues<AuditEventType>().Select(type => type.Name()).ToList();
        foreach (var (type, index) in webhook.Types.Select((type, index) => (type, index)).Where(item => !known.Contains(item.type)))
            yield return Error($"{Name}:Types:{index}", $"is '{type}'; it is one of {string.Join(", ", known)}.");

        if (!webhook.IsOn && webhook.Secrets.Count > 0)
            yield return Error($"{Name}:Url", "is missing, and there are Secrets: without a URL no event is posted.");
        if (!webhook.IsOn)
            yield break;

        // What is in a URL may be a secret, and is not printed.
        if (!ServiceUrl.TryParseWithQuery(webhook.Url, out _))
            yield return Error($"{Name}:Url", "is an absolute https URL (or http on loopback) without user and fragment.");
        foreach (var error in WebhookSecret.Errors(webhook.Secrets))
            yield return $"{CountersignOptions.Section}:{Name}:{error}";
    }
}
