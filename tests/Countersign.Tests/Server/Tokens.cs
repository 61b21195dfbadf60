using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;

namespace Countersign.Tests.Server;

/// <summary>Bearer tokens made by hand, so that any part of one can be wrong.</summary>
static class Tokens
{
    /// <summary>The claims of a good token, an hour long.</summary>
    public static Dictionary<string, object> Claims(string issuer, DateTimeOffset now, string subject = "alice") => new()
    {
        ["sub"] = subject,
        ["iss"] = issuer,
        ["aud"] = Production.Audience,
        ["nbf"] = now.ToUnixTimeSeconds(),
        ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
    };

    public static Dictionary<string, object> Header(string algorithm, string? keyId = null)
    {
        var header = new Dictionary<string, object> { ["alg"] = algorithm, ["typ"] = "JWT" };
        if (keyId is not null)
            header["kid"] = keyId;
        return header;
    }

    public static string Make(object header, object claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Part(header)}.{Part(claims)}";
        return $"{signed}.{Base64UrlTextEncoder.Encode(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Hs256(byte[] key, object claims) => Make(Header("HS256"), claims, data => HMACSHA256.HashData(key, data));

    public static string Rs256(RSA key, string keyId, object claims) =>
        Make(Header("RS256", keyId), claims, data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Es256(ECDsa key, string keyId, object claims) =>
        Make(Header("ES256", keyId), claims, data => key.SignData(data, HashAlgorithmName.SHA256));

    static string Part(object part) => Base64UrlTextEncoder.Encode(JsonSerializer.SerializeToUtf8Bytes(part));
}
