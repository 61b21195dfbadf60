using System.Security.Cryptography;
using System.Text;
using Countersign.Tests.Hosting;
using Countersign.Tests.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Countersign.Tests.Console;

/// <summary>What comes from the token endpoint, made by hand, so that any part of it can be wrong.</summary>
public sealed class ConsoleTokenTests
{
    const string KeyId = "one";
    const string Scope = "openid countersign.operator";

    static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Fact]
    [Trait("ASVS", "10.5.1")]
    [Trait("ASVS", "10.5.4")]
    public async Task Only_an_ID_token_of_this_provider_for_this_console_and_this_sign_in_signs_anybody_in()
    {
        await using var site = await Site.StartAsync();
        using var other = RSA.Create(2048);
        Assert.Equal(200, await site.SignInAsync(claims => Tokens.Rs256(site.Key, KeyId, claims)));
        foreach (var (what, idToken) in new (string, Func<Dictionary<string, object>, string>)[]
        {
            ("for somebody else", claims => site.Signed(claims, "aud", "another-client")),
            ("of another issuer", claims => site.Signed(claims, "iss", "https://evil.example")),
            ("expired", claims => site.Signed(claims, "exp", Now.AddMinutes(-10).ToUnixTimeSeconds())),
            ("without an expiry", claims => site.Signed(claims, "exp", null)),
            ("of another sign-in", claims => site.Signed(claims, "nonce", "made-up")),
            ("of no sign-in", claims => site.Signed(claims, "nonce", null)),
            ("of nobody", claims => site.Signed(claims, "sub", null)),
            ("unsigned", claims => Tokens.Make(Tokens.Header("none"), claims, _ => [])),
            ("whose signature was cut off", claims => Tokens.Rs256(site.Key, KeyId, claims).Split('.') is [var header, var body, _] ? $"{header}.{body}." : ""),
            ("by another key under the same name", claims => Tokens.Rs256(other, KeyId, claims)),
            ("by another key", claims => Tokens.Rs256(other, "two", claims)),
            ("by the public key as a secret", claims => Tokens.Hs256(site.Key.ExportSubjectPublicKeyInfo(), claims)),
        })
            Assert.Equal((what, 302), (what, await site.SignInAsync(idToken)));
    }

    [Theory]
    [InlineData(Scope, null, null, 200)]
    [InlineData("openid", null, null, 403)]
    [InlineData("openid countersign.operators", null, null, 403)]
    // What the provider says beside the tokens goes before what is in one.
    [InlineData("openid", Scope, null, 403)]
    [InlineData(null, Scope, null, 200)]
    [InlineData(null, "openid", null, 403)]
    [InlineData(null, null, Scope, 200)]
    // Asked for, and not said to be granted.
    [InlineData(null, null, null, 403)]
    public async Task An_operator_is_whoever_was_granted_the_scope_and_nobody_of_whom_that_is_not_said(string? beside, string? inAccessToken, string? inIdToken, int status)
    {
        await using var site = await Site.StartAsync();
        Assert.Equal(status, await site.SignInAsync(claims => site.Signed(claims, "scope", inIdToken), beside, inAccessToken));
    }

    [Fact]
    public async Task The_code_is_redeemed_with_the_verifier_of_its_challenge_by_a_public_client()
    {
        await using var site = await Site.StartAsync();
        Assert.Equal(200, await site.SignInAsync(claims => Tokens.Rs256(site.Key, KeyId, claims)));
        var form = site.Redeemed!;
        Assert.Equal(("authorization_code", "the-code", "console"), (form["grant_type"].ToString(), form["code"].ToString(), form["client_id"].ToString()));
        Assert.Equal(new Uri(site.Server.Url, "/console/signin").AbsoluteUri, form["redirect_uri"].ToString());
        Assert.Equal(site.Challenge, Base64UrlTextEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))));
        Assert.False(form.ContainsKey("client_secret"));
    }

    [Fact]
    [Trait("ASVS", "10.2.1")]
    public async Task What_came_back_once_does_not_come_back_again_nor_to_somebody_else()
    {
        await using var site = await Site.StartAsync();
        site.Provider.Token = form => site.Answer(form, claims => Tokens.Rs256(site.Key, KeyId, claims), Scope, null);
        using var client = new ConsoleClient(site.Server);
        var callback = await site.BeginAsync(client);
        using (var thief = new ConsoleClient(site.Server))
        {
            Assert.Equal(400, (await thief.GetAsync(callback)).Status);
            Assert.Equal(302, (await thief.GetAsync("/console/messages")).Status);
        }

        Assert.Equal(302, (await client.GetAsync(callback)).Status);
        Assert.Equal(200, (await client.GetAsync("/console/messages")).Status);
        Assert.Equal(400, (await client.GetAsync(callback)).Status);
    }

    sealed class Site(TestServer server, IdentityProvider provider, RSA key) : IAsyncDisposable
    {
        string nonce = "";

        public TestServer Server => server;

        public IdentityProvider Provider => provider;

        public RSA Key => key;

        public string Challenge { get; private set; } = "";

        public IFormCollection? Redeemed { get; private set; }

        public static async Task<Site> StartAsync()
        {
            var provider = await IdentityProvider.StartAsync();
            var key = provider.AddRsa(KeyId);
            var server = await TestServer.StartAsync($"Authentication:Schemes:Console:Authority={provider.Issuer}", "Authentication:Schemes:Console:ClientId=console");
            return new Site(server, provider, key);
        }

        public string Signed(Dictionary<string, object> claims, string name, object? value)
        {
            claims.Remove(name);
            if (value is not null)
                claims[name] = value;
            return Tokens.Rs256(key, KeyId, claims);
        }

        /// <summary>Where the provider would send the browser.</summary>
        public async Task<string> BeginAsync(ConsoleClient client)
        {
            var query = QueryHelpers.ParseQuery((await client.GetAsync("/console/sign-in/start")).Headers.Location!.Query);
            (nonce, Challenge) = (query["nonce"].ToString(), query["code_challenge"].ToString());
            return $"/console/signin?code=the-code&state={Uri.EscapeDataString(query["state"].ToString())}";
        }

        /// <summary>What a page answers to who has signed in so, or has not.</summary>
        public async Task<int> SignInAsync(Func<Dictionary<string, object>, string> idToken, string? scope = Scope, string? scopeInAccessToken = null)
        {
            provider.Token = form => Answer(form, idToken, scope, scopeInAccessToken);
            using var client = new ConsoleClient(server);
            await client.GetAsync(await BeginAsync(client));
            return (await client.GetAsync("/console/messages")).Status;
        }

        public Dictionary<string, object> Answer(IFormCollection form, Func<Dictionary<string, object>, string> idToken, string? scope, string? scopeInAccessToken)
        {
            Redeemed = form;
            var claims = Tokens.Claims(provider.Issuer, Now, "olivia");
            (claims["aud"], claims["nonce"], claims["iat"]) = ("console", nonce, Now.ToUnixTimeSeconds());
            var answer = new Dictionary<string, object>
            {
                ["token_type"] = "Bearer",
                ["access_token"] = scopeInAccessToken is null ? "opaque" : Tokens.Rs256(key, KeyId, new Dictionary<string, object> { ["scope"] = scopeInAccessToken }),
                ["id_token"] = idToken(claims),
            };
            if (scope is not null)
                answer["scope"] = scope;
            return answer;
        }

        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            await provider.DisposeAsync();
            key.Dispose();
        }
    }
}
