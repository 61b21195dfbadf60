using System.Threading.Channels;
using Countersign.Domain;
using Countersign.Stores;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Delivery;

/// <summary>
/// Sends what the outbox holds: messages of this node's own commits straight from memory, and, once a second, whatever else is due: retries,
/// and messages of nodes that died.
/// </summary>
sealed partial class OutboxDispatcher(
    Outbox outbox, SenderRoutes routes, Templates templates, Telemetry telemetry, TimeProvider clock, ILogger<OutboxDispatcher> log)
    : BackgroundService
{
    /// <summary>Handed over in memory at most; what does not fit stays in the outbox until its lease runs out.</summary>
    const int MaxInMemory = 10_000;

    const int Workers = 4;

    /// <summary>For one try. No try starts that could outlast the lease: a message is never with two nodes at once.</summary>
    static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(1);
    static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);

    /// <summary>How long a finished message, of which only its fate is left, can be looked at.</summary>
    static readonly TimeSpan KeepFinishedFor = TimeSpan.FromDays(7);

    static readonly TimeSpan FirstRetryAfter = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    readonly Channel<QueuedMessage> handedOver = Channel.CreateBounded<QueuedMessage>(MaxInMemory);
    DateTimeOffset pruneAt;

    /// <summary>Takes over messages that were just committed, without a query. Never waits.</summary>
    public void HandOver(IReadOnlyList<QueuedMessage> messages)
    {
        foreach (var message in messages)
        {
            if (!handedOver.Writer.TryWrite(message))
                LogFull(message.Id);
        }
    }

    /// <summary>The pause before the next try: doubled each time, up to five minutes, and drawn from its upper half so that retries spread.</summary>
    internal static TimeSpan RetryAfter(int attempts, double fraction)
    {
        var full = Math.Min(LongestRetryAfter.TotalSeconds, FirstRetryAfter.TotalSeconds * Math.Pow(2, Math.Min(attempts, 30)));
        return TimeSpan.FromSeconds(full * (0.5 + (fraction / 2)));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var workers = Enumerable.Range(0, Workers).Select(_ => Task.Run(() => WorkAsync(stoppingToken), CancellationToken.None));
        await Task.WhenAll([PollAsync(stoppingToken), .. workers]);
    }

    async Task WorkAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var message in handedOver.Reader.ReadAllAsync(stoppingToken))
                await DeliverAsync(message, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left in memory is in the outbox as well.
        }
    }

    async Task PollAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(PollEvery, clock);
        pruneAt = clock.GetUtcNow() + PruneEvery;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await PollOnceAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    async Task PollOnceAsync(CancellationToken ct)
    {
        try
        {
            foreach (var claimed in await outbox.ClaimAsync(clock.GetUtcNow(), ct))
                await TakeUpAsync(claimed, ct);
            telemetry.OutboxDepth = await outbox.CountQueuedAsync(ct);
            if (clock.GetUtcNow() >= pruneAt)
                await PruneAsync(ct);
        }
        catch (StoreUnavailableException e)
        {
            LogUnavailable(e.Message);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // A defect, at one message or for one second: the next second is another try.
            LogDefect(e);
        }
    }

    /// <summary>In small commits, so that nobody waits long behind one.</summary>
    async Task PruneAsync(CancellationToken ct)
    {
        while (await outbox.PruneAsync(clock.GetUtcNow() - KeepFinishedFor, ct))
        {
        }

        pruneAt = clock.GetUtcNow() + PruneEvery;
    }

    async Task TakeUpAsync(ClaimedMessage claimed, CancellationToken ct)
    {
        QueuedMessage message;
        try
        {
            message = outbox.Open(claimed);
        }
        catch (Exception e)
        {
            await SetAsideAsync(claimed, e, ct);
            return;
        }

        await handedOver.Writer.WriteAsync(message, ct);
    }

    /// <summary>One message that cannot be opened holds up no other. With a missing key put back it still goes out, until it expires.</summary>
    async Task SetAsideAsync(ClaimedMessage claimed, Exception reason, CancellationToken ct)
    {
        if (clock.GetUtcNow() >= claimed.ExpiresAt)
        {
            LogExpired(claimed.Id, claimed.Attempts);
            await outbox.FinishAsync(claimed.UserId, claimed.Id, OutboxState.Dead, "expired", clock.GetUtcNow(), ct);
            return;
        }

        // Any other exception's text may quote what it could not read.
        LogCannotOpen(claimed.Id, reason is TokenKeyMissingException ? reason.Message : reason.GetType().Name);
        await outbox.PostponeAsync(claimed.UserId, claimed.Id, "cannot be opened", NextTry(claimed.Attempts), ct);
    }

    async Task DeliverAsync(QueuedMessage message, CancellationToken ct)
    {
        try
        {
            await SendAsync(message, ct);
        }
        catch (StoreUnavailableException e)
        {
            // The lease runs out, and the message is taken up again: a second copy at worst, never none.
            LogUnavailable(e.Message);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // A worker that ended here would be missed by nobody until the last one has.
            LogDefect(e);
        }
    }

    async Task SendAsync(QueuedMessage message, CancellationToken ct)
    {
        var content = message.Content;
        // It waited in memory for so long that its lease may run out while it is sent: whoever takes it up from the outbox sends it.
        if (clock.GetUtcNow() + SendTimeout > message.LeasedUntil)
            return;

        if (clock.GetUtcNow() >= content.ExpiresAt)
        {
            LogExpired(message.Id, message.Attempts);
            await FinishAsync(message, OutboxState.Dead, "expired", null, ct);
            return;
        }

        var result = await TrySendAsync(message, ct);
        switch (result.Status)
        {
            case SendStatus.Accepted:
                await FinishAsync(message, OutboxState.Sent, null, result, ct);
                break;
            case SendStatus.Rejected:
                LogRejected(message.Id, result.Reason);
                await FinishAsync(message, OutboxState.Dead, result.Reason, result, ct);
                break;
            case SendStatus.Deferred:
                LogDeferred(message.Id, message.Attempts + 1, result.Reason);
                await outbox.PostponeAsync(message.UserId, message.Id, result.Reason ?? "", NextTry(message.Attempts, result.RetryAfter), ct);
                break;
        }

        telemetry.Sent(content.Channel, result.Status, clock.GetUtcNow() - content.CreatedAt);
    }

    async Task<SendResult> TrySendAsync(QueuedMessage message, CancellationToken ct)
    {
        using var activity = telemetry.StartSend(message.Content.Channel);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(SendTimeout);
        try
        {
            return await routes.SendAsync(templates.Render(message), timeout.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever a sender throws, the message is kept. Only the type is recorded: the text may name the recipient.
            return new SendResult(SendStatus.Deferred, e.GetType().Name);
        }
    }

    Task FinishAsync(QueuedMessage message, string state, string? error, SendResult? result, CancellationToken ct) =>
        outbox.FinishAsync(message.UserId, message.Id, state, error, result, clock.GetUtcNow(), ct);

    /// <param name="wait">What the provider asks for; never more than the longest pause.</param>
    DateTimeOffset NextTry(int attempts, TimeSpan? wait = null)
    {
        var pause = RetryAfter(attempts, TokenCodes.NewFraction());
        return clock.GetUtcNow() + (wait > pause ? TimeSpan.FromTicks(Math.Min(wait.Value.Ticks, LongestRetryAfter.Ticks)) : pause);
    }

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} is left to the outbox: too many are waiting in memory.")]
    partial void LogFull(string messageId);

    [LoggerMessage(LogLevel.Error, "Message {MessageId} cannot be opened: {Reason}")]
    partial void LogCannotOpen(string messageId, string reason);

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} expired after {Attempts} tries and is dead.")]
    partial void LogExpired(string messageId, int attempts);

    [LoggerMessage(LogLevel.Error, "Message {MessageId} was refused for good: {Reason}")]
    partial void LogRejected(string messageId, string? reason);

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} was not sent at try {Attempt}: {Reason}. It will be tried again.")]
    partial void LogDeferred(string messageId, int attempt, string? reason);

    [LoggerMessage(LogLevel.Error, "The dispatcher goes on after an error that it did not expect")]
    partial void LogDefect(Exception e);

    [LoggerMessage(LogLevel.Warning, "The outbox waits for the store: {Reason}")]
    partial void LogUnavailable(string reason);
}
