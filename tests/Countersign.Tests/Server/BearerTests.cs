using System.Net.Http.Headers;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Server;

public sealed class BearerTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_shared_key_as_user_jwts_configures_it_is_taken()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var account = await CallAsync(server, Tokens.Hs256(Production.SharedKey, Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow)));
        Assert.Equal(200, account.Status);
        Assert.Equal("alice", account.Body.GetProperty("userId").GetString());
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task An_OpenID_provider_is_taken_with_RSA_and_with_EC_keys(string environment)
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var rsa = provider.AddRsa("rsa");
        using var ec = provider.AddEc("ec");
        await using var server = await StartAsync(provider, environment);

        var claims = Tokens.Claims(provider.Issuer, DateTimeOffset.UtcNow);
        Assert.Equal(200, (await CallAsync(server, Tokens.Rs256(rsa, "rsa", claims))).Status);
        Assert.Equal(200, (await CallAsync(server, Tokens.Es256(ec, "ec", claims))).Status);
    }

    [Fact]
    public async Task A_key_that_the_provider_has_new_is_found()
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var first = provider.AddRsa("first");
        await using var server = await StartAsync(provider, "Production");
        var claims = Tokens.Claims(provider.Issuer, DateTimeOffset.UtcNow);
        Assert.Equal(200, (await CallAsync(server, Tokens.Rs256(first, "first", claims))).Status);

        using var second = provider.AddRsa("second");
        await AssertTakenSoonAsync(server, Tokens.Rs256(second, "second", claims));
        Assert.Equal(200, (await CallAsync(server, Tokens.Rs256(first, "first", claims))).Status);
    }

    [Fact]
    [Trait("ASVS", "16.5.2")]
    [Trait("ASVS", "16.5.3")]
    public async Task A_provider_that_is_away_means_that_nobody_is_taken_until_it_is_back()
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var key = provider.AddRsa("rsa");
        provider.IsAway = true;
        await using var server = await StartAsync(provider, "Production");
        var token = Tokens.Rs256(key, "rsa", Tokens.Claims(provider.Issuer, DateTimeOffset.UtcNow));
        Assert.Equal(401, (await CallAsync(server, token)).Status);

        provider.IsAway = false;
        await AssertTakenSoonAsync(server, token);
    }

    [Theory]
    [InlineData("scope", "countersign.accounts", 404)]
    [InlineData("scope", "openid countersign.accounts", 404)]
    [InlineData("scp", "countersign.accounts email", 404)]
    [InlineData("scope", "countersign.accounts.read", 403)]
    [InlineData("scope", "Countersign.Accounts", 403)]
    [InlineData("roles", "countersign.accounts", 403)]
    [Trait("ASVS", "8.2.1")]
    [Trait("ASVS", "10.3.2")]
    public async Task The_service_API_asks_for_its_scope(string claim, string value, int status)
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var claims = Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow);
        claims[claim] = value;
        var answer = await CallAsync(server, Tokens.Hs256(Production.SharedKey, claims), "/api/v1/admin/accounts/nobody");
        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 403 ? "forbidden" : "account-not-found", answer.Code);
    }

    [Fact]
    public async Task A_scope_may_be_a_list()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var claims = Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow);
        claims["scp"] = new[] { "email", "countersign.accounts" };
        var answer = await CallAsync(server, Tokens.Hs256(Production.SharedKey, claims), "/api/v1/admin/accounts/nobody");
        Assert.Equal("account-not-found", answer.Code);
    }

    [Fact]
    [Trait("ASVS", "7.2.2")]
    [Trait("ASVS", "9.2.1")]
    [Trait("Attack", "23")]
    public async Task A_token_ends_with_the_second_that_it_names_and_begins_with_it_but_for_a_clock_that_is_ahead()
    {
        var clock = new FakeTimeProvider(Now);
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Settings = Production.SharedKeyBearer, Clock = clock });
        async Task<int> StatusAsync(string claim, int seconds)
        {
            var claims = Tokens.Claims(Production.Issuer, Now);
            claims[claim] = Now.AddSeconds(seconds).ToUnixTimeSeconds();
            return (await CallAsync(server, Tokens.Hs256(Production.SharedKey, claims))).Status;
        }

        Assert.Equal(200, await StatusAsync("exp", 1));
        Assert.Equal(401, await StatusAsync("exp", 0));
        Assert.Equal(401, await StatusAsync("exp", -1));
        Assert.Equal(200, await StatusAsync("nbf", 30));
        Assert.Equal(401, await StatusAsync("nbf", 31));
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Digest")]
    [InlineData("DPoP")]
    [InlineData("Token")]
    public async Task Another_scheme_than_bearer_is_refused(string scheme)
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var token = Tokens.Hs256(Production.SharedKey, Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow));
        AssertRefused(await SendAsync(server, request => request.Headers.Authorization = new AuthenticationHeaderValue(scheme, token)), scheme);
    }

    [Fact]
    [Trait("ASVS", "3.5.1")]
    [Trait("ASVS", "14.2.1")]
    [Trait("Attack", "23")]
    public async Task A_token_is_taken_from_one_authorization_header_and_from_nowhere_else()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var token = Tokens.Hs256(Production.SharedKey, Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow));

        AssertRefused(await SendAsync(server, _ => { }), "none");
        AssertRefused(await SendAsync(server, _ => { }, $"/api/v1/account?access_token={token}"), "query string");
        AssertRefused(await SendAsync(server, request => request.Headers.Add("Cookie", $"access_token={token}")), "cookie");
        AssertRefused(await SendAsync(server, request => request.Headers.Add("X-Authorization", $"Bearer {token}")), "another header");
        AssertRefused(await SendAsync(server, request => request.Headers.TryAddWithoutValidation("Authorization", [$"Bearer {token}", $"Bearer {token}"])), "twice");
        AssertRefused(await SendAsync(server, request => request.Headers.TryAddWithoutValidation("Authorization", token)), "no scheme");
        AssertRefused(await SendAsync(server, request => request.Headers.TryAddWithoutValidation("Authorization", "Bearer")), "scheme only");
        AssertRefused(await SendAsync(server, request => request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token} {token}")), "two tokens");
    }

    [Fact]
    public async Task A_token_longer_than_any_is_refused()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var claims = Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow);
        claims["padding"] = new string('x', 20_000);
        AssertRefused(await CallAsync(server, Tokens.Hs256(Production.SharedKey, claims)[..^2]), "20 KB");

        // Beyond what Kestrel takes as headers.
        claims["padding"] = new string('x', 100_000);
        Assert.Equal(431, (await CallAsync(server, Tokens.Hs256(Production.SharedKey, claims))).Status);
    }

    static Task<TestServer> StartAsync(IdentityProvider provider, string environment) => TestServer.StartAsync(new TestServer.Setup
    {
        Settings = [.. Production.Settings.Where(setting => !setting.StartsWith("Authentication:", StringComparison.Ordinal)), $"environment={environment}", .. provider.Settings],
        Configure = Production.AddSenders,
    });

    static Task<Answer> CallAsync(TestServer server, string token, string path = "/api/v1/account") =>
        SendAsync(server, request => request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}"), path);

    static async Task<Answer> SendAsync(TestServer server, Action<HttpRequestMessage> prepare, string path = "/api/v1/account")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        prepare(request);
        return await Answer.OfAsync(await server.Http.SendAsync(request));
    }

    /// <summary>Keys are fetched beside the requests; within five seconds service is normal.</summary>
    static async Task AssertTakenSoonAsync(TestServer server, string token)
    {
        var deadline = Environment.TickCount64 + 5_000;
        while ((await CallAsync(server, token)).Status != 200)
        {
            Assert.True(Environment.TickCount64 < deadline, "The token was not taken within 5 seconds.");
            await Task.Delay(50);
        }
    }

    internal static void AssertRefused(Answer answer, string what)
    {
        Assert.True(answer.Status == 401, $"{what}: {answer.Status} {answer.Text}");
        Assert.Equal("unauthenticated", answer.Code);
        Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal("Bearer", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
    }
}
