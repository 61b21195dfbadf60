using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Bench.Machine;

/// <summary>The provider of bearers, as each server is told of it: OpenID discovery, one RSA key, RS256.</summary>
sealed class Issuer : IAsyncDisposable
{
    const string KeyId = "bench";
    const string Audience = "countersign";
    const int KeyBits = 2048;

    static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    readonly RSA key = RSA.Create(KeyBits);
    readonly WebApplication app;
    readonly string url;

    public Issuer()
    {
        url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Workplace.FreePort()}");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        app = builder.Build();
        app.MapGet("/.well-known/openid-configuration", () => Results.Text($$"""{"issuer":"{{url}}","jwks_uri":"{{url}}/keys"}""", "application/json"));
        app.MapGet("/keys", () => Results.Text(Keys(), "application/json"));
        app.Start();
    }

    /// <summary>The standard section, as arguments of a server.</summary>
    public string[] Settings =>
    [
        $"--Authentication:Schemes:Bearer:Authority={url}",
        $"--Authentication:Schemes:Bearer:ValidAudiences:0={Audience}",
        "--Authentication:Schemes:Bearer:RequireHttpsMetadata=false",
    ];

    public string Bearer(string userId)
    {
        var now = TimeProvider.System.GetUtcNow();
        var payload = $$"""{"iss":"{{url}}","aud":"{{Audience}}","sub":"{{userId}}","iat":{{now.ToUnixTimeSeconds()}},"exp":{{(now + Lifetime).ToUnixTimeSeconds()}}}""";
        var signed = $"{Encode($$"""{"alg":"RS256","typ":"JWT","kid":"{{KeyId}}"}""")}.{Encode(payload)}";
        return $"{signed}.{Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        key.Dispose();
    }

    string Keys()
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return $$"""{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"{{KeyId}}","n":"{{Encode(parameters.Modulus!)}}","e":"{{Encode(parameters.Exponent!)}}"}]}""";
    }

    static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
