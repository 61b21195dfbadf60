using System.Security.Cryptography;

namespace Countersign.Bench;

/// <summary>What is answered, in the form of Countersign's contract.</summary>
sealed record IssuedBody(string Expiration, DateTimeOffset ExpiresAt, string Destination)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    public static IResult Answer(string? email, DateTimeOffset now) =>
        email is null ? Results.NotFound() : Results.Ok(new IssuedBody("30min.", now + Lifetime, Mask(email)));

    static string Mask(string email)
    {
        var at = email.IndexOf('@', StringComparison.Ordinal);
        return $"{email[0]}***{email.AsSpan(at - 1)}";
    }
}

sealed record AccountBody(string UserId, string Email, string? AntiPhishingCode);

/// <summary>The body of every redeeming request: what an operation does not need is null.</summary>
sealed record RedeemingBody(string OneTimeToken, string? NewUserKey, string? AntiPhishingCode, string? KeyType);

static class Codes
{
    const int Digits = 6;

    public static string Draw() => RandomNumberGenerator.GetString("0123456789", Digits);
}
