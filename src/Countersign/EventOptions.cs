using Countersign.Domain;

namespace Countersign;

/// <summary>Who is told of security events.</summary>
public sealed class EventOptions
{
    public EventWebhookOptions Webhook { get; set; } = new();
}

/// <summary>
/// A service of the platform's that every security event is posted to, signed as Standard Webhooks describes it. Every node has to have the same settings: the
/// events of a node without a URL are posted by none.
/// </summary>
public sealed class EventWebhookOptions
{
    public static readonly TimeSpan MinGiveUpAfter = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan MaxGiveUpAfter = TimeSpan.FromDays(30);
    public static readonly TimeSpan MinTimeout = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(30);

    /// <summary>What is posted to: absolute, https, or http on loopback; empty for no events.</summary>
    public string Url { get; set; } = "";

    /// <summary>
    /// <c>whsec_</c> and base64 of 24 to 64 random bytes. Every request is signed with each of them, so that the receiver can change from one to the next:
    /// 1 to 4.
    /// </summary>
    public IList<string> Secrets { get; } = [];

    /// <summary>The types of events that are posted, such as user_key_changed; none for all.</summary>
    public IList<string> Types { get; } = [];

    /// <summary>How long an event that the receiver does not take is tried again: 1 minute to 30 days.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(3);

    /// <summary>How long the receiver may take to answer: 1 to 30 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    internal bool IsOn => Url.Length > 0;

    internal IReadOnlyList<AuditEventType> TypesOrAll =>
        [.. Enum.GetValues<AuditEventType>().Where(type => Types.Count == 0 || Types.Contains(type.Name()))];
}
