using System.Net;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Console;

public sealed class ConsoleSecurityTests
{
    static readonly (string, string)[] BehindTls = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https")];

    [Theory]
    [InlineData("/console")]
    [InlineData("/console/")]
    [InlineData("/console/sign-in")]
    [InlineData("/console/sign-in/start")]
    [InlineData("/console/sign-in/development")]
    [InlineData("/console/signin")]
    [InlineData("/console/accounts/alice")]
    [InlineData("/console/console.css")]
    public async Task Outside_Development_there_is_no_console_where_no_provider_is_configured(string path)
    {
        await using var server = await Production.StartAsync();
        foreach (var method in new[] { "GET", "POST" })
            (await server.SendAsync(method, path)).IsRefused(404, "not-found");
    }

    [Fact]
    public async Task Outside_Development_nobody_signs_in_without_the_provider()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var server = await StartInProductionAsync(provider);
        using var client = new ConsoleClient(server, BehindTls);
        var page = await client.GetAsync("/console/sign-in");
        Assert.Equal(200, page.Status);
        Assert.DoesNotContain("development", page.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((302, "/console/sign-in"), Where(await client.PostAsync("/console/sign-in/development")));
        Assert.Equal((302, "/console/sign-in"), Where(await client.GetAsync("/console")));
    }

    [Fact]
    public async Task Signing_in_asks_for_a_code_with_PKCE_and_comes_back_to_the_configured_address_whatever_the_request_says()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var server = await StartInProductionAsync(provider);
        using var client = new ConsoleClient(server, [.. BehindTls, ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")]);
        var answer = await client.GetAsync("/console/sign-in/start?to=/console/messages");
        Assert.Equal(302, answer.Status);
        var location = answer.Headers.Location!;
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(location.Query);
        Assert.StartsWith($"{provider.Issuer}/authorize?", location.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal("https://accounts.example.com/console/signin", query["redirect_uri"]);
        Assert.Equal("code", query["response_type"]);
        Assert.Equal("S256", query["code_challenge_method"]);
        Assert.Equal("openid profile countersign.operator", query["scope"]);
        Assert.NotEmpty(query["nonce"].ToString());
        Assert.NotEmpty(query["state"].ToString());
        Assert.DoesNotContain("evil", location.AbsoluteUri, StringComparison.Ordinal);

        var cookies = answer.Headers.GetValues("Set-Cookie").ToList();
        Assert.Equal(2, cookies.Count);
        Assert.All(cookies, cookie =>
        {
            Assert.StartsWith("__Host-countersign-console-", cookie, StringComparison.Ordinal);
            AssertFlags(cookie, "lax");
        });
    }

    [Fact]
    [Trait("ASVS", "3.3.1")]
    [Trait("ASVS", "3.3.2")]
    [Trait("ASVS", "3.3.3")]
    [Trait("ASVS", "3.3.4")]
    public async Task Behind_TLS_a_form_s_cookie_is_the_host_s_alone_and_goes_with_no_other_site_s_request()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var server = await StartInProductionAsync(provider);
        var cookie = server.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<Microsoft.AspNetCore.Antiforgery.AntiforgeryOptions>>().Value.Cookie;
        Assert.Equal(("__Host-countersign-console-form", "/", true), (cookie.Name, cookie.Path, cookie.HttpOnly));
        Assert.Equal(Microsoft.AspNetCore.Http.CookieSecurePolicy.Always, cookie.SecurePolicy);
        var session = server.Services.GetRequiredService<Microsoft.Extensions.Options.IOptionsMonitor<Microsoft.AspNetCore.Authentication.Cookies.CookieAuthenticationOptions>>()
            .Get("ConsoleSession").Cookie;
        Assert.Equal(("__Host-countersign-console", "/", true), (session.Name, session.Path, session.HttpOnly));
        Assert.Equal(Microsoft.AspNetCore.Http.CookieSecurePolicy.Always, session.SecurePolicy);
        Assert.Equal(Microsoft.AspNetCore.Http.SameSiteMode.Lax, session.SameSite);
    }

    [Fact]
    public async Task Without_TLS_there_is_a_page_that_says_what_to_do_and_no_cookie()
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var server = await StartInProductionAsync(provider);
        using var client = new ConsoleClient(server);
        foreach (var path in new[] { "/console", "/console/sign-in", "/console/sign-in/start" })
        {
            var answer = await client.GetAsync(path);
            Assert.Equal(403, answer.Status);
            Assert.Contains("Countersign:TrustedProxies", answer.Text, StringComparison.Ordinal);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }
    }

    [Fact]
    public async Task While_the_provider_is_away_the_sign_in_says_so()
    {
        await using var provider = await IdentityProvider.StartAsync();
        provider.IsAway = true;
        await using var server = await StartInProductionAsync(provider);
        using var client = new ConsoleClient(server, BehindTls);
        var answer = await client.GetAsync("/console/sign-in/start");
        Assert.Equal(503, answer.Status);
        Assert.Contains("does not answer", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("ASVS", "10.1.2")]
    [InlineData("/console/signin")]
    [InlineData("/console/signin?code=abc&state=def")]
    [InlineData("/console/signin?error=access_denied&error_description=%3Cscript%3E")]
    public async Task What_comes_back_and_was_not_asked_for_signs_nobody_in(string path)
    {
        await using var provider = await IdentityProvider.StartAsync();
        await using var server = await StartInProductionAsync(provider);
        using var client = new ConsoleClient(server, BehindTls);
        var answer = await client.GetAsync(path);
        Assert.Equal(400, answer.Status);
        Assert.Equal("text/html", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Contains("You are not signed in", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("script", answer.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((302, "/console/sign-in"), Where(await client.GetAsync("/console")));
    }

    [Theory]
    [Trait("ASVS", "3.7.2")]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("/console/../..//evil.example")]
    [InlineData("/console//evil.example\\")]
    [InlineData("/consolevil")]
    [InlineData("/api/v1/account")]
    [InlineData("/console/sign-in")]
    public async Task Signing_in_leads_to_no_other_place(string to)
    {
        await using var server = await TestServer.StartAsync();
        using var client = await ConsoleClient.SignInAsync(server);
        var (status, location) = Where(await client.GetAsync($"/console/sign-in?to={Uri.EscapeDataString(to)}"));
        Assert.Equal(302, status);
        var resolved = new Uri(server.Url, location);
        Assert.Equal(server.Url.Authority, resolved.Authority);
        Assert.True(location == "/console" || location!.StartsWith("/console/", StringComparison.Ordinal), location);
    }

    [Fact]
    public async Task A_bearer_opens_no_page_and_a_cookie_no_account()
    {
        await using var server = await TestServer.StartAsync();
        var bearer = await server.BearerAsync("olivia", "countersign.operator countersign.accounts");
        using (var withBearer = new ConsoleClient(server, ("Authorization", $"Bearer {bearer}")))
        {
            foreach (var path in new[] { "/console", "/console/search", "/console/messages" })
                Assert.Equal(302, (await withBearer.GetAsync(path)).Status);
            Assert.DoesNotContain("olivia", (await withBearer.GetAsync("/console/sign-in")).Text, StringComparison.Ordinal);
        }

        using var client = await ConsoleClient.SignInAsync(server);
        Assert.Equal(200, (await client.GetAsync("/console/messages")).Status);
        (await client.GetAsync("/api/v1/account")).IsRefused(401, "unauthenticated");
        (await client.GetAsync("/api/v1/admin/messages")).IsRefused(401, "unauthenticated");
    }

    [Theory]
    [Trait("ASVS", "3.5.1")]
    [InlineData("/console/sign-out")]
    [InlineData("/console/search")]
    [InlineData("/console/accounts/alice/revoke")]
    [InlineData("/console/accounts/alice/erase")]
    public async Task A_form_that_is_not_from_this_page_does_nothing(string path)
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = "alice@example.com" });
        using var client = await ConsoleClient.SignInAsync(server);
        using var other = await ConsoleClient.SignInAsync(server);
        (string, string)[] fields = [("query", "alice"), ("reason", "a good reason"), ("confirmation", "alice")];
        await other.GetAsync("/console/search");
        foreach (var token in new[] { null, "", "made-up" })
        {
            var answer = await client.PostWithAsync(path, token, fields);
            Assert.Equal(400, answer.Status);
            Assert.Contains("Nothing was done.", answer.Text, StringComparison.Ordinal);
        }

        Assert.Equal(200, (await client.GetAsync("/console/messages")).Status);
        (await server.User().AccountAsync()).IsOk();
        Assert.Equal(["a***e@example.com"], (await server.User().AccountAsync()).Keys());
    }

    [Fact]
    [Trait("ASVS", "7.3.1")]
    [Trait("ASVS", "7.3.2")]
    public async Task A_session_ends_when_nobody_uses_it_and_at_the_end_of_a_working_day_in_any_case()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Clock = new FakeTimeProvider(DateTimeOffset.UtcNow) });
        using var client = await ConsoleClient.SignInAsync(server);
        for (var at = TimeSpan.Zero; at < TimeSpan.FromHours(7.9); at += TimeSpan.FromMinutes(20))
        {
            Assert.Equal(200, (await client.GetAsync("/console/messages")).Status);
            server.Clock!.Advance(TimeSpan.FromMinutes(20));
        }

        Assert.Equal((302, "/console/sign-in?to=%2Fconsole%2Fmessages"), Where(await client.GetAsync("/console/messages")));

        using var idle = await ConsoleClient.SignInAsync(server);
        Assert.Equal(200, (await idle.GetAsync("/console/messages")).Status);
        server.Clock!.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(302, (await idle.GetAsync("/console/messages")).Status);
    }

    [Fact]
    public async Task Reading_a_page_does_nothing_and_what_a_form_does_is_not_done_by_reading()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = "alice@example.com" });
        using var client = await ConsoleClient.SignInAsync(server);
        foreach (var path in new[] { "/console/sign-out", "/console/accounts/alice/revoke", "/console/accounts/alice/drop", "/console/sign-in/development" })
            Assert.Equal(404, (await client.GetAsync(path)).Status);
        Assert.Equal(200, (await client.GetAsync("/console/accounts/alice/erase?confirmation=alice&reason=because")).Status);
        Assert.Equal(["a***e@example.com"], (await server.User().AccountAsync()).Keys());
    }

    [Fact]
    public async Task Every_page_runs_nothing_stands_in_no_frame_and_is_kept_nowhere()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = "alice@example.com" });
        using var client = await ConsoleClient.SignInAsync(server);
        foreach (var (path, status) in new[]
        {
            ("/console/messages", 200), ("/console/search", 200), ("/console/accounts/alice", 200), ("/console/accounts/alice/erase", 200), ("/console/accounts/nobody", 404),
            ("/console/nothing", 404), ("/console/signed-out", 200),
        })
        {
            var answer = await client.GetAsync(path);
            Assert.Equal((path, status), (path, answer.Status));
            Assert.Equal("text/html", answer.ContentHeaders.ContentType?.MediaType);
            Assert.Equal(
                "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.Contains("no-store", answer.Headers.GetValues("Cache-Control").Single(), StringComparison.Ordinal);
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.Contains("Development operator", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", answer.Text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(" style=", answer.Text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task What_is_too_long_is_not_read()
    {
        await using var server = await TestServer.StartAsync();
        using var client = await ConsoleClient.SignInAsync(server);
        await client.GetAsync("/console/search");
        Assert.Equal(413, (await client.PostAsync("/console/search", ("query", new string('x', 20_000)))).Status);
        Assert.Equal(400, (await client.PostAsync("/console/search", ("query", new string('x', 256)))).Status);
    }

    [Fact]
    public async Task A_cookie_of_one_node_is_taken_by_another_and_none_that_was_altered_or_is_under_a_retired_key()
    {
        using var folder = new TestFolder();
        string[] Keys(params string[] ids) =>
            [.. ids.SelectMany((id, i) => new[] { $"Countersign:Keys:{i}:Id={id}", $"Countersign:Keys:{i}:Value={Convert.ToBase64String(Enumerable.Repeat((byte)id[0], 32).ToArray())}" })];
        Task<TestServer> StartAsync(params string[] ids) => TestServer.StartAsync(new TestServer.Setup { Folder = folder, Settings = Keys(ids) });

        await using var first = await StartAsync("a");
        using var client = await ConsoleClient.SignInAsync(first);
        var cookie = client.Cookies.GetCookies(first.Url)["countersign-console"]!.Value;

        await using var same = await StartAsync("a");
        await using var rotated = await StartAsync("b", "a");
        await using var retired = await StartAsync("b");
        Assert.Equal(200, await StatusAsync(same, cookie));
        Assert.Equal(200, await StatusAsync(rotated, cookie));
        Assert.Equal(302, await StatusAsync(retired, cookie));

        var altered = cookie.ToCharArray();
        altered[^10] = altered[^10] == 'A' ? 'B' : 'A';
        Assert.Equal(302, await StatusAsync(same, new string(altered)));
        // Sealed by us, for something else.
        var form = client.Cookies.GetCookies(first.Url)["countersign-console-form"]!.Value;
        Assert.Equal(302, await StatusAsync(same, form));

        static async Task<int> StatusAsync(TestServer server, string cookie)
        {
            using var client = new ConsoleClient(server);
            client.Cookies.Add(server.Url, new Cookie("countersign-console", cookie));
            return (await client.GetAsync("/console/messages")).Status;
        }
    }

    static Task<TestServer> StartInProductionAsync(IdentityProvider provider) => Production.StartAsync(
        "Countersign:TrustedProxies:0=127.0.0.1", "Countersign:PublicUrl=https://accounts.example.com", $"Authentication:Schemes:Console:Authority={provider.Issuer}",
        "Authentication:Schemes:Console:ClientId=console");

    static (int, string?) Where(Answer answer) => (answer.Status, ConsoleClient.Location(answer));

    static void AssertFlags(string cookie, string sameSite)
    {
        var flags = cookie.Split("; ")[1..].Select(flag => flag.ToLowerInvariant()).ToList();
        Assert.Contains("secure", flags);
        Assert.Contains("httponly", flags);
        Assert.Contains("path=/", flags);
        Assert.Contains($"samesite={sameSite}", flags);
        Assert.DoesNotContain(flags, flag => flag.StartsWith("domain=", StringComparison.Ordinal));
    }
}
