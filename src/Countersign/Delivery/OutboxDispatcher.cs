using Countersign.Domain;
using Countersign.Stores;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery;

/// <summary>
/// Sends what the outbox holds: messages of this node's own commits straight from memory, and whatever else is due: retries, messages of nodes that
/// died, and those that no node had room for. It looks once a second, and, while there is a backlog, whenever workers run out of it.
/// </summary>
sealed partial class OutboxDispatcher(
    Outbox outbox,
    SendQueue queue,
    SenderRoutes routes,
    Templates templates,
    Telemetry telemetry,
    IOptions<CountersignOptions> options,
    TimeProvider clock,
    ILogger<OutboxDispatcher> log)
    : BackgroundService
{
    static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(1);
    static readonly TimeSpan FirstRetryAfter = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long what was committed or claimed is taken to be so. A commit of another node that withdraws a message in this time is no different from
    /// one that comes while a sender has it in hand: the code goes out, and redeems nothing. What waits longer is looked up before it is sent.
    /// </summary>
    static readonly TimeSpan TrustedFor = TimeSpan.FromMilliseconds(100);

    /// <summary>For what obeys its cancellation, when the process stops.</summary>
    static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    /// <summary>For the store to take back the leases, when the process stops.</summary>
    static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(5);

    /// <summary>Nodes that claim at once may find that another has taken all that they saw: so often they look again before they wait.</summary>
    const int MaxLostClaims = 3;

    readonly BoundedSends sends = new(clock);
    readonly OutboxHousekeeping housekeeping = new(outbox, telemetry, clock);
    readonly CancellationTokenSource claiming = new();
    int lostClaims;
    int accepted;

    /// <summary>Whether a message that is committed now is to be leased to this node; else it waits for whoever claims it first.</summary>
    public bool HasRoom => queue.HasRoom(clock.GetUtcNow());

    /// <summary>
    /// Takes over what was just committed, without a query: the messages to send, and those in memory that are not to be sent any more. Never
    /// waits.
    /// </summary>
    public void HandOver(Commit commit)
    {
        var (userId, change) = (commit.Before.UserId, commit.Change);
        if (change.Erases)
            queue.Withdraw(userId, _ => true);
        foreach (var purpose in change.Withdrawn)
            queue.Withdraw(userId, message => message.CarriesCodeFor(purpose));
        foreach (var (purpose, newest, previous) in change.Superseded(commit.Before))
            queue.Withdraw(userId, message => message.CarriesCodeFor(purpose) && message.Id != newest && message.Id != previous);

        var now = clock.GetUtcNow();
        foreach (var message in commit.Messages.Where(message => message.LeasedUntil > now))
        {
            if (!queue.TryAdd(message, isFresh: true, now))
                LogFull(message.Id);
        }
    }

    /// <summary>The pause before the next try: doubled each time, up to five minutes, and drawn from its upper half so that retries spread.</summary>
    internal static TimeSpan RetryAfter(int attempts, double fraction)
    {
        var full = Math.Min(LongestRetryAfter.TotalSeconds, FirstRetryAfter.TotalSeconds * Math.Pow(2, Math.Min(attempts, 30)));
        return TimeSpan.FromSeconds(full * (0.5 + (fraction / 2)));
    }

    /// <summary>
    /// In bounded time: sends what is in memory for as long as <see cref="DeliveryOptions.DrainFor"/>, then gives the rest back, so that another node,
    /// or this one when it is there again, takes it at once.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var drainFor = options.Value.Delivery.DrainFor;
        var before = Volatile.Read(ref accepted);
        var (waiting, inHand) = queue.Close();
        LogDraining(inHand, waiting, drainFor);
        await claiming.CancelAsync();

        var working = ExecuteTask ?? Task.CompletedTask;
        await working.WaitAsync(drainFor, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(new CancellationToken(canceled: true));
        await working.WaitAsync(StopGrace, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        var sent = Volatile.Read(ref accepted) - before;
        try
        {
            using var patience = new CancellationTokenSource(ReleasePatience);
            LogDrained(sent, await outbox.ReleaseAsync(patience.Token));
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            LogNotReleased(sent, Outbox.Lease, e.Message);
        }
    }

    public override void Dispose()
    {
        claiming.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var workers = Enumerable.Range(0, options.Value.Delivery.Workers).Select(_ => Task.Run(() => WorkAsync(stoppingToken), CancellationToken.None));
        await Task.WhenAll([PollAsync(claiming.Token), .. workers]);
    }

    async Task WorkAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await queue.TakeAsync(stoppingToken) is { } held)
                await DeliverAsync(held, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left in memory is in the outbox as well.
        }
    }

    async Task PollAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(PollEvery, clock);
        try
        {
            var tick = timer.WaitForNextTickAsync(ct).AsTask();
            var isBehind = false;
            while (true)
            {
                // A backlog is claimed as fast as it is sent.
                await (isBehind ? (Task)Task.WhenAny(queue.WaitForRoomAsync(), tick) : tick);
                if (tick.IsCompleted)
                {
                    await tick;
                    tick = timer.WaitForNextTickAsync(ct).AsTask();
                }

                isBehind = await PollOnceAsync(ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    /// <summary>True where there may be more.</summary>
    async Task<bool> PollOnceAsync(CancellationToken ct)
    {
        try
        {
            await housekeeping.DoAsync(ct);
            return await ClaimAsync(ct);
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

        return false;
    }

    async Task<bool> ClaimAsync(CancellationToken ct)
    {
        var room = queue.ClaimRoom;
        if (room == 0)
            return true;
        if (!await outbox.IsAnyDueAsync(clock.GetUtcNow(), ct))
            return false;

        var claimed = await outbox.ClaimAsync(clock.GetUtcNow(), room, ct);
        foreach (var message in claimed)
            await TakeUpAsync(message);
        lostClaims = claimed.Count > 0 ? 0 : (lostClaims + 1) % MaxLostClaims;
        return claimed.Count > 0 || lostClaims > 0;
    }

    async Task TakeUpAsync(ClaimedMessage claimed)
    {
        try
        {
            queue.TryAdd(outbox.Open(claimed), isFresh: false, clock.GetUtcNow());
        }
        catch (Exception e)
        {
            await SetAsideAsync(claimed, e);
        }
    }

    /// <summary>One message that cannot be opened holds up no other. With a missing key put back it still goes out, until it expires.</summary>
    async Task SetAsideAsync(ClaimedMessage claimed, Exception reason)
    {
        if (clock.GetUtcNow() >= claimed.ExpiresAt)
        {
            LogExpired(claimed.Id, claimed.Attempts);
            await outbox.BuryAsync(claimed.UserId, claimed.Id, "expired", clock.GetUtcNow(), CancellationToken.None);
            return;
        }

        // Any other exception's text may quote what it could not read.
        LogCannotOpen(claimed.Id, reason is TokenKeyMissingException ? reason.Message : reason.GetType().Name);
        await PutOffAsync(claimed.UserId, claimed.Id, claimed.Attempts, claimed.ExpiresAt, "cannot be opened", null);
    }

    async Task DeliverAsync(HeldMessage held, CancellationToken ct)
    {
        try
        {
            await SendAsync(held, ct);
        }
        catch (StoreUnavailableException e)
        {
            // The lease runs out, and the message is taken up again: a second copy at worst, never none.
            LogUnavailable(e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            // A worker that ended here would be missed by nobody until the last one has.
            LogDefect(e);
        }
        finally
        {
            queue.Done(held);
        }
    }

    async Task SendAsync(HeldMessage held, CancellationToken ct)
    {
        var (message, content) = (held.Message, held.Message.Content);
        if (clock.GetUtcNow() >= content.ExpiresAt)
        {
            LogExpired(message.Id, message.Attempts);
            await outbox.BuryAsync(message.UserId, message.Id, "expired", clock.GetUtcNow(), CancellationToken.None);
            telemetry.Unsent(content.Channel, UnsentReason.Expired);
            return;
        }

        if (!await IsStillToSendAsync(held, ct))
        {
            LogNotOurs(message.Id);
            return;
        }

        var result = await TrySendAsync(message, ct);
        // From here on the outcome is recorded, whether the process stops or not.
        switch (result.Status)
        {
            case SendStatus.Accepted:
                await FinishAsync(message, result);
                Interlocked.Increment(ref accepted);
                break;
            case SendStatus.Rejected:
                await RejectAsync(message, FailureText.Of(result.Reason, content), result);
                break;
            case SendStatus.Deferred:
                await DeferAsync(message, FailureText.Of(result.Reason, content), result);
                break;
        }

        telemetry.Sent(content.Channel, result.Status, clock.GetUtcNow() - content.CreatedAt);
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

        if (now + BoundedSends.Longest > held.LeasedUntil)
            return await outbox.TryRenewAsync(message.UserId, message.Id, now + Outbox.Lease, ct);
        return now - held.Since < TrustedFor || await outbox.IsOursAsync(message.UserId, message.Id, ct);
    }

    async Task<SendResult> TrySendAsync(QueuedMessage message, CancellationToken ct)
    {
        using var activity = telemetry.StartSend(message.Content.Channel);
        try
        {
            var outgoing = templates.Render(message);
            return await sends.RunAsync(message.Content.Channel, timeout => routes.SendAsync(outgoing, timeout), ct);
        }
        catch (Exception e)
        {
            ct.ThrowIfCancellationRequested();
            // Whatever a sender throws, the message is kept. Only the type is recorded: the text may name the recipient.
            return new SendResult(SendStatus.Deferred, e.GetType().Name);
        }
    }

    Task FinishAsync(QueuedMessage message, SendResult result) =>
        outbox.FinishAsync(message.UserId, message.Id, OutboxState.Sent, null, result, clock.GetUtcNow(), CancellationToken.None);

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
    static TimeSpan Pause(int attempts, TimeSpan? wait)
    {
        var pause = RetryAfter(attempts, TokenCodes.NewFraction());
        return wait > pause ? TimeSpan.FromTicks(Math.Min(wait.Value.Ticks, LongestRetryAfter.Ticks)) : pause;
    }

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} is left to the outbox: too many are waiting in memory.")]
    partial void LogFull(string messageId);

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

    [LoggerMessage(LogLevel.Error, "The dispatcher goes on after an error that it did not expect")]
    partial void LogDefect(Exception e);

    [LoggerMessage(LogLevel.Warning, "The outbox waits for the store: {Reason}")]
    partial void LogUnavailable(string reason);

    [LoggerMessage(LogLevel.Information, "Stopping: {InHand} messages in hand and {Waiting} in memory are sent first, for up to {DrainFor}.")]
    partial void LogDraining(int inHand, int waiting, TimeSpan drainFor);

    [LoggerMessage(LogLevel.Information, "Stopped: {Sent} messages were sent, and {Released} are left to other nodes at once.")]
    partial void LogDrained(int sent, int released);

    [LoggerMessage(LogLevel.Warning, "Stopped: {Sent} messages were sent. What is left waits for other nodes for up to {Lease}: {Reason}")]
    partial void LogNotReleased(int sent, TimeSpan lease, string reason);
}
