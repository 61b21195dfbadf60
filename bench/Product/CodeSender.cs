using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Bench.Product;

sealed class CodeSender(KeyType channel, CodeBook codes) : IMessageSender
{
    static readonly Task<SendResult> Accepted = Task.FromResult(SendResult.Accepted);

    public KeyType Channel => channel;

    public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        if (message.OneTimeToken is { } code)
            codes.Keep(message.UserId, code);
        return Accepted;
    }
}
