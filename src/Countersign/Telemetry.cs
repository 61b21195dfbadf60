using System.Diagnostics;
using System.Diagnostics.Metrics;
using Countersign.Delivery;
using Countersign.Delivery.Events;
using Countersign.Domain;

namespace Countersign;

/// <summary>
/// One meter and one activity source, both named <see cref="Name"/>. Tags are operations, key types and codes of the contract: never an
/// address, a user id or a token.
/// </summary>
public sealed class Telemetry : IDisposable
{
    public const string Name = "Countersign";

    /// <summary>Seconds: a message leaves in milliseconds, or after one or more pauses between tries.</summary>
    static readonly double[] DeliveryBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

    readonly Meter meter;
    readonly ActivitySource source = new(Name);
    readonly Counter<long> issued;
    readonly Counter<long> redeemed;
    readonly Counter<long> refused;
    readonly Counter<long> limited;
    readonly Counter<long> guesses;
    readonly Counter<long> locks;
    readonly Counter<long> rounds;
    readonly Counter<long> unrecorded;
    readonly Counter<long> sends;
    readonly Counter<long> unsent;
    readonly Histogram<double> delivery;
    readonly Counter<long> tries;
    readonly UpDownCounter<long> circuits;
    readonly Counter<long> posts;
    readonly Counter<long> givenUp;
    readonly TimeProvider clock;
    OutboxDepth depth = new(0, 0, null);
    double? clockAhead;
    EventDepth events = new(0, 0, null);

    public Telemetry(IMeterFactory meters, TimeProvider clock)
    {
        this.clock = clock;
        meter = meters.Create(Name);
        issued = meter.CreateCounter<long>("countersign.tokens.issued", "{token}", "One-time tokens issued.");
        redeemed = meter.CreateCounter<long>("countersign.tokens.redeemed", "{token}", "One-time tokens redeemed.");
        refused = meter.CreateCounter<long>("countersign.requests.refused", "{request}", "Requests refused, by the code of the contract.");
        limited = meter.CreateCounter<long>("countersign.limits.exceeded", "{request}", "Requests that met a limit over all accounts which had no room, by limit, and whether it was a dry run.");
        guesses = meter.CreateCounter<long>("countersign.guesses.wrong", "{guess}", "Wrong tries that were counted.");
        locks = meter.CreateCounter<long>("countersign.operations.locked", "{lock}", "Locks of an operation of an account.");
        rounds = meter.CreateCounter<long>("countersign.commits.lost", "{commit}", "Commits that somebody else's was faster than.");
        unrecorded = meter.CreateCounter<long>("countersign.audit.unrecorded", "{request}", "Refused requests that are not in the audit trail, because their account had too many in a minute.");
        sends = meter.CreateCounter<long>("countersign.messages.sent", "{try}", "Tries to hand a message over, by outcome.");
        unsent = meter.CreateCounter<long>("countersign.messages.unsent", "{message}", "Messages that are not sent any more, by the reason.");
        delivery = meter.CreateHistogram(
            "countersign.messages.delivery.duration", "s", "Time from the commit of a message to its hand-off.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DeliveryBuckets });
        tries = meter.CreateCounter<long>("countersign.sender.tries", "{try}", "Tries of each sender, by outcome.");
        circuits = meter.CreateUpDownCounter<long>("countersign.sender.circuit", "{circuit}", "1 while a sender is passed over because it failed, by sender.");
        meter.CreateObservableGauge("countersign.outbox.depth", () => depth.Queued, "{message}", "Messages that wait to be handed over.");
        meter.CreateObservableGauge("countersign.outbox.dead", () => depth.Dead, "{message}", "Messages that could not be handed over.");
        meter.CreateObservableGauge(
            "countersign.clock.ahead", IEnumerable<Measurement<double>> () => clockAhead is { } ahead ? [new(ahead)] : [], "s",
            "How far this node's clock was ahead of the database's when they were compared last; negative where it was behind.");
        meter.CreateObservableGauge("countersign.outbox.oldest.age", () => Age(depth.OldestQueuedAt), "s", "Time since the commit of the oldest message that waits.");
        posts = meter.CreateCounter<long>("countersign.events.sent", "{try}", "Tries to hand an event to the platform's webhook, by outcome.");
        givenUp = meter.CreateCounter<long>("countersign.events.given_up", "{event}", "Events that are not tried any more, because the webhook did not take them in time.");
        meter.CreateObservableGauge("countersign.events.depth", () => events.Queued, "{event}", "Events that the platform's webhook has still to take.");
        meter.CreateObservableGauge("countersign.events.dead", () => events.Dead, "{event}", "Events that were given up.");
        meter.CreateObservableGauge("countersign.events.oldest.age", () => Age(events.OldestQueuedAt), "s", "Time since the oldest event that waits was queued.");
    }

    public void Dispose()
    {
        meter.Dispose();
        source.Dispose();
    }

    internal Activity? StartDecision<T>(Purpose? purpose)
    {
        var activity = source.StartActivity(typeof(T) == typeof(IssuedToken) ? "countersign.issue" : "countersign.decide");
        activity?.SetTag("countersign.operation", purpose?.Operation.Name());
        activity?.SetTag("countersign.key_type", purpose?.KeyType?.Name());
        return activity;
    }

    internal Activity? StartSend(KeyType channel)
    {
        var activity = source.StartActivity("countersign.send", ActivityKind.Producer);
        activity?.SetTag("countersign.channel", channel.Name());
        return activity;
    }

    /// <summary>Counts a refusal, and passes the outcome on.</summary>
    internal Outcome<T> Answered<T>(Outcome<T> outcome, Purpose? purpose) where T : class
    {
        if (outcome.Refused is { } refusal)
        {
            var code = refusal.Reason.Name();
            refused.Add(1, [new("code", code), .. Tags(purpose)]);
            Activity.Current?.SetTag("countersign.code", code);
        }

        return outcome;
    }

    internal void Limited(LimitScope scope, Purpose? purpose, bool isDryRun) =>
        limited.Add(1, [new("limit", scope.Name()), new("dry_run", isDryRun), .. Tags(purpose)]);

    /// <summary>A request that was refused before its account was looked at.</summary>
    internal void Refused(string code, Operation operation)
    {
        refused.Add(1, new KeyValuePair<string, object?>("code", code), new KeyValuePair<string, object?>("operation", operation.Name()));
        Activity.Current?.SetTag("countersign.code", code);
    }

    internal void Committed(Change change)
    {
        foreach (var entry in change.Events)
        {
            var counter = entry.Type switch
            {
                AuditEventType.TokenIssued => issued,
                AuditEventType.TokenRedeemed => redeemed,
                AuditEventType.OperationLocked => locks,
                AuditEventType.TokenRefused when entry.Reason == Refusal.TokenInvalid.Name() => guesses,
                _ => null,
            };
            counter?.Add(1, Tags(entry.Purpose));
        }
    }

    internal void RoundLost() => rounds.Add(1);

    internal void Unrecorded() => unrecorded.Add(1);

    internal void Sent(KeyType channel, SendStatus status, TimeSpan sinceCommit)
    {
        sends.Add(1, new KeyValuePair<string, object?>("channel", channel.Name()), new KeyValuePair<string, object?>("outcome", Outcome(status)));
        if (status == SendStatus.Accepted)
            delivery.Record(sinceCommit.TotalSeconds, new KeyValuePair<string, object?>("channel", channel.Name()));
    }

    internal void Tried(KeyType channel, string sender, SendStatus status) =>
        tries.Add(1, [.. Tags(channel, sender), new("outcome", Outcome(status))]);

    internal void CircuitOpened(KeyType channel, string sender) => circuits.Add(1, Tags(channel, sender));

    internal void CircuitClosed(KeyType channel, string sender) => circuits.Add(-1, Tags(channel, sender));

    static string Outcome(SendStatus status) => status switch
    {
        SendStatus.Accepted => "accepted",
        SendStatus.Deferred => "deferred",
        SendStatus.Rejected => "rejected",
    };

    static KeyValuePair<string, object?>[] Tags(KeyType channel, string sender) => [new("channel", channel.Name()), new("sender", sender)];

    /// <summary>A message that this process had in its memory, and that nobody sends any more.</summary>
    internal void Unsent(KeyType channel, UnsentReason reason)
    {
        var name = reason switch
        {
            UnsentReason.Expired => "expired",
            UnsentReason.Withdrawn => "withdrawn",
            UnsentReason.GivenUp => "given_up",
        };
        unsent.Add(1, new KeyValuePair<string, object?>("channel", channel.Name()), new KeyValuePair<string, object?>("reason", name));
    }

    internal void Measured(OutboxDepth measured) => depth = measured;

    internal void ClockCompared(TimeSpan ahead) => clockAhead = ahead.TotalSeconds;

    internal void Measured(EventDepth measured) => events = measured;

    internal void EventSent(SendStatus status) => posts.Add(1, new KeyValuePair<string, object?>("outcome", Outcome(status)));

    internal void EventGivenUp() => givenUp.Add(1);

    /// <summary>Of what was there at the last look at the store, as old as it is now.</summary>
    double Age(DateTimeOffset? since) => since is { } oldest ? Math.Max(0, (clock.GetUtcNow() - oldest).TotalSeconds) : 0;

    static KeyValuePair<string, object?>[] Tags(Purpose? purpose) => purpose is not { } known
        ? []
        : [new("operation", known.Operation.Name()), new("key_type", known.KeyType?.Name())];
}

/// <summary>Why a message is not sent any more.</summary>
enum UnsentReason
{
    Expired,
    Withdrawn,

    /// <summary>Tried as often as is allowed.</summary>
    GivenUp,
}
