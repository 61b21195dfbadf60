using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Domain;

namespace Countersign.Delivery;

/// <summary>A row of the outbox, opened. It prints as its id: it carries a code.</summary>
/// <param name="Attempts">Tries so far.</param>
/// <param name="LeasedUntil">How long it is this node's to send.</param>
sealed record QueuedMessage(string UserId, string Id, MessageContent Content, int Attempts, DateTimeOffset LeasedUntil)
{
    public override string ToString() => Id;

    public bool CarriesCodeFor(Purpose purpose) =>
        Content.Code is not null && Content.Operation == purpose.Operation && Content.KeyType == purpose.KeyType;

    /// <param name="isLeased">Whether it is for this node to send; else it is anybody's to claim.</param>
    /// <param name="origin">From where the request came that the message tells of; null where its reader is not to know.</param>
    public static QueuedMessage New(string userId, string id, Message message, bool isLeased = true, string? origin = null) => new(
        userId,
        id,
        new MessageContent(
            message.Kind,
            message.To.KeyType,
            message.To.Value,
            message.Purpose.Operation,
            message.Purpose.KeyType,
            message.Code?.RevealForReading(),
            message.Reference,
            message.Subject,
            message.AntiPhishingCode?.Reveal(),
            message.Locale,
            message.CreatedAt,
            message.ExpiresAt)
        {
            Origin = origin,
            UndoToken = message.Undo?.Token.Reveal(),
            UndoUntil = message.Undo?.ExpiresAt,
        },
        Attempts: 0,
        isLeased ? message.CreatedAt + Outbox.Lease : message.CreatedAt);
}

/// <summary>All that a message says, as the outbox seals it.</summary>
sealed record MessageContent(
    MessageKind Kind,
    KeyType Channel,
    string To,
    Operation Operation,
    KeyType? KeyType,
    string? Code,
    string? Reference,
    string? Subject,
    string? AntiPhishingCode,
    string? Locale,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt)
{
    /// <summary>From where the request came; null where the reader is not told.</summary>
    public string? Origin { get; init; }

    /// <summary>What undoes the change that the message tells of, and until when; null where nothing does.</summary>
    public string? UndoToken { get; init; }

    public DateTimeOffset? UndoUntil { get; init; }

    [JsonIgnore]
    public Address Destination => Address.FromStore(Channel, To);

    public override string ToString() => Kind.ToString();

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, DeliveryJson.Default.MessageContent);

    public static MessageContent FromBytes(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize(bytes, DeliveryJson.Default.MessageContent)!;
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(MessageContent))]
[JsonSerializable(typeof(InboxMessage))]
sealed partial class DeliveryJson : JsonSerializerContext;
