using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Authentication;

namespace Countersign.Tests.Server;

/// <summary>A corpus of tokens, each one mutation away from a good one. The server takes an OpenID provider, a shared key and its own development issuer.</summary>
public sealed class ForgedBearerTests
{
    [Fact]
    [Trait("ASVS", "6.8.2")]
    [Trait("ASVS", "7.2.1")]
    [Trait("ASVS", "9.1.1")]
    [Trait("ASVS", "9.1.2")]
    [Trait("ASVS", "9.1.3")]
    [Trait("ASVS", "9.2.1")]
    [Trait("ASVS", "9.2.3")]
    [Trait("ASVS", "10.3.1")]
    [Trait("ASVS", "11.6.1")]
    [Trait("Attack", "23")]
    public async Task No_forged_token_is_taken()
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var rsa = provider.AddRsa("rsa");
        using var ec = provider.AddEc("ec");
        await using var server = await TestServer.StartAsync([.. provider.Settings, .. Production.SharedKeyBearer]);

        // Each issuer's own tokens are good: what is refused below is refused for what is wrong with it.
        var good = Tokens.Claims(provider.Issuer, DateTimeOffset.UtcNow);
        Assert.Equal(200, await StatusAsync(server, Tokens.Rs256(rsa, "rsa", good)));
        Assert.Equal(200, await StatusAsync(server, Tokens.Es256(ec, "ec", good)));
        Assert.Equal(200, await StatusAsync(server, Tokens.Hs256(Production.SharedKey, Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow))));
        var development = await server.BearerAsync("alice", null);
        Assert.Equal(200, await StatusAsync(server, development));

        var corpus = Unsigned(good)
            .Concat(Confused(good, rsa, ec))
            .Concat(Borrowed(provider.Issuer, rsa))
            .Concat(Altered(Tokens.Rs256(rsa, "rsa", good), Tokens.Hs256(Production.SharedKey, Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow)), development))
            .Concat(WrongClaims(provider.Issuer, claims => Tokens.Rs256(rsa, "rsa", claims)))
            .Concat(WrongClaims(Production.Issuer, claims => Tokens.Hs256(Production.SharedKey, claims)))
            .Concat(NoTokens())
            .ToList();
        Assert.True(corpus.Count > 150, $"The corpus has {corpus.Count} tokens.");
        foreach (var (what, token) in corpus)
            BearerTests.AssertRefused(await CallAsync(server, token), what);
    }

    static IEnumerable<(string What, string Token)> Unsigned(Dictionary<string, object> good)
    {
        foreach (var algorithm in new[] { "none", "None", "NONE", "nOnE", "none ", "", "null", "HS256none" })
        {
            yield return ($"alg '{algorithm}', no signature", Tokens.Make(Tokens.Header(algorithm), good, _ => []));
            yield return ($"alg '{algorithm}' with a kid, no signature", Tokens.Make(Tokens.Header(algorithm, "rsa"), good, _ => []));
            yield return ($"alg '{algorithm}', some signature", Tokens.Make(Tokens.Header(algorithm), good, _ => [1, 2, 3]));
        }

        yield return ("no alg", Tokens.Make(new { typ = "JWT" }, good, _ => []));
        yield return ("alg null", Tokens.Make(new Dictionary<string, object?> { ["alg"] = null }, good, _ => []));
        yield return ("alg a list", Tokens.Make(new { alg = new[] { "none" } }, good, _ => []));
        foreach (var algorithm in new[] { "RS256", "ES256", "HS256", "PS256" })
            yield return ($"{algorithm}, signature left out", Tokens.Make(Tokens.Header(algorithm, "rsa"), good, _ => []));
    }

    /// <summary>Public keys as the secrets of HMAC, and one algorithm's key under another's name.</summary>
    static IEnumerable<(string What, string Token)> Confused(Dictionary<string, object> good, RSA rsa, ECDsa ec)
    {
        var publicKeys = new Dictionary<string, byte[]>
        {
            ["RSA SPKI"] = rsa.ExportSubjectPublicKeyInfo(),
            ["RSA PKCS#1"] = rsa.ExportRSAPublicKey(),
            ["RSA PEM"] = Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()),
            ["RSA PEM with a line end"] = Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem() + "\n"),
            ["RSA modulus"] = rsa.ExportParameters(false).Modulus!,
            ["EC SPKI"] = ec.ExportSubjectPublicKeyInfo(),
            ["EC x"] = ec.ExportParameters(false).Q.X!,
            ["empty"] = [],
            ["32 zeros"] = new byte[32],
        };
        foreach (var (name, key) in publicKeys)
        {
            foreach (var keyId in new[] { null, "rsa", "ec" })
            {
                yield return ($"HS256 under {name}, kid {keyId}", Tokens.Make(Tokens.Header("HS256", keyId), good, data => HMACSHA256.HashData(key, data)));
                yield return ($"HS512 under {name}, kid {keyId}", Tokens.Make(Tokens.Header("HS512", keyId), good, data => HMACSHA512.HashData(key, data)));
            }
        }

        byte[] Rsa(byte[] data) => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        yield return ("RS256 called ES256", Tokens.Make(Tokens.Header("ES256", "rsa"), good, Rsa));
        yield return ("RS256 called HS256", Tokens.Make(Tokens.Header("HS256", "rsa"), good, Rsa));
        yield return ("RS256 called PS256", Tokens.Make(Tokens.Header("PS256", "rsa"), good, Rsa));
        yield return ("RS256 called rs256", Tokens.Make(Tokens.Header("rs256", "rsa"), good, Rsa));
        yield return ("RS1", Tokens.Make(Tokens.Header("RS1", "rsa"), good, data => rsa.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1)));
        yield return ("ES256 with a signature of zeros", Tokens.Make(Tokens.Header("ES256", "ec"), good, _ => new byte[64]));
        yield return ("RS256 with a signature of zeros", Tokens.Make(Tokens.Header("RS256", "rsa"), good, _ => new byte[256]));
    }

    /// <summary>A key that the server knows, used for somebody else, and keys that the token brings along.</summary>
    static IEnumerable<(string What, string Token)> Borrowed(string issuer, RSA rsa)
    {
        var now = DateTimeOffset.UtcNow;
        yield return ("the shared key for the provider", Tokens.Hs256(Production.SharedKey, Tokens.Claims(issuer, now)));
        yield return ("the shared key for nobody known", Tokens.Hs256(Production.SharedKey, Tokens.Claims("https://other.example", now)));
        yield return ("the provider's key for the shared key's issuer", Tokens.Rs256(rsa, "rsa", Tokens.Claims(Production.Issuer, now)));
        foreach (var audience in new[] { Production.Audience, "countersign-development" })
        {
            var claims = Tokens.Claims("countersign-development", now);
            claims["aud"] = audience;
            yield return ($"the shared key for Development, to {audience}", Tokens.Hs256(Production.SharedKey, claims));
            yield return ($"the provider's key for Development, to {audience}", Tokens.Rs256(rsa, "rsa", claims));
        }

        using var own = RSA.Create(2048);
        var good = Tokens.Claims(issuer, now);
        byte[] Sign(byte[] data) => own.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var parameters = own.ExportParameters(false);
        var jwk = new { kty = "RSA", kid = "own", n = Convert.ToBase64String(parameters.Modulus!), e = Convert.ToBase64String(parameters.Exponent!) };
        yield return ("another key under a known kid", Tokens.Make(Tokens.Header("RS256", "rsa"), good, Sign));
        yield return ("another key under an unknown kid", Tokens.Make(Tokens.Header("RS256", "own"), good, Sign));
        yield return ("another key without a kid", Tokens.Make(Tokens.Header("RS256"), good, Sign));
        yield return ("its own key in jwk", Tokens.Make(new { alg = "RS256", kid = "own", jwk }, good, Sign));
        yield return ("its own key at jku", Tokens.Make(new { alg = "RS256", kid = "own", jku = "http://127.0.0.1:9/keys" }, good, Sign));
        yield return ("its own certificate at x5u", Tokens.Make(new { alg = "RS256", kid = "own", x5u = "http://127.0.0.1:9/cert" }, good, Sign));
        yield return ("a kid that is a path", Tokens.Make(Tokens.Header("HS256", "../../../../dev/null"), good, data => HMACSHA256.HashData(Array.Empty<byte>(), data)));
        yield return ("a kid that is SQL", Tokens.Make(Tokens.Header("HS256", "x' UNION SELECT '"), good, data => HMACSHA256.HashData(Array.Empty<byte>(), data)));
    }

    static IEnumerable<(string What, string Token)> Altered(params string[] tokens)
    {
        foreach (var token in tokens)
        {
            var parts = token.Split('.');
            yield return ("signature cut off", $"{parts[0]}.{parts[1]}.");
            yield return ("signature and dot cut off", $"{parts[0]}.{parts[1]}");
            yield return ("signature doubled", $"{token}.{parts[2]}");
            yield return ("signature shortened", $"{parts[0]}.{parts[1]}.{parts[2][..^4]}");
            yield return ("claims of another", $"{parts[0]}.{Replace(parts[1], "alice", "admin")}.{parts[2]}");
            yield return ("parts exchanged", $"{parts[1]}.{parts[0]}.{parts[2]}");

            // Eight bits in each part, the last of its last byte among them.
            for (var part = 0; part < 3; part++)
            {
                var bytes = Base64UrlTextEncoder.Decode(parts[part]);
                for (var i = 0; i < 8; i++)
                {
                    var flipped = bytes.ToArray();
                    flipped[(bytes.Length - 1) * i / 7] ^= (byte)(1 << i);
                    var mutated = parts.ToArray();
                    mutated[part] = Base64UrlTextEncoder.Encode(flipped);
                    yield return ($"bit {i} flipped in part {part}", string.Join('.', mutated));
                }
            }
        }
    }

    static IEnumerable<(string What, string Token)> WrongClaims(string issuer, Func<object, string> sign)
    {
        var now = DateTimeOffset.UtcNow;
        (string, string) With(string claim, object? value)
        {
            var claims = Tokens.Claims(issuer, now);
            claims.Remove(claim);
            if (value is not null)
                claims[claim] = value;
            return ($"{claim}: {JsonSerializer.Serialize(value)}", sign(claims));
        }

        yield return With("exp", null);
        yield return With("exp", now.AddSeconds(-1).ToUnixTimeSeconds());
        yield return With("exp", now.AddYears(-1).ToUnixTimeSeconds());
        yield return With("exp", 0);
        yield return With("exp", -1);
        yield return With("exp", "tomorrow");
        yield return With("nbf", now.AddMinutes(5).ToUnixTimeSeconds());
        yield return With("sub", null);
        yield return With("sub", "");
        yield return With("sub", " ");
        yield return With("sub", "a\nb");
        yield return With("sub", "a\0b");
        yield return With("sub", new string('a', 256));
        yield return With("aud", null);
        yield return With("aud", "");
        yield return With("aud", "another");
        yield return With("aud", "countersign2");
        yield return With("aud", "Countersign");
        yield return With("aud", new[] { "another", "https://countersign" });
        yield return With("iss", null);
        yield return With("iss", "");
        yield return With("iss", issuer + "/");
        yield return With("iss", issuer.ToUpperInvariant());
        yield return With("iss", "https://issuer.example.evil.example");
    }

    static IEnumerable<(string What, string Token)> NoTokens()
    {
        foreach (var token in new[] { "x", ".", "..", "...", "....", "a.b.c", "e30.e30.", "e30.e30.e30", "null", "undefined", "{}", "Bearer", "'; DROP TABLE accounts; --", "%00", "=====" })
            yield return ($"'{token}'", token);
    }

    static string Replace(string part, string text, string other) => Base64UrlTextEncoder.Encode(
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Base64UrlTextEncoder.Decode(part)).Replace(text, other, StringComparison.Ordinal)));

    static async Task<int> StatusAsync(TestServer server, string token) => (await CallAsync(server, token)).Status;

    static async Task<Answer> CallAsync(TestServer server, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/account");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await Answer.OfAsync(await server.Http.SendAsync(request));
    }
}
