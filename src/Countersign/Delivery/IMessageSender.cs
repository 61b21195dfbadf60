using Countersign.Domain;

namespace Countersign.Delivery;

/// <summary>A message, rendered and ready to go.</summary>
/// <param name="Id">The same through all tries: what a mail carries as its Message-ID, and what a provider can recognise a repetition by.</param>
/// <param name="Subject">Null in an SMS.</param>
/// <param name="Html">Null in an SMS.</param>
/// <param name="OneTimeToken">The code, as the text shows it; null in a notice.</param>
public sealed record OutgoingMessage(
    string Id, string UserId, Address Destination, string? Subject, string Text, string? Html, string? OneTimeToken, string? Reference)
{
    /// <summary>Until when it is of use to its recipient: a provider that can drop it afterwards should.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>See <see cref="FailureText.SecretsOf"/>.</summary>
    internal IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>The id alone: the rest is for the recipient.</summary>
    public override string ToString() => Id;
}

/// <summary>What became of a try to hand a message over.</summary>
public enum SendStatus
{
    /// <summary>Somebody else answers for it now.</summary>
    Accepted,

    /// <summary>Not now; worth another try.</summary>
    Deferred,

    /// <summary>Never: the recipient or the message was refused for good.</summary>
    Rejected,
}

/// <param name="Reason">For the operator, where the message was not accepted: no address, no code.</param>
public sealed record SendResult(SendStatus Status, string? Reason = null)
{
    public static readonly SendResult Accepted = new(SendStatus.Accepted);

    /// <summary>The <see cref="IMessageSender.Name"/> of the sender that answered; set by the route that asked it.</summary>
    public string? Provider { get; init; }

    /// <summary>What the provider calls the message: a later receipt refers to it.</summary>
    public string? ProviderId { get; init; }

    /// <summary>The country of the number that it went to, as ISO 3166-1 has it, for what it cost; null for a mail. Set by the hand-off.</summary>
    internal string? Country { get; init; }

    /// <summary>In how many parts networks carry it, each of which costs; null for a mail.</summary>
    internal int? Segments { get; init; }

    /// <summary>Where the provider says when it is to be asked again.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>Hands messages over to the outside, on one channel. An exception counts as <see cref="SendStatus.Deferred"/>.</summary>
public interface IMessageSender
{
    KeyType Channel { get; }

    /// <summary>What logs, metrics and the outbox call it; one of its kind within a channel.</summary>
    string Name => GetType().Name;

    Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct);
}
