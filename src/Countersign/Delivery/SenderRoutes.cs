using Countersign.Domain;
using Microsoft.Extensions.Logging;

namespace Countersign.Delivery;

/// <summary>A route for each channel that has senders, in the order in which they were added.</summary>
sealed class SenderRoutes(IEnumerable<IMessageSender> senders, Telemetry telemetry, TimeProvider clock, ILogger<SenderRoute> log)
{
    readonly Dictionary<KeyType, SenderRoute> routes = senders
        .GroupBy(sender => sender.Channel)
        .ToDictionary(group => group.Key, group => new SenderRoute(group.Key, Real(group), telemetry, clock, log));

    /// <summary>Throws only where <paramref name="ct"/> is cancelled.</summary>
    public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct) =>
        routes.TryGetValue(message.Destination.KeyType, out var route)
            ? route.SendAsync(message, ct)
            : Task.FromResult(new SendResult(SendStatus.Deferred, "no sender for this channel"));

    /// <summary>The development inbox takes messages where nobody else does. It is no reserve: a code that went there would count as sent.</summary>
    static List<IMessageSender> Real(IEnumerable<IMessageSender> senders)
    {
        var all = senders.ToList();
        var real = all.FindAll(sender => sender is not DevelopmentInboxSender);
        return real.Count > 0 ? real : all;
    }
}
