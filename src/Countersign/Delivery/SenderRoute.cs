using System.Diagnostics;
using Countersign.Domain;
using Microsoft.Extensions.Logging;

namespace Countersign.Delivery;

/// <summary>
/// The senders of one channel, in their order. A message that one cannot send now goes to the next within the same try; what one refuses for good is
/// refused. A sender that keeps failing is passed over for a while, as long as there is another.
/// </summary>
sealed partial class SenderRoute(
    KeyType channel, IReadOnlyList<IMessageSender> senders, Telemetry telemetry, TimeProvider clock, ILogger log)
{
    /// <summary>For one try, all of the senders together. What is asked then is cancelled.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>How long a try can hold a worker.</summary>
    public static readonly TimeSpan Longest = Limit + BoundedSends.Grace;

    readonly List<Hop> hops = senders.Select(sender => new Hop(sender, new Circuit(clock), new BoundedSends(clock))).ToList();

    /// <summary>Throws only where <paramref name="ct"/> is cancelled.</summary>
    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        // There is nobody to pass it to, and no circuit holds up the sender's return.
        if (hops is [var only])
            return await AskAsync(only, message, Limit, ct);

        var (answer, failures) = await TryInOrderAsync(message, isLastResort: false, ct);
        if (answer is null && failures.Count == 0)
            (answer, failures) = await TryInOrderAsync(message, isLastResort: true, ct);
        return answer ?? new SendResult(SendStatus.Deferred, failures.Count == 0 ? "every sender is being probed" : string.Join("; ", failures));
    }

    /// <returns>What settles it, or the reasons why nobody took the message.</returns>
    async Task<(SendResult? Answer, List<string> Failures)> TryInOrderAsync(OutgoingMessage message, bool isLastResort, CancellationToken ct)
    {
        var failures = new List<string>();
        var began = clock.GetTimestamp();
        for (var i = 0; i < hops.Count; i++)
        {
            // Who comes later has a share as well; what nobody needs is theirs who come last.
            var share = (Limit - clock.GetElapsedTime(began)) / (hops.Count - i);
            if (share <= TimeSpan.Zero)
                break;

            var entry = hops[i].Circuit.Enter(isLastResort);
            if (entry == Entry.None)
                continue;

            var result = await AskAsync(hops[i], entry, message, share, ct);
            if (result.Status != SendStatus.Deferred)
                return (result, failures);
            failures.Add($"{hops[i].Sender.Name}: {result.Reason}");
        }

        return (null, failures);
    }

    async Task<SendResult> AskAsync(Hop hop, Entry entry, OutgoingMessage message, TimeSpan share, CancellationToken ct)
    {
        var (sender, circuit) = (hop.Sender, hop.Circuit);
        SendResult result;
        try
        {
            result = await AskAsync(hop, message, share, ct);
        }
        catch
        {
            circuit.Left(entry);
            throw;
        }

        if (result.Status != SendStatus.Deferred)
        {
            if (circuit.Succeeded())
            {
                telemetry.CircuitClosed(channel, sender.Name);
                LogClosed(sender.Name, channel);
            }

            return result;
        }

        if (circuit.Failed(entry, result.RetryAfter))
        {
            telemetry.CircuitOpened(channel, sender.Name);
            LogOpened(sender.Name, channel, result.Reason);
        }

        return result;
    }

    async Task<SendResult> AskAsync(Hop hop, OutgoingMessage message, TimeSpan share, CancellationToken ct)
    {
        var result = await hop.Sends.RunAsync(share, either => hop.Sender.SendAsync(message, either), ct);
        telemetry.Tried(channel, hop.Sender.Name, result.Status);
        Activity.Current?.SetTag("countersign.sender", hop.Sender.Name);
        // Here, before anybody logs it, joins it with others or keeps it.
        var reason = result.Status == SendStatus.Accepted ? null : FailureText.Of(result.Reason, message.Secrets);
        return result with { Reason = reason, Provider = hop.Sender.Name };
    }

    [LoggerMessage(LogLevel.Warning, "Sender {Sender} for {Channel} is passed over for a while, because it keeps failing: {Reason}")]
    partial void LogOpened(string sender, KeyType channel, string? reason);

    [LoggerMessage(LogLevel.Information, "Sender {Sender} for {Channel} works again.")]
    partial void LogClosed(string sender, KeyType channel);

    sealed record Hop(IMessageSender Sender, Circuit Circuit, BoundedSends Sends);
}
