using Countersign.Domain;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery;

/// <summary>
/// Hands one message that this node holds to a sender, and records what became of it: sent, dead, or to be tried again later.
/// </summary>
sealed partial class HandOff(
    Outbox outbox,
    SenderRoutes routes,
    Templates templates,
    Telemetry telemetry,
    IOptions<CountersignOptions> options,
    TimeProvider clock,
    ILogger<HandOff> log)
{
    static readonly TimeSpan FirstRetryAfter = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long what was committed or claimed is taken to be so. A commit of another node that withdraws a message in this time is no different from
    /// one that comes while a sender has it in hand: the code goes out, and redeems nothing. What waits longer is looked up before it is sent.
    /// </summary>
    static readonly TimeSpan TrustedFor = TimeSpan.FromMilliseconds(100);

    const string Expired = "expired";

    /// <summary>
    /// Null where the message is not to be sent any more. Else what records the outcome of the try, and has to be called, but not by whoever sends: true where a
    /// sender has accepted the message, false where it waits for another try or is dead.
    /// </summary>
    public async Task<Func<Task<bool>>?> TrySendAsync(HeldMessage held, CancellationToken ct)
    {
        var (message, content) = (held.Message, held.Message.Content);
        if (clock.GetUtcNow() >= content.ExpiresAt)
        {
            LogExpired(message.Id, message.Attempts);
            await outbox.BuryAsync(message.UserId, message.Id, Expired, null, clock.GetUtcNow(), CancellationToken.None);
            telemetry.Unsent(content.Channel, UnsentReason.Expired);
            return null;
        }

        if (!await IsStillToSendAsync(held, ct))
        {
            LogNotOurs(message.Id);
            return null;
        }

        // From here on the outcome is recorded, whether the process stops or not.
        var result = await AskAsync(message, ct);
        return () => RecordAsync(message, result);
    }

    async Task<bool> RecordAsync(QueuedMessage message, SendResult result)
    {
        switch (result.Status)
        {
            case SendStatus.Accepted:
                await outbox.FinishAsync(message.UserId, message.Id, result, clock.GetUtcNow());
                break;
            case SendStatus.Rejected:
                await RejectAsync(message, FailureText.Cut(result.Reason), result);
                break;
            case SendStatus.Deferred:
                await DeferAsync(message, FailureText.Cut(result.Reason), result);
                break;
        }

        telemetry.Sent(message.Content.Channel, result.Status, clock.GetUtcNow() - message.Content.CreatedAt);
        return result.Status == SendStatus.Accepted;
    }

    /// <summary>One message that cannot be opened holds up no other. With a missing key put back it still goes out, until it expires.</summary>
    public async Task SetAsideAsync(ClaimedMessage claimed, Exception reason)
    {
        if (clock.GetUtcNow() >= claimed.ExpiresAt)
        {
            LogExpired(claimed.Id, claimed.Attempts);
            await outbox.BuryAsync(claimed.UserId, claimed.Id, Expired, null, clock.GetUtcNow(), CancellationToken.None);
            return;
        }

        // Any other exception's text may quote what it could not read.
        LogCannotOpen(claimed.Id, reason is TokenKeyMissingException ? reason.Message : reason.GetType().Name);
        await PutOffAsync(claimed.UserId, claimed.Id, claimed.Attempts, claimed.ExpiresAt, "cannot be opened", null);
    }

    /// <summary>
    /// False where it was withdrawn, or another node has it by now. No try starts that could outlast the lease, so that a message is never with two
    /// nodes at once: where it has waited for too long its lease is renewed first, by a statement that asks for the same.
    /// </summary>
    async Task<bool> IsStillToSendAsync(HeldMessage held, CancellationToken ct)
    {
        var (message, now) = (held.Message, clock.GetUtcNow());
        if (held.IsWithdrawn)
        {
            telemetry.Unsent(message.Content.Channel, UnsentReason.Withdrawn);
            return false;
        }

        if (now + SenderRoute.Longest > held.LeasedUntil)
            return await outbox.TryRenewAsync(message.UserId, message.Id, now + Outbox.Lease, ct);
        return now - held.Since < TrustedFor || await outbox.IsOursAsync(message.UserId, message.Id, ct);
    }

    async Task<SendResult> AskAsync(QueuedMessage message, CancellationToken ct)
    {
        using var activity = telemetry.StartSend(message.Content.Channel);
        OutgoingMessage outgoing;
        try
        {
            outgoing = templates.Render(message);
        }
        catch (Exception e)
        {
            // The message is kept. Only the type is recorded: the text may quote what was to be written.
            return new SendResult(SendStatus.Deferred, e.GetType().Name);
        }

        var result = await routes.SendAsync(outgoing, ct);
        return outgoing.Destination is PhoneNumber number
            ? result with { Country = number.Region, Segments = SmsSegments.Of(outgoing.Text).Count }
            : result;
    }

    async Task RejectAsync(QueuedMessage message, string reason, SendResult result)
    {
        LogRejected(message.Id, reason);
        await outbox.BuryAsync(message.UserId, message.Id, reason, result, clock.GetUtcNow(), CancellationToken.None);
    }

    async Task DeferAsync(QueuedMessage message, string reason, SendResult result)
    {
        LogDeferred(message.Id, message.Attempts + 1, reason);
        if (await PutOffAsync(message.UserId, message.Id, message.Attempts, message.Content.ExpiresAt, reason, result))
            telemetry.Unsent(message.Content.Channel, UnsentReason.GivenUp);
    }

    /// <summary>To its next try, or where its expiry is met; true where it is given up instead.</summary>
    async Task<bool> PutOffAsync(string userId, string id, int attempts, DateTimeOffset expiresAt, string reason, SendResult? result)
    {
        var now = clock.GetUtcNow();
        if (attempts + 1 >= options.Value.Delivery.MaxAttempts)
        {
            LogGivenUp(id, attempts + 1);
            await outbox.BuryAsync(userId, id, reason, result, now, CancellationToken.None);
            return true;
        }

        var next = now + Pause(attempts, result?.RetryAfter);
        await outbox.PostponeAsync(userId, id, reason, next < expiresAt ? next : expiresAt, CancellationToken.None);
        return false;
    }

    /// <param name="wait">What the provider asks for; never more than the longest pause.</param>
    internal static TimeSpan Pause(int attempts, TimeSpan? wait)
    {
        var pause = RetryAfter(attempts, TokenCodes.NewFraction());
        return wait > pause ? TimeSpan.FromTicks(Math.Min(wait.Value.Ticks, LongestRetryAfter.Ticks)) : pause;
    }

    /// <summary>The pause before the next try: doubled each time, up to five minutes, and drawn from its upper half so that retries spread.</summary>
    internal static TimeSpan RetryAfter(int attempts, double fraction)
    {
        var full = Math.Min(LongestRetryAfter.TotalSeconds, FirstRetryAfter.TotalSeconds * Math.Pow(2, Math.Min(attempts, 30)));
        return TimeSpan.FromSeconds(full * (0.5 + (fraction / 2)));
    }

    [LoggerMessage(LogLevel.Error, "Message {MessageId} cannot be opened: {Reason}")]
    partial void LogCannotOpen(string messageId, string reason);

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} expired after {Attempts} tries and is dead.")]
    partial void LogExpired(string messageId, int attempts);

    [LoggerMessage(LogLevel.Information, "Message {MessageId} is not sent: it was withdrawn, or another node has taken it.")]
    partial void LogNotOurs(string messageId);

    [LoggerMessage(LogLevel.Error, "Message {MessageId} was refused for good: {Reason}")]
    partial void LogRejected(string messageId, string reason);

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} was not sent at try {Attempt}: {Reason}")]
    partial void LogDeferred(string messageId, int attempt, string reason);

    [LoggerMessage(LogLevel.Error, "Message {MessageId} is given up after {Attempts} tries and is dead.")]
    partial void LogGivenUp(string messageId, int attempts);
}
