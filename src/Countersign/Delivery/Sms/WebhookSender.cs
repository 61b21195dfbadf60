using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Domain;

namespace Countersign.Delivery.Sms;

/// <summary>A signed POST as Standard Webhooks describes it, to a service that knows how to send an SMS.</summary>
sealed class WebhookSender(string name, SmsWebhookOptions options, IHttpClientFactory http, TimeProvider clock) : IMessageSender
{
    readonly StandardWebhook webhook = new(options.Url, options.Secrets);

    public KeyType Channel => KeyType.PhoneNumber;

    public string Name => name;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(Body.Of(message), WebhookJson.Default.Body);
        using var request = webhook.NewRequest(message.Id, body, clock.GetUtcNow());
        using var client = http.CreateClient(name);
        using var response = await client.SendAsync(request, ct);
        if (response.IsSuccessStatusCode)
            return SendResult.Accepted;

        // 410 means that the receiver is gone, which is no fault of the recipient's.
        var reason = $"webhook http {(int)response.StatusCode}";
        return response.StatusCode == HttpStatusCode.UnprocessableEntity
            ? new SendResult(SendStatus.Rejected, reason)
            : new SendResult(SendStatus.Deferred, reason) { RetryAfter = ServiceHttp.RetryAfter(response, clock.GetUtcNow()) };
    }

    /// <summary>What is posted. <c>to</c> and <c>text</c> are all that an SMS needs; the rest is for gateways with templates of their own.</summary>
    internal sealed record Body(
        string Id, string Channel, string To, string Text, string? OneTimeToken, string? Reference, string? ExpiresAt)
    {
        public static Body Of(OutgoingMessage message) => new(
            message.Id, message.Destination.KeyType.Name(), message.Destination.Value, message.Text, message.OneTimeToken, message.Reference,
            message.ExpiresAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

        public override string ToString() => Id;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WebhookSender.Body))]
sealed partial class WebhookJson : JsonSerializerContext;
