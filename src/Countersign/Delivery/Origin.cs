using System.Net;
using System.Net.Sockets;

namespace Countersign.Delivery;

/// <summary>
/// From where a request came, as its account's owner is told: enough to see that it was somebody else. Of the address, the network; of the user agent,
/// which its sender has made up, words of ours alone, so that nobody can put a sentence into a message; names alone, so that they are right in every language.
/// </summary>
static class Origin
{
    /// <summary>In this order: most browsers name those that they descend from as well.</summary>
    static readonly (string Mark, string Name)[] Programs =
    [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ];

    static readonly (string Mark, string Name)[] Systems =
    [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    ];

    /// <summary><c>203.0.113.x, Firefox (Windows)</c>; null where nothing is known.</summary>
    public static string? Of(Caller caller)
    {
        var parts = new[] { Network(caller.IpAddress), Program(caller.UserAgent) }.OfType<string>().ToList();
        return parts.Count == 0 ? null : string.Join(", ", parts);
    }

    /// <summary>The first 24 bits of an IPv4 address, the first 48 of an IPv6 one.</summary>
    static string? Network(string? text)
    {
        if (!IPAddress.TryParse(text, out var address))
            return null;

        var bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? $"{bytes[0]}.{bytes[1]}.{bytes[2]}.x"
            : $"{new IPAddress([.. bytes[..6], .. new byte[10]])}/48";
    }

    static string? Program(string? userAgent)
    {
        var (program, system) = (Find(Programs, userAgent), Find(Systems, userAgent));
        return program is not null && system is not null ? $"{program} ({system})" : program ?? system;
    }

    static string? Find((string Mark, string Name)[] known, string? userAgent) =>
        known.FirstOrDefault(candidate => userAgent?.Contains(candidate.Mark, StringComparison.Ordinal) == true).Name;
}
