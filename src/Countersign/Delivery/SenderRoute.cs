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
    /// <summary>For all senders together; less than the dispatcher allows, so that it is known which of them did not answer.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(9);

    readonly List<(IMessageSender Sender, Circuit Circuit)> hops = senders.Select(sender => (sender, new Circuit(clock))).ToList();

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        // There is nobody to pass it to: it has the dispatcher's whole time, and no circuit holds up the sender's return.
        if (hops is [var only])
            return await AskAsync(only.Sender, message, Timeout.InfiniteTimeSpan, ct);

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

            var (sender, circuit) = hops[i];
            var entry = circuit.Enter(isLastResort);
            if (entry == Entry.None)
                continue;

            var result = await AskAsync(sender, circuit, entry, message, share, ct);
            if (result.Status != SendStatus.Deferred)
                return (result, failures);
            failures.Add($"{sender.Name}: {result.Reason}");
        }

        return (null, failures);
    }

    async Task<SendResult> AskAsync(
        IMessageSender sender, Circuit circuit, Entry entry, OutgoingMessage message, TimeSpan share, CancellationToken ct)
    {
        SendResult result;
        try
        {
            result = await AskAsync(sender, message, share, ct);
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

    /// <summary>Throws only where <paramref name="ct"/> is cancelled.</summary>
    async Task<SendResult> AskAsync(IMessageSender sender, OutgoingMessage message, TimeSpan share, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(share, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        SendResult result;
        try
        {
            result = await sender.SendAsync(message, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            result = new SendResult(SendStatus.Deferred, "timeout");
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever a sender throws, the message is kept. Only the type is recorded: the text may name the recipient.
            result = new SendResult(SendStatus.Deferred, e.GetType().Name);
        }

        telemetry.Tried(channel, sender.Name, result.Status);
        Activity.Current?.SetTag("countersign.sender", sender.Name);
        return result with { Provider = sender.Name };
    }

    [LoggerMessage(LogLevel.Warning, "Sender {Sender} for {Channel} is passed over for a while, because it keeps failing: {Reason}")]
    partial void LogOpened(string sender, KeyType channel, string? reason);

    [LoggerMessage(LogLevel.Information, "Sender {Sender} for {Channel} works again.")]
    partial void LogClosed(string sender, KeyType channel);
}
