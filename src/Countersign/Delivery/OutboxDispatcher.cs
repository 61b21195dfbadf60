using Countersign.Delivery.Events;
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
    HandOff handOff,
    EventQueue events,
    Housekeeping housekeeping,
    IOptions<CountersignOptions> options,
    TimeProvider clock,
    ILogger<OutboxDispatcher> log)
    : BackgroundService
{
    static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(1);
    /// <summary>For what obeys its cancellation, when the process stops.</summary>
    static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    /// <summary>For the store to take back the leases, when the process stops.</summary>
    static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(5);

    /// <summary>Nodes that claim at once may find that another has taken all that they saw: so often they look again before they wait.</summary>
    const int MaxLostClaims = 3;

    /// <summary>Messages of a worker that were sent, and are being recorded.</summary>
    const int MaxRecording = 16;

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
        events.Committed(commit);
        var (userId, change) = (commit.Before.UserId, commit.Change);
        if (change.Erases)
            queue.Withdraw(userId, _ => true);
        if (change.Order is { Action: MessageAction.Drop } order)
            queue.Withdraw(userId, message => message.Id == order.MessageId);
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
        var recording = new Queue<Task>();
        try
        {
            while (await queue.TakeAsync(stoppingToken) is { } held)
            {
                var sending = handOff.TrySendAsync(held, stoppingToken);
                recording.Enqueue(FinishAsync(held, sending, stoppingToken));
                // The next can be sent, whose outcome may be recorded together with that of this one.
                await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (recording.Count == MaxRecording)
                    await recording.Dequeue();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left in memory is in the outbox as well.
        }

        await Task.WhenAll(recording);
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
            await handOff.SetAsideAsync(claimed, e);
        }
    }

    async Task FinishAsync(HeldMessage held, Task<Func<Task<bool>>?> sending, CancellationToken ct)
    {
        try
        {
            if (await LetGoAsync(held, sending) is { } record && await record())
                Interlocked.Increment(ref accepted);
        }
        catch (StoreUnavailableException e)
        {
            // The lease runs out, and the message is taken up again: a second copy at worst, never none.
            LogUnavailable(e.Message);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopping: it is in the outbox as well.
        }
        catch (Exception e)
        {
            // A worker that ended here would be missed by nobody until the last one has.
            LogDefect(e);
        }
    }

    /// <summary>Before the outcome is recorded: a message that waits for another try may be claimed from then on, and is to be taken for another one.</summary>
    async Task<Func<Task<bool>>?> LetGoAsync(HeldMessage held, Task<Func<Task<bool>>?> sending)
    {
        try
        {
            return await sending;
        }
        finally
        {
            queue.Done(held);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Message {MessageId} is left to the outbox: too many are waiting in memory.")]
    partial void LogFull(string messageId);

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
