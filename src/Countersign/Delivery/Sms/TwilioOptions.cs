namespace Countersign.Delivery.Sms;

/// <summary>An account at Twilio, or at whoever answers as it does. Its secrets are the token and the key's secret.</summary>
public sealed class TwilioOptions
{
    /// <summary>Absolute, https, or http on loopback.</summary>
    public string BaseUrl { get; set; } = "https://api.twilio.com";

    /// <summary>AC and 32 hexadecimal digits.</summary>
    public string AccountSid { get; set; } = "";

    /// <summary>
    /// Signs the requests where there is no key, and is what delivery receipts are checked with: without it there are none.
    /// </summary>
    public string AuthToken { get; set; } = "";

    /// <summary>SK and 32 hexadecimal digits; goes with <see cref="ApiKeySecret"/>.</summary>
    public string ApiKeySid { get; set; } = "";

    public string ApiKeySecret { get; set; } = "";

    /// <summary>A number in E.164, a short code or an alphanumeric sender id; either this or <see cref="MessagingServiceSid"/>.</summary>
    public string From { get; set; } = "";

    /// <summary>MG and 32 hexadecimal digits.</summary>
    public string MessagingServiceSid { get; set; } = "";
}
