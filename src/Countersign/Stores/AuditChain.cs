using System.Security.Cryptography;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>
/// What makes an audit trail tamper-evident: each event has a link, an HMAC over the event, its number and the link before it, under a key that the database
/// does not hold; and a seal over the number and the last link says where the trail ends, or where what is kept of it begins.
/// </summary>
sealed class AuditChain(TokenCodes codes)
{
    public string CurrentKeyId => codes.CurrentKey.Id;

    public byte[] Link(string userId, ReadOnlyMemory<byte> previous, long number, AuditEvent e) => Link(codes.CurrentKey, userId, previous, number, e);

    public byte[] Seal(string userId, TrailMark mark) => Seal(codes.CurrentKey, userId, mark);

    /// <summary>False where it is not; null where the key is not configured any more, so that nobody can tell.</summary>
    public bool? IsLink(ReadOnlySpan<byte> link, string keyId, string userId, ReadOnlyMemory<byte> previous, long number, AuditEvent e) =>
        codes.FindKey(keyId) is { } key ? CryptographicOperations.FixedTimeEquals(link, Link(key, userId, previous, number, e)) : null;

    /// <inheritdoc cref="IsLink"/>
    public bool? IsSeal(ReadOnlySpan<byte> seal, string keyId, string userId, TrailMark mark) =>
        codes.FindKey(keyId) is { } key ? CryptographicOperations.FixedTimeEquals(seal, Seal(key, userId, mark)) : null;

    static byte[] Link(TokenKey key, string userId, ReadOnlyMemory<byte> previous, long number, AuditEvent e)
    {
        using var parts = new PartedText(stackalloc byte[PartedText.UsualSize]);
        parts.Append(previous.Span);
        parts.Append("event");
        parts.Append(userId);
        parts.Append(number);
        parts.Append(e.Id);
        parts.Append(e.At.ToUnixTimeMilliseconds());
        foreach (var part in (ReadOnlySpan<string?>)[e.Type, e.Operation, e.KeyType, e.Target, e.Reason, e.Actor, e.IpAddress, e.UserAgent])
            parts.Append(part);

        return HMACSHA256.HashData(key.TrailKey, parts.Bytes);
    }

    static byte[] Seal(TokenKey key, string userId, TrailMark mark)
    {
        using var parts = new PartedText(stackalloc byte[PartedText.UsualSize]);
        parts.Append(mark.Link.Span);
        parts.Append("mark");
        parts.Append(userId);
        parts.Append(mark.Events);
        return HMACSHA256.HashData(key.TrailKey, parts.Bytes);
    }
}
