using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Domain;

namespace Countersign.Delivery.Sms;

/// <summary>Twilio's Messages resource: <c>POST /2010-04-01/Accounts/{AccountSid}/Messages.json</c>.</summary>
/// <param name="publicUrl">Where Twilio reaches this server with receipts; null where it does not.</param>
sealed class TwilioSender(string name, TwilioOptions options, Uri? publicUrl, IHttpClientFactory http, TimeProvider clock) : IMessageSender
{
    /// <summary>Seconds that a message may wait at Twilio: as long as Twilio allows.</summary>
    const int MaxValidity = 36_000;

    const int MaxIdLength = 64;

    /// <summary>
    /// Errors of Twilio that are the recipient's: no number (21211, 21217), not reached from here (21214, 21612), a country that is not served (21408),
    /// opted out (21610), no mobile (21614), a landline (21635). Any other may be our account's, and does not cost the message.
    /// </summary>
    static readonly int[] RefusedRecipient = [21211, 21214, 21217, 21408, 21610, 21612, 21614, 21635];

    readonly Uri url = ServiceUrl.Below(new Uri(options.BaseUrl), $"/2010-04-01/Accounts/{options.AccountSid}/Messages.json");
    readonly AuthenticationHeaderValue credentials = Basic(options);

    public KeyType Channel => KeyType.PhoneNumber;

    public string Name => name;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        var validity = message.ExpiresAt is { } expiresAt ? (long)(expiresAt - clock.GetUtcNow()).TotalSeconds : MaxValidity;
        // Twilio takes whole seconds, and none of them after the expiry.
        if (validity < 1)
            return new SendResult(SendStatus.Deferred, "it expires");

        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new FormUrlEncodedContent(Form(message, Math.Min(validity, MaxValidity))),
            Headers = { Authorization = credentials },
        };
        using var client = http.CreateClient(name);
        using var response = await client.SendAsync(request, ct);
        var answer = await ReadAsync(response, ct);
        if (response.IsSuccessStatusCode)
            return SendResult.Accepted with { ProviderId = answer?.Sid is { Length: > 0 and <= MaxIdLength } sid ? sid : null };

        var reason = answer?.Code is { } code ? $"twilio {code}" : $"twilio http {(int)response.StatusCode}";
        return response.StatusCode == HttpStatusCode.BadRequest && RefusedRecipient.Contains(answer?.Code ?? 0)
            ? new SendResult(SendStatus.Rejected, reason)
            : new SendResult(SendStatus.Deferred, reason) { RetryAfter = ServiceHttp.RetryAfter(response, clock.GetUtcNow()) };
    }

    IEnumerable<KeyValuePair<string, string>> Form(OutgoingMessage message, long validity)
    {
        yield return new("To", message.Destination.Value);
        yield return options.MessagingServiceSid.Length > 0
            ? new("MessagingServiceSid", options.MessagingServiceSid)
            : new("From", options.From);
        yield return new("Body", message.Text);
        yield return new("ValidityPeriod", validity.ToString(CultureInfo.InvariantCulture));
        if (publicUrl is not null && options.AuthToken.Length > 0)
            yield return new("StatusCallback", TwilioReceipts.CallbackUrl(publicUrl, message.UserId, message.Id));
    }

    /// <summary>Null where it is not what Twilio writes, but what something on the way does.</summary>
    static async Task<Answer?> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        try
        {
            return JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(ct), TwilioJson.Default.Answer);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static AuthenticationHeaderValue Basic(TwilioOptions options)
    {
        var (user, password) = options.ApiKeySid.Length > 0 ? (options.ApiKeySid, options.ApiKeySecret) : (options.AccountSid, options.AuthToken);
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{user}:{password}")));
    }

    /// <summary>What is read of an answer: the id of a message that was taken, or the code of an error.</summary>
    internal sealed record Answer([property: JsonPropertyName("sid")] string? Sid, [property: JsonPropertyName("code")] int? Code);
}

[JsonSerializable(typeof(TwilioSender.Answer))]
sealed partial class TwilioJson : JsonSerializerContext;
