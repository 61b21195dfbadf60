using System.Net;
using System.Security.Claims;
using Countersign.Domain;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>Who the bearer of a request is.</summary>
static class Callers
{
    public const int MaxUserIdLength = 255;
    const int MaxUserAgentLength = 256;

    /// <summary>The account of the bearer; null where there is none, or none that can be one.</summary>
    public static string? UserId(ClaimsPrincipal user)
    {
        if (user.Identity?.IsAuthenticated != true)
            return null;

        // A host that maps inbound claims, as JwtBearer does by default, has the subject under its long name.
        var subject = user.FindFirstValue("sub") ?? user.FindFirstValue(ClaimTypes.NameIdentifier);
        return IsUserId(subject) ? subject : null;
    }

    /// <summary>
    /// 1 to 255 characters (OpenID Connect Core 1.0, 2), none of them a control character. Not <c>.</c> and <c>..</c>, which no path can name: such an account would be out of
    /// the platform's reach.
    /// </summary>
    public static bool IsUserId(string? text) => text is { Length: <= MaxUserIdLength } and not ("." or "..") && !string.IsNullOrWhiteSpace(text) && !text.Any(c => char.IsControl(c) || char.IsSurrogate(c));

    public static Caller Caller(HttpContext http, string actor, CountersignOptions options) =>
        new(actor, Address(http.Connection.RemoteIpAddress), UserAgent(http.Request))
        {
            Claims = options.Accounts.ProvisionFromClaims ? Profile(http.User, options) : null,
        };

    public static bool HasScope(ClaimsPrincipal user, string scope) =>
        user.Claims
            .Where(claim => claim.Type is "scope" or "scp" or "http://schemas.microsoft.com/identity/claims/scope")
            .SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Contains(scope, StringComparer.Ordinal);

    /// <summary>The standard claims of OpenID Connect Core 1.0, 5.1, as far as the provider has verified them and they have our form.</summary>
    static AccountProfile Profile(ClaimsPrincipal user, CountersignOptions options)
    {
        var profile = new AccountProfile { Locale = Locale(user.FindFirstValue("locale")) };
        if (IsTrue(user, "email_verified")
            && EmailAddress.TryParse(user.FindFirstValue("email") ?? user.FindFirstValue(ClaimTypes.Email), out var email, out _))
            profile = profile with { Email = email };
        if (IsTrue(user, "phone_number_verified")
            && PhoneNumber.TryParse(user.FindFirstValue("phone_number"), options.PhoneNumberAcceptance, out var number, out _))
            profile = profile with { PhoneNumber = number };
        return profile;
    }

    public static string? Locale(string? tag) => IsLocale(tag) ? tag : null;

    /// <summary>A BCP 47 tag by its shape: letters and digits in parts of 1 to 8, 35 characters in all (RFC 5646, 4.4.1).</summary>
    public static bool IsLocale(string? tag) =>
        tag is { Length: >= 2 and <= 35 }
        && tag.Split('-').All(part => part.Length is > 0 and <= 8 && part.All(char.IsAsciiLetterOrDigit))
        && tag.Split('-')[0].All(char.IsAsciiLetter);

    static bool IsTrue(ClaimsPrincipal user, string claim) => bool.TryParse(user.FindFirstValue(claim), out var value) && value;

    static string? Address(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();

    static string? UserAgent(HttpRequest request)
    {
        var text = request.Headers.UserAgent.ToString();
        // A surrogate whose other half was cut off is no text.
        var kept = string.Concat(text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(MaxUserAgentLength));
        return kept.Length == 0 ? null : kept;
    }
}
