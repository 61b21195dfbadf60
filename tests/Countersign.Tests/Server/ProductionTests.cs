using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Countersign.Tests.Server;

public sealed class ProductionTests
{
    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/dev/inbox")]
    [InlineData("GET", "/dev/inbox?destination=alice@example.com")]
    [InlineData("GET", "/DEV/INBOX/")]
    [InlineData("GET", "/dev/inbox.js")]
    [InlineData("GET", "/dev/people.js")]
    [InlineData("GET", "/dev/page.css")]
    [InlineData("POST", "/dev/token")]
    [InlineData("GET", "/dev/token")]
    [Trait("ASVS", "6.3.2")]
    [Trait("ASVS", "13.4.2")]
    [Trait("ASVS", "15.2.3")]
    public async Task There_is_no_development_page(string method, string path)
    {
        await using var server = await Production.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        var answer = await AnswerAsync(server, request);
        Assert.Equal(404, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal("not-found", answer.Code);
    }

    [Theory]
    [InlineData("/api/v1/account")]
    [InlineData("/undo")]
    [InlineData("/scalar/")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/.well-known/jwks.json")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/metrics")]
    [InlineData("/nowhere")]
    [InlineData("/callbacks/sms/nobody")]
    [Trait("ASVS", "3.2.1")]
    [Trait("ASVS", "3.4.3")]
    [Trait("ASVS", "3.4.4")]
    [Trait("ASVS", "3.4.5")]
    [Trait("ASVS", "3.4.6")]
    [Trait("ASVS", "3.4.8")]
    [Trait("ASVS", "13.4.6")]
    public async Task Whatever_is_asked_for_is_not_guessed_at_not_framed_and_says_nothing_of_the_server(string path)
    {
        await using var server = await Production.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        var headers = (await AnswerAsync(server, request)).Headers;
        Assert.Equal("nosniff", headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("same-origin", headers.GetValues("Cross-Origin-Opener-Policy").Single());
        var policy = headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.Contains("base-uri 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.False(headers.Contains("Server"));
        Assert.False(headers.Contains("X-Powered-By"));
        Assert.False(headers.Contains("Set-Cookie"));
    }

    [Fact]
    [Trait("ASVS", "3.4.1")]
    public async Task Behind_TLS_a_browser_is_told_to_come_by_TLS_only_for_a_year()
    {
        await using var server = await Production.StartAsync("Countersign:TrustedProxies:0=127.0.0.1");
        foreach (var (scheme, expected) in new[] { ("https", "max-age=31536000; includeSubDomains"), ("http", "") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/undo") { Headers = { Host = "accounts.example.com" } };
            request.Headers.Add("X-Forwarded-For", "203.0.113.7");
            request.Headers.Add("X-Forwarded-Proto", scheme);
            var answer = await AnswerAsync(server, request);
            Assert.Equal(200, answer.Status);
            Assert.Equal(expected, answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? values.Single() : "");
        }
    }

    [Fact]
    [Trait("ASVS", "6.3.2")]
    [Trait("ASVS", "13.2.3")]
    [Trait("Attack", "23")]
    public async Task A_development_token_is_not_taken()
    {
        await using var development = await TestServer.StartAsync();
        var token = await development.BearerAsync("alice", "countersign.accounts");
        await using var production = await Production.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/account");
        request.Headers.Add("Authorization", $"Bearer {token}");
        BearerTests.AssertRefused(await AnswerAsync(production, request), "development");
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    [InlineData("Test")]
    public async Task The_page_cannot_be_mapped_outside_Development(string environment)
    {
        var builder = WebApplication.CreateBuilder([$"--environment={environment}"]);
        await using var app = builder.Build();
        var error = Assert.Throws<InvalidOperationException>(() => app.MapCountersignDevelopment());
        Assert.Contains("in Development only", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    public async Task The_development_inbox_stops_the_start_outside_Development(string environment)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestServer.StartAsync(new TestServer.Setup
        {
            Settings = [.. Production.Settings, $"environment={environment}"],
            Configure = builder => new CountersignBuilder(builder.Services).AddDevelopmentInbox(),
        }));
        Assert.Equal(
            [
                $"Countersign:Email is missing: the development inbox takes messages in Development only, and this is {environment}.",
                $"Countersign:Sms is missing: the development inbox takes messages in Development only, and this is {environment}.",
            ],
            error.Failures);
    }

    [Fact]
    public async Task A_sender_of_its_own_goes_before_the_development_inbox()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Settings = Production.Settings,
            Configure = builder =>
            {
                Production.AddSenders(builder);
                new CountersignBuilder(builder.Services).AddDevelopmentInbox();
            },
        });
        using var live = await server.Http.GetAsync("/health/live", TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)live.StatusCode);
    }

    [Fact]
    public async Task No_key_file_is_made()
    {
        using var folder = new TestFolder();
        await using (await TestServer.StartAsync(new TestServer.Setup { Settings = Production.Settings, Configure = Production.AddSenders, Folder = folder }))
        {
        }

        Assert.Equal(["countersign.db"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Where(name => !name!.StartsWith("countersign.db-", StringComparison.Ordinal)));
    }

    static async Task<Answer> AnswerAsync(TestServer server, HttpRequestMessage request) => await Answer.OfAsync(await server.Http.SendAsync(request));
}
