using System.Globalization;
using Countersign.Bench.Load;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Bench.Seeding;

/// <summary>
/// Accounts as the platform's PUT makes them, with one email and an anti-phishing code, and with an audit trail as their commits would have written it: seals and links are right.
/// </summary>
/// <param name="events">Of all audit trails together: they are spread over the accounts.</param>
sealed class ProductRows(TokenCodes codes, long accounts, long events, DateTimeOffset now)
{
    public static readonly SeededTable Accounts = new(
        "accounts",
        "user_id, version, commit_id, locale, anti_phishing_code, frozen_until, refusals, trail_events, trail_link, trail_seal, trail_key_id, created_at, updated_at");

    public static readonly SeededTable UserKeys = new("user_keys", "user_id, key_type, canonical, address, mfa_enabled, verified_at");

    public static readonly SeededTable KeyClaims = new("key_claims", "key_type, canonical, user_id, address, locale, anti_phishing_code");

    public static readonly SeededTable AuditEvents = new(
        "audit_events", "user_id, version, ordinal, at, type, operation, key_type, target_masked, reason, actor, ip, user_agent, link, key_id");

    const string Email = "EMAIL";
    const string Platform = "platform";
    const string Address = "127.0.0.1";

    /// <summary>What happened to accounts happened within so many milliseconds before now: 30 days.</summary>
    const long History = 30L * 24 * 60 * 60 * 1000;

    /// <summary>A prime that scatters the events over it.</summary>
    const long Scatter = 15_485_863;

    readonly AuditChain chain = new(codes);
    readonly long createdAt = now.ToUnixTimeMilliseconds() - History;

    /// <summary>For the hourly figures, to which the product would otherwise begin to add what is loaded.</summary>
    public static string AllCounted(DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"UPDATE activity_progress SET counted_until = {now.ToUnixTimeMilliseconds()}");

    public SeededAccount Of(long account)
    {
        var (userId, email) = (Sample.UserId(account), Sample.Email(account));
        var (trail, end) = Trail(userId, account, Share(account + 1) - Share(account));
        var code = codes.Seal($"anti-phishing-code/{userId}", "Code0000"u8);
        return new SeededAccount(
            [
                userId, Math.Max(1L, trail.Count), "seeded", null, code, null, "", end.Events, end.Link.ToArray(), chain.Seal(userId, end), codes.CurrentKeyId,
                createdAt, createdAt,
            ],
            [userId, Email, email, email, 0L, createdAt],
            [Email, email, userId, email, null, code],
            trail);
    }

    /// <summary>How many events the accounts before this one have.</summary>
    long Share(long account) => (long)((Int128)events * account / accounts);

    (List<object?[]> Rows, TrailMark End) Trail(string userId, long account, long length)
    {
        var end = TrailMark.Start;
        var rows = new List<object?[]>();
        for (var version = 1L; version <= length; version++)
        {
            var at = createdAt + (((account * length) + version) * Scatter % History);
            var e = Event(version, DateTimeOffset.FromUnixTimeMilliseconds(at));
            end = new TrailMark(version, chain.Link(userId, end.Link, version, e));
            rows.Add([
                userId, version, 0L, at, e.Type, e.Operation, e.KeyType, e.Target, e.Reason, e.Actor, e.IpAddress, e.UserAgent, end.Link.ToArray(),
                codes.CurrentKeyId,
            ]);
        }

        return (rows, end);
    }

    /// <summary>The account was made, and then somebody asked for tokens.</summary>
    static AuditEvent Event(long version, DateTimeOffset at)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{version}.0");
        return version == 1
            ? new AuditEvent(id, at, AuditEventType.AccountProvisioned.Name(), null, null, null, null, Platform, Address, null)
            : new AuditEvent(
                id, at, AuditEventType.TokenIssued.Name(), Operation.ChangingKey.Name(), Email, "u***1@example.com", null, "user", Address, null);
    }
}

/// <param name="Columns">As SQL has them.</param>
sealed record SeededTable(string Name, string Columns);
