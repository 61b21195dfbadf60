using System.Diagnostics;
using System.Text.Json.Serialization;
using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite;

/// <summary>A point in time: on the machine's monotonic clock, which orders what several processes do, and on the wall's, by which tokens expire.</summary>
readonly record struct Moment(long Ticks, DateTimeOffset At)
{
    public static Moment Now => new(Stopwatch.GetTimestamp(), DateTimeOffset.UtcNow);

    public bool IsBefore(Moment other) => Ticks < other.Ticks;
}

/// <summary>What a request of the contract does to tokens.</summary>
enum Step
{
    Provision,
    Issue,

    /// <summary>Redeems the token of the first step of a change and issues that of the second.</summary>
    SecondStep,
    Resend,
    Cancel,
    Redeem,
}

/// <summary>One request as its client saw it: what was sent, when and to whom, and what came back, if anything did.</summary>
sealed record Call
{
    /// <summary>Sent as the user agent, which the audit trail keeps: every commit names the request that caused it.</summary>
    public required string Id { get; init; }
    public required string UserId { get; init; }
    public required Step Step { get; init; }

    /// <summary>Of the second step, the one that it issues; null where an account is made.</summary>
    public Purpose? Purpose { get; init; }
    public string? NewKey { get; init; }

    /// <summary>The message whose code was sent; null where a code was made up, or where none is needed.</summary>
    public string? Token { get; init; }
    public int Node { get; init; }
    public Moment Sent { get; init; }

    /// <summary>When the answer was there, or when the client gave up.</summary>
    public Moment Ended { get; init; }

    /// <summary>Null where nothing came back.</summary>
    public int? Status { get; init; }
    public string? Problem { get; init; }
    public int? AttemptsRemaining { get; init; }
    public string? Reference { get; init; }
    public string? Error { get; init; }

    [JsonIgnore]
    public bool IsAcknowledged => Status is 200 or 201 or 204;

    /// <summary>It may have been carried out, or not, or may still be.</summary>
    [JsonIgnore]
    public bool IsUnknown => Status is null or >= 500;

    /// <summary>Which kind of token it tries to redeem.</summary>
    [JsonIgnore]
    public Purpose? Redeems => Step switch
    {
        Step.Redeem => Purpose,
        Step.SecondStep => new Purpose(Operation.ChangingKey, Purpose!.Value.KeyType),
        Step.Provision or Step.Issue or Step.Resend or Step.Cancel => null,
    };

    [JsonIgnore]
    public bool Issues => Step is Step.Issue or Step.SecondStep or Step.Resend;

    public override string ToString() =>
        $"{Id} {Step} {Purpose} {(Token is null ? "" : $"with {Token} ")}at node {Node}, sent {Sent.At:HH:mm:ss.fff}, "
        + $"{(Status is null ? $"no answer ({Error})" : $"{Status} {Problem}")} {Ended.At:HH:mm:ss.fff}";
}
