namespace Countersign.Delivery.Sms;

/// <summary>A sender that was added, and the name of its options.</summary>
/// <param name="Name">The kind, with a number from the second of its kind on.</param>
sealed record SmsProvider(string Kind, string Name, string OptionsName)
{
    public const string Twilio = "twilio";
    public const string Webhook = "webhook";
}
