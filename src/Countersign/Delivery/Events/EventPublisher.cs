using Countersign.Stores;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery.Events;

/// <summary>
/// Posts events to the platform's webhook until it takes them, those of an account in their order: at once what this node has committed, and once a second
/// whatever else is due.
/// </summary>
sealed partial class EventPublisher(
    EventQueue queue,
    IHttpClientFactory http,
    Telemetry telemetry,
    IOptions<CountersignOptions> options,
    TimeProvider clock,
    ILogger<EventPublisher> log)
    : BackgroundService
{
    /// <summary>Of its HTTP client.</summary>
    public const string Client = "countersign-events";

    /// <summary>Events that a process has in its hands at once; of an account one.</summary>
    const int MaxInHand = 8;

    static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(1);

    /// <summary>What a lease allows for beside the try itself: to read what the event says, and to store what came of it.</summary>
    static readonly TimeSpan StoreTime = TimeSpan.FromSeconds(10);

    /// <summary>For a receiver that is about to answer, when the process stops.</summary>
    static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    readonly BoundedSends sends = new(clock);
    readonly EventWebhookOptions webhook = options.Value.Events.Webhook;
    readonly Lazy<StandardWebhook> receiver = new(() => new(options.Value.Events.Webhook.Url, options.Value.Events.Webhook.Secrets));

    TimeSpan Lease => webhook.Timeout + BoundedSends.Grace + StoreTime;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!queue.IsOn)
            return;

        using var posting = new CancellationTokenSource();
        var inHand = new List<Task>();
        try
        {
            await PublishAsync(inHand, posting.Token, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is not posted yet is in the store.
        }

        posting.CancelAfter(StopGrace);
        await Task.WhenAll(inHand);
        await ReleaseAsync();
    }

    async Task PublishAsync(List<Task> inHand, CancellationToken posting, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(PollEvery, clock);
        var tick = timer.WaitForNextTickAsync(stopping).AsTask();
        while (true)
        {
            // Asked for before the look: what is committed during it is looked for again.
            var woken = queue.Woken;
            inHand.RemoveAll(task => task.IsCompleted);
            var claimed = await ClaimAsync(MaxInHand - inHand.Count, stopping);
            inHand.AddRange(claimed.Select(one => Task.Run(() => DeliverAsync(one, posting), CancellationToken.None)));
            if (claimed.Count > 0 && inHand.Count < MaxInHand)
                continue;

            // Whatever ends makes room, and may be what the next of its account waits for.
            await (inHand.Count < MaxInHand ? Task.WhenAny([tick, woken, .. inHand]) : Task.WhenAny([.. inHand])).WaitAsync(stopping);
            if (tick.IsCompleted)
            {
                await tick;
                tick = timer.WaitForNextTickAsync(stopping).AsTask();
            }
        }
    }

    async Task<List<ClaimedEvent>> ClaimAsync(int room, CancellationToken ct)
    {
        try
        {
            return room > 0 && await queue.IsAnyDueAsync(clock.GetUtcNow(), ct) ? await queue.ClaimAsync(clock.GetUtcNow(), Lease, room, ct) : [];
        }
        catch (StoreUnavailableException e)
        {
            LogUnavailable(e.Message);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // A defect, for one second: the next second is another try.
            LogDefect(e);
        }

        return [];
    }

    async Task DeliverAsync(ClaimedEvent claimed, CancellationToken ct)
    {
        try
        {
            if (await queue.FindAsync(claimed, ct) is { } found)
                await PostAsync(claimed, found, ct);
            else
                await queue.FinishAsync(claimed, CancellationToken.None);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Given back: the receiver may get it twice, with the same id.
        }
        catch (StoreUnavailableException e)
        {
            // The lease runs out, and it is posted again.
            LogUnavailable(e.Message);
        }
        catch (Exception e)
        {
            LogDefect(e);
        }
    }

    async Task PostAsync(ClaimedEvent claimed, SecurityEvent found, CancellationToken ct)
    {
        var id = found.WebhookId();
        var result = await sends.RunAsync(webhook.Timeout, either => AskAsync(id, found, either), ct);
        telemetry.EventSent(result.Status);
        var now = clock.GetUtcNow();
        if (result.Status == SendStatus.Accepted)
        {
            await queue.FinishAsync(claimed, CancellationToken.None);
            return;
        }

        var reason = result.Reason ?? "no reason given";
        if (now - claimed.QueuedAt >= webhook.GiveUpAfter)
        {
            await queue.GiveUpAsync(claimed, reason, now, CancellationToken.None);
            telemetry.EventGivenUp();
            LogGivenUp(id, claimed.Attempts + 1, reason);
            return;
        }

        await queue.PostponeAsync(claimed, reason, now + HandOff.Pause(claimed.Attempts, result.RetryAfter), CancellationToken.None);
        LogDeferred(id, claimed.Attempts + 1, reason);
    }

    async Task<SendResult> AskAsync(string id, SecurityEvent found, CancellationToken ct)
    {
        using var client = http.CreateClient(Client);
        using var request = receiver.Value.NewRequest(id, found.ToBytes(), clock.GetUtcNow());
        try
        {
            // What the answer says is not read: its status is all that counts.
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            return response.IsSuccessStatusCode
                ? SendResult.Accepted
                : new SendResult(SendStatus.Deferred, $"http {(int)response.StatusCode}") { RetryAfter = ServiceHttp.RetryAfter(response, clock.GetUtcNow()) };
        }
        catch (HttpRequestException e)
        {
            return new SendResult(SendStatus.Deferred, e.HttpRequestError.ToString());
        }
    }

    async Task ReleaseAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(StopGrace);
            await queue.ReleaseAsync(patience.Token);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException)
        {
            LogNotReleased(Lease, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Event {EventId} was not taken at try {Attempt}: {Reason}")]
    partial void LogDeferred(string eventId, int attempt, string reason);

    [LoggerMessage(LogLevel.Error, "Event {EventId} is given up after {Attempts} tries: {Reason}")]
    partial void LogGivenUp(string eventId, int attempts, string reason);

    [LoggerMessage(LogLevel.Error, "The publisher of events goes on after an error that it did not expect")]
    partial void LogDefect(Exception e);

    [LoggerMessage(LogLevel.Warning, "Events wait for the store: {Reason}")]
    partial void LogUnavailable(string reason);

    [LoggerMessage(LogLevel.Warning, "Stopped: events that are not taken yet wait for other nodes for up to {Lease}: {Reason}")]
    partial void LogNotReleased(TimeSpan lease, string reason);
}
