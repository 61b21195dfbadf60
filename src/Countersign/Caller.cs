using System.Net;
using System.Net.Sockets;
using Countersign.Domain;

namespace Countersign;

/// <summary>Who asks, as the audit trail records it.</summary>
/// <param name="Actor">The user id of the account's owner, or the name of the platform's service.</param>
public sealed record Caller(string Actor, string? IpAddress = null, string? UserAgent = null)
{
    /// <summary>Bytes of an IPv6 address that are the same for all that one client is given (RFC 6177).</summary>
    const int ClientPrefixBytes = 8;

    /// <summary>
    /// What the identity provider has verified of the caller, from which an account that does not exist yet is created; null where it is
    /// not to be created.
    /// </summary>
    public AccountProfile? Claims { get; init; }

    /// <summary>Whom limits take the address for: an IPv4 address, or an IPv6 /64; null where there is none.</summary>
    internal string? Client
    {
        get
        {
            if (!IPAddress.TryParse(IpAddress, out var address))
                return null;
            if (address.AddressFamily == AddressFamily.InterNetwork)
                return address.ToString();

            var bytes = address.GetAddressBytes();
            bytes.AsSpan(ClientPrefixBytes).Clear();
            return $"{new IPAddress(bytes)}/{ClientPrefixBytes * 8}";
        }
    }

    /// <summary>Where the caller may ask again for the answer to this request.</summary>
    internal RepeatableRequest? Request { get; init; }
}
