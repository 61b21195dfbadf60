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
    [InlineData("GET", "/dev/inbox.css")]
    [InlineData("POST", "/dev/token")]
    [InlineData("GET", "/dev/token")]
    public async Task There_is_no_development_page(string method, string path)
    {
        await using var server = await Production.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        var answer = await AnswerAsync(server, request);
        Assert.Equal(404, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal("not-found", answer.Code);
    }

    [Fact]
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
