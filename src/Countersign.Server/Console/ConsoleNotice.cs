using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Countersign.Server.Console;

/// <summary>What came of an action, for the page that comes after it: in a sealed cookie, and not in an address, which anybody could make up and which stays in logs.</summary>
sealed class ConsoleNotice(IDataProtectionProvider protection, IHostEnvironment environment)
{
    static readonly TimeSpan ShownWithin = TimeSpan.FromMinutes(1);

    string Name => ConsoleSession.CookieName("console-notice", environment.IsDevelopment());

    public void Give(HttpContext http, string text) =>
        http.Response.Cookies.Append(Name, Convert.ToBase64String(Protector(http).Protect(Encoding.UTF8.GetBytes(text))), Options(http, ShownWithin));

    /// <summary>Once; null where there is none for whoever is signed in.</summary>
    public string? Take(HttpContext http)
    {
        if (http.Request.Cookies[Name] is not { } text)
            return null;

        http.Response.Cookies.Delete(Name, Options(http, null));
        try
        {
            return Encoding.UTF8.GetString(Protector(http).Unprotect(Convert.FromBase64String(text)));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            // Not ours, or not this operator's.
            return null;
        }
    }

    IDataProtector Protector(HttpContext http) => protection.CreateProtector("console notice").CreateProtector(ConsoleSession.SubjectOf(http.User) ?? "");

    CookieOptions Options(HttpContext http, TimeSpan? maxAge) => new()
    {
        Path = "/",
        HttpOnly = true,
        IsEssential = true,
        SameSite = SameSiteMode.Strict,
        Secure = http.Request.IsHttps || !environment.IsDevelopment(),
        MaxAge = maxAge,
    };
}
