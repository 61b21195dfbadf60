using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Delivery.Events;

/// <summary>One line of an audit trail, as the platform is told of it. Addresses are masked in it.</summary>
sealed record SecurityEvent(string UserId, AuditEvent Event)
{
    /// <summary>After these, whoever was signed in before may not be the owner, or not be it any more (OWASP ASVS 5.0, 7.4.3).</summary>
    public static readonly IReadOnlyList<AuditEventType> EndingSessions =
    [
        AuditEventType.UserKeyChanged, AuditEventType.UserKeyRemoved, AuditEventType.MfaDisabled, AuditEventType.ChangeUndone,
        AuditEventType.AccountErased,
    ];

    /// <summary>Before the name of each type, so that a receiver of several products' events tells them apart.</summary>
    const string Product = "countersign.";

    const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>
    /// The same however often the event is posted, and by whichever node; with the time in it, because an account that was erased, and whose trail has gone
    /// as well, may come again under its name.
    /// </summary>
    public string WebhookId()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{Event.Id}/{Event.At.ToUnixTimeMilliseconds()}/{UserId}");
        return $"evt_{Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16))}";
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(
        new Body(
            Product + Event.Type,
            Time(Event.At),
            new BodyData(
                UserId, Event.Id, Event.Operation, Event.KeyType, Event.Target, Event.Reason, Event.Actor, Event.IpAddress, Event.UserAgent,
                EndingSessions.Any(type => type.Name() == Event.Type) ? Time(Event.At) : null)),
        EventJson.Default.Body);

    public override string ToString() => WebhookId();

    static string Time(DateTimeOffset at) => at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>In the form that Standard Webhooks recommends.</summary>
    internal sealed record Body(string Type, string Timestamp, BodyData Data);

    /// <param name="Id">As in the account's audit trail.</param>
    /// <param name="SessionsNotBefore">Sessions that began before this time have to end; null where the event says nothing of sessions.</param>
    internal sealed record BodyData(
        string UserId, string Id, string? Operation, string? KeyType, string? Target, string? Reason, string Actor, string? Ip, string? UserAgent,
        string? SessionsNotBefore);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SecurityEvent.Body))]
sealed partial class EventJson : JsonSerializerContext;
