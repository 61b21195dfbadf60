using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Server;

/// <summary>
/// A line of <c>audit export</c>: the fields and event names of the OWASP Logging Vocabulary, and beside them what the audit trail has, in its own
/// words.
/// </summary>
/// <param name="Link">Base64: what the trail has to hold at this place for ever.</param>
sealed record LoggedEvent(
    DateTimeOffset Datetime,
    string Appid,
    string Event,
    string Level,
    string Description,
    string? SourceIp,
    string? Useragent,
    string UserId,
    string Id,
    string Type,
    string? Operation,
    string? KeyType,
    string? Target,
    string? Reason,
    string Actor,
    byte[] Link)
{
    const string Information = "INFO";
    const string Warning = "WARN";

    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // Nobody puts these lines into HTML: letters of any script stay legible.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static LoggedEvent Of(ExportedEvent exported)
    {
        var (userId, e) = (exported.UserId, exported.Event);
        var (name, level) = Vocabulary(userId, e);
        var what = string.Join(' ', new[] { e.Type, e.Operation, e.KeyType, e.Target, e.Reason is null ? null : $"({e.Reason})" }.OfType<string>());
        return new LoggedEvent(
            e.At, "countersign", name, level, $"{what} by {e.Actor}", e.IpAddress, e.UserAgent,
            userId, e.Id, e.Type, e.Operation, e.KeyType, e.Target, e.Reason, e.Actor, exported.Link);
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>The name of the vocabulary that comes closest, with its arguments, and the level that goes with it.</summary>
    static (string Name, string Level) Vocabulary(string user, AuditEvent e) => TypeOf(e) switch
    {
        AuditEventType.TokenIssued => ($"authn_token_created:{user},{e.Operation}", Information),
        AuditEventType.TokenRedeemed => ($"authn_token_delete:{user},{e.Operation}", Information),
        AuditEventType.TokenRevoked => ($"authn_token_revoked:{user},{e.Operation}", Information),
        AuditEventType.TokenRefused => ($"authn_login_fail:{user}", Warning),
        AuditEventType.OperationLocked => ($"authn_login_lock:{user},maxretries", Warning),
        AuditEventType.AccountProvisioned => ($"user_created:{e.Actor},{user}", Warning),
        AuditEventType.AccountErased => ($"user_deleted:{e.Actor},{user}", Warning),
        AuditEventType.HoldLifted or AuditEventType.OperationUnlocked or AuditEventType.MessageRetried or AuditEventType.MessageDropped =>
            ($"authz_admin:{e.Actor},{e.Type}", Warning),
        AuditEventType.SupportViewed => ($"sensitive_read:{e.Actor},{user}", Warning),
        AuditEventType.RequestRefused when e.Reason == Refusal.RateLimited.Name() => ($"excess_rate_limit_exceeded:{user}", Warning),
        AuditEventType.RequestRefused => ($"authz_fail:{user},{e.Operation}", Warning),
        AuditEventType.UserKeyAdded or AuditEventType.UserKeyChanged or AuditEventType.UserKeyRemoved or AuditEventType.MfaEnabled
            or AuditEventType.MfaDisabled or AuditEventType.AntiPhishingCodeSet or AuditEventType.ChangeUndone => Updated(user, e),
        // Of a later version of the program.
        null => Updated(user, e),
    };

    static (string, string) Updated(string user, AuditEvent e) => ($"user_updated:{e.Actor},{user},{e.Type}", Warning);

    static AuditEventType? TypeOf(AuditEvent e) =>
        Enum.GetValues<AuditEventType>().Select(type => (AuditEventType?)type).FirstOrDefault(type => type!.Value.Name() == e.Type);
}
