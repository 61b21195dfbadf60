using System.Diagnostics.CodeAnalysis;

namespace Countersign;

/// <summary>The address of a service that secrets go to or come from: encrypted, unless they stay on this machine.</summary>
static class ServiceUrl
{
    public const string Form = "an absolute https URL (or http on loopback) without user, query and fragment";

    /// <summary>Twilio calls back no host with an underscore, and refuses every message that asks it to.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? url) =>
        TryParseWithQuery(text, out url) && url.Query.Length == 0 && !url.Host.Contains('_', StringComparison.Ordinal);

    public static bool TryParseWithQuery(string text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url)
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
        && url.Host.Length > 0 && url.UserInfo.Length == 0 && url.Fragment.Length == 0;

    /// <summary>A path below the address, which may have a path of its own.</summary>
    public static Uri Below(Uri url, string path) => new($"{url.GetLeftPart(UriPartial.Path).TrimEnd('/')}{path}");
}
