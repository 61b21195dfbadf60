using System.Net;
using System.Net.Http.Json;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Tests.Docs;

/// <summary>Hands SMS to a gateway over HTTP.</summary>
sealed class GatewaySender(HttpClient gateway) : IMessageSender
{
    public KeyType Channel => KeyType.PhoneNumber;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "messages")
        {
            Content = JsonContent.Create(new { to = message.Destination.Value, text = message.Text }),
        };
        // The same through all tries: a gateway that knows the header sends the message once.
        request.Headers.Add("Idempotency-Key", message.Id);

        using var response = await gateway.SendAsync(request, ct);
        return response.StatusCode switch
        {
            < HttpStatusCode.MultipleChoices => SendResult.Accepted,
            HttpStatusCode.BadRequest => new SendResult(SendStatus.Rejected, "the gateway takes no such number"),
            // An exception, such as a broken connection, counts as deferred too.
            var status => new SendResult(SendStatus.Deferred, $"the gateway answers {(int)status}"),
        };
    }
}
