using System.Text.RegularExpressions;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Tests.Server;

/// <summary>A provider at its worst: it takes nothing, and repeats what it was given in whatever it says.</summary>
sealed partial class QuotingSender(KeyType channel) : IMessageSender
{
    int sent;

    public KeyType Channel => channel;

    public string Name => "quoting";

    public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        var quote = Quote(message);
        return Interlocked.Increment(ref sent) % 3 == 0
            ? throw new InvalidOperationException(quote, new IOException(message.Html ?? message.Text))
            : Task.FromResult(new SendResult(SendStatus.Deferred, quote) { ProviderId = message.Id });
    }

    /// <summary>All that may not be passed on, within what is kept of a reason.</summary>
    public static string Quote(OutgoingMessage message)
    {
        var to = message.Destination.Value;
        var link = UndoToken().Match(message.Text).Value;
        var antiPhishing = AntiPhishing().Match(message.Text).Value;
        return $"{to} {Uri.EscapeDataString(to)} {to.ToUpperInvariant()} {message.OneTimeToken} {message.OneTimeToken?.Replace("-", "", StringComparison.Ordinal)} {link} {antiPhishing}";
    }

    [GeneratedRegex("[A-Za-z0-9_-]{43}")]
    private static partial Regex UndoToken();

    [GeneratedRegex("Bird[0-9a-f]{12}")]
    private static partial Regex AntiPhishing();
}

/// <summary>Takes what the other does not, but for addresses that it refuses for good, in its own words.</summary>
sealed class ReserveSender(KeyType channel, DevelopmentInbox inbox) : IMessageSender
{
    public const string Refused = "refused";

    public KeyType Channel => channel;

    public string Name => "reserve";

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        // What is refused can be read all the same: a test has to know what to search for.
        await inbox.KeepAsync(message, ct);
        return message.Destination.Value.StartsWith(Refused, StringComparison.Ordinal)
            ? new SendResult(SendStatus.Rejected, QuotingSender.Quote(message))
            : SendResult.Accepted;
    }
}
