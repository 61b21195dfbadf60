using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Server;

/// <summary>An OpenID provider as far as a resource server sees it: its discovery document and its keys.</summary>
sealed class IdentityProvider : IAsyncDisposable
{
    readonly WebApplication app;
    readonly ConcurrentDictionary<string, object> keys = [];

    IdentityProvider(WebApplication app) => this.app = app;

    public string Issuer => app.Urls.First();

    /// <summary>Whether it answers with errors only.</summary>
    public bool IsAway { get; set; }

    /// <summary>What its token endpoint says; null where nobody asks it.</summary>
    public Func<IFormCollection, object>? Token { get; set; }

    public string[] Settings =>
    [
        $"Authentication:Schemes:Bearer:Authority={Issuer}",
        $"Authentication:Schemes:Bearer:ValidAudiences:0={Production.Audience}",
        "Authentication:Schemes:Bearer:RequireHttpsMetadata=false",
    ];

    public static async Task<IdentityProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var provider = new IdentityProvider(app);
        app.MapGet("/.well-known/openid-configuration", () => provider.Answer(new
        {
            issuer = provider.Issuer,
            jwks_uri = $"{provider.Issuer}/keys",
            authorization_endpoint = $"{provider.Issuer}/authorize",
            token_endpoint = $"{provider.Issuer}/token",
        }));
        app.MapPost("/token", async (HttpRequest request) => provider.Answer(provider.Token!(await request.ReadFormAsync())));
        app.MapGet("/keys", () => provider.Answer(new { keys = provider.keys.OrderBy(key => key.Key, StringComparer.Ordinal).Select(key => key.Value) }));
        await app.StartAsync();
        return provider;
    }

    public RSA AddRsa(string keyId)
    {
        var key = RSA.Create(2048);
        var parameters = key.ExportParameters(includePrivateParameters: false);
        keys[keyId] = new { kty = "RSA", use = "sig", kid = keyId, n = Encode(parameters.Modulus!), e = Encode(parameters.Exponent!) };
        return key;
    }

    public ECDsa AddEc(string keyId)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        keys[keyId] = new { kty = "EC", use = "sig", kid = keyId, crv = "P-256", x = Encode(point.X!), y = Encode(point.Y!) };
        return key;
    }

    public void Remove(string keyId) => Assert.True(keys.TryRemove(keyId, out _));

    public ValueTask DisposeAsync() => app.DisposeAsync();

    static string Encode(byte[] bytes) => Base64UrlTextEncoder.Encode(bytes);

    IResult Answer(object body) => IsAway ? Results.StatusCode(503) : Results.Json(body);
}
