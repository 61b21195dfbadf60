using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Server;

/// <summary>A real provider, found through discovery, and a real authorization code flow.</summary>
public sealed class OpenIdProviderTests
{
    const string AddAntiPhishing = "/api/v1/token/antiPhishing/adding";

    static readonly string[] StepUp =
    [
        "Countersign:StepUp:0:Operation=antiPhishing/adding",
        "Countersign:StepUp:0:MaxAge=00:05:00",
        $"Countersign:StepUp:0:AcrValues:0={OpenIdPeer.Gold}",
        $"Countersign:StepUp:0:AcrValues:1={OpenIdPeer.Silver}",
        "Countersign:StepUp:0:AmrValues:0=otp",
    ];

    [Fact]
    [Trait("ASVS", "6.8.4")]
    [Trait("ASVS", "7.5.1")]
    [Trait("ASVS", "10.3.4")]
    [Trait("ASVS", "7.6.1")]
    [Trait("Attack", "24")]
    public async Task An_old_login_is_challenged_and_a_login_as_the_challenge_asks_passes()
    {
        await using var provider = await OpenIdPeer.StartAsync();
        await using var server = await TestServer.StartAsync([.. provider.Settings, .. StepUp]);
        using var browser = new OpenIdBrowser(provider);

        var old = await browser.AccessTokenAsync(new Login(DateTimeOffset.UtcNow.AddMinutes(-10), null, "pwd"));
        (await server.SendAsync("GET", "/api/v1/account", old)).IsOk();
        var challenge = AuthorizationRequestOf((await server.SendAsync("POST", AddAntiPhishing, old)).IsRefused(401, "insufficient-user-authentication"));
        Assert.Equal(new() { ["max_age"] = "300", ["acr_values"] = $"{OpenIdPeer.Gold} {OpenIdPeer.Silver}" }, challenge);

        // A new token of the same login is no new login.
        var again = await browser.AccessTokenAsync(login: null);
        Assert.NotEqual(old, again);
        (await server.SendAsync("POST", AddAntiPhishing, again)).IsRefused(401, "insufficient-user-authentication");

        var fresh = await browser.AccessTokenAsync(new Login(DateTimeOffset.UtcNow, OpenIdPeer.Silver, "pwd", "otp"), challenge);
        (await server.SendAsync("POST", AddAntiPhishing, fresh)).IsOk();
        await server.MessageAsync("alice@example.com", item => item.OneTimeToken is not null);
    }

    [Fact]
    public async Task A_key_that_the_provider_has_new_signs_at_once_and_one_that_it_has_withdrawn_does_not_for_long()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var provider = await OpenIdPeer.StartAsync();
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Settings = provider.Settings, Clock = clock });
        using var browser = new OpenIdBrowser(provider);
        var login = new Login(DateTimeOffset.UtcNow);
        var first = await browser.AccessTokenAsync(login);
        (await CallAsync(server, first)).IsOk();

        await provider.RotateAsync();
        var second = await browser.AccessTokenAsync(login);
        (await CallAsync(server, second)).IsOk();
        (await CallAsync(server, first)).IsOk();

        await provider.RetireAsync();
        clock.Advance(TimeSpan.FromMinutes(5));
        BearerTests.AssertRefused(await CallAsync(server, first), "signed by a withdrawn key");
        (await CallAsync(server, second)).IsOk();
    }

    [Fact]
    [Trait("ASVS", "10.3.1")]
    [Trait("ASVS", "9.2.2")]
    [Trait("ASVS", "9.2.3")]
    [Trait("Attack", "23")]
    public async Task A_token_of_the_provider_for_anything_else_is_refused()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var provider = await OpenIdPeer.StartAsync();
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Settings = provider.Settings, Clock = clock });
        using var browser = new OpenIdBrowser(provider);
        var login = new Login(DateTimeOffset.UtcNow);

        var tokens = await browser.AuthorizeAsync(login);
        var good = tokens.Text("access_token")!;
        (await CallAsync(server, good)).IsOk();
        BearerTests.AssertRefused(await CallAsync(server, tokens.Text("id_token")!), "an ID token, which is for the client");
        BearerTests.AssertRefused(
            await CallAsync(server, (await browser.AuthorizeAsync(login, resource: OpenIdPeer.OtherResource)).Text("access_token")!), "for another resource");
        BearerTests.AssertRefused(await CallAsync(server, (await browser.AuthorizeAsync(login, resource: null)).Text("access_token")!), "for the provider itself");

        using var mallory = new OpenIdBrowser(provider, "mallory");
        var parts = good.Split('.');
        var other = (await mallory.AccessTokenAsync(login)).Split('.');
        BearerTests.AssertRefused(await CallAsync(server, $"{parts[0]}.{other[1]}.{parts[2]}"), "the claims of another");
        var forged = System.Text.Encoding.UTF8.GetString(Base64UrlTextEncoder.Decode(parts[1])).Replace("\"auth_time\":", "\"auth_time\":9", StringComparison.Ordinal);
        BearerTests.AssertRefused(await CallAsync(server, $"{parts[0]}.{Base64UrlTextEncoder.Encode(System.Text.Encoding.UTF8.GetBytes(forged))}.{parts[2]}"), "another auth_time");

        clock.Advance(TimeSpan.FromHours(2));
        BearerTests.AssertRefused(await CallAsync(server, good), "expired");
    }

    static Task<Answer> CallAsync(TestServer server, string token) => server.SendAsync("GET", "/api/v1/account", token);

    /// <summary>What a client takes from the challenge into its authorization request (RFC 9470, 4).</summary>
    static Dictionary<string, string> AuthorizationRequestOf(Answer answer)
    {
        var challenge = Assert.Single(answer.Headers.WwwAuthenticate);
        Assert.Equal("Bearer", challenge.Scheme);
        return challenge.Parameter!
            .Split(", ")
            .Select(parameter => parameter.Split('=', 2))
            .Where(parameter => parameter[0] is "max_age" or "acr_values")
            .ToDictionary(parameter => parameter[0], parameter => parameter[1].Trim('"'));
    }
}
