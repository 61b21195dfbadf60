using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Countersign.Server.Console;

/// <summary>
/// Who is signed in to the console: a sealed cookie, which any node opens, with the operator's subject, name, and whether they may be here. It holds no token of the
/// provider. It is no bearer, and no bearer is it.
/// </summary>
static class ConsoleSession
{
    public const string Scheme = "ConsoleSession";

    /// <summary>However busy somebody is, they sign in once a working day.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    /// <summary>Of a browser that asks for nothing. The cookie is written anew after half of it.</summary>
    public static readonly TimeSpan IdleFor = TimeSpan.FromMinutes(30);

    const string Since = "since";
    const string Subject = "sub";
    const string NameClaim = "name";
    const string OperatorClaim = "operator";

    /// <summary>Characters. A name is for people; a provider may have one that fills pages.</summary>
    const int MaxNameLength = 100;

    public static void Configure(CookieAuthenticationOptions cookie, bool isDevelopment)
    {
        cookie.Cookie.Name = CookieName("console", isDevelopment);
        cookie.Cookie.Path = "/";
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.IsEssential = true;
        // Strict would leave it out of the request that comes back from the provider's site, and of every link to the console.
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = SecurePolicy(isDevelopment);
        cookie.ExpireTimeSpan = IdleFor;
        cookie.SlidingExpiration = true;
        cookie.Events.OnValidatePrincipal = EndAfterLifetimeAsync;
    }

    /// <summary>Which no other host and no plain http can set, but in Development, where there is no TLS.</summary>
    public static string CookieName(string name, bool isDevelopment) => isDevelopment ? $"countersign-{name}" : $"__Host-countersign-{name}";

    public static CookieSecurePolicy SecurePolicy(bool isDevelopment) => isDevelopment ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;

    public static ClaimsPrincipal Principal(string subject, string? name, bool isOperator)
    {
        var shown = string.Concat((name ?? "").Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(MaxNameLength)).Trim();
        Claim[] claims = [new(Subject, subject), new(NameClaim, shown.Length == 0 ? subject : shown), new(OperatorClaim, isOperator ? "true" : "false")];
        return new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme, NameClaim, null));
    }

    public static AuthenticationProperties Properties(DateTimeOffset now) => new()
    {
        Items = { [Since] = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) },
    };

    public static bool IsOperator(ClaimsPrincipal user) => user.HasClaim(OperatorClaim, "true");

    public static string? SubjectOf(ClaimsPrincipal user) => user.FindFirstValue(Subject);

    public static string? NameOf(ClaimsPrincipal user) => user.FindFirstValue(NameClaim);

    /// <summary>What slides would slide for ever.</summary>
    static Task EndAfterLifetimeAsync(CookieValidatePrincipalContext context)
    {
        var now = (context.Options.TimeProvider ?? TimeProvider.System).GetUtcNow();
        if (!context.Properties.Items.TryGetValue(Since, out var text)
            || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var since)
            || now - DateTimeOffset.FromUnixTimeSeconds(since) >= Lifetime)
            context.RejectPrincipal();
        return Task.CompletedTask;
    }
}
