using System.Net;
using System.Security.Claims;
using System.Text.Json;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Docs;

public sealed class EmbeddingPageTests
{
    static readonly MarkdownPage Page = new("docs/embedding.md");

    [Fact]
    public void The_program_of_the_page_is_the_sample() =>
        Assert.Equal(Repository.Read("samples/EmbeddedHost/Program.cs").TrimEnd(), Assert.Single(Page.Blocks("The whole of it")).Text);

    [Fact]
    public void The_snippets_of_the_page_are_compiled_here()
    {
        var (sender, registration) = (Page.Blocks("A sender of your own")[0].Text, Page.Blocks("A sender of your own")[1].Text);
        var withoutHttp = Assert.Single(Page.Blocks("Without HTTP")).Text;
        var here = Squeeze(Repository.Read("tests/Countersign.Tests/Docs/EmbeddingPageTests.cs"));

        Assert.Equal(Repository.Read("tests/Countersign.Tests/Docs/GatewaySender.cs").Replace("namespace Countersign.Tests.Docs;\n\n", "", StringComparison.Ordinal).TrimEnd(), sender);
        Assert.Contains(Squeeze(registration), here, StringComparison.Ordinal);
        Assert.Contains(Squeeze(withoutHttp), here, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sender_that_the_page_registers_comes_before_the_development_inbox()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddSingleton(new HttpClient { BaseAddress = new Uri("https://sms.example.com/") });
        builder.Services.AddCountersign()
            .UseSqlite("Data Source=data/accounts.db")
            .AddSender<GatewaySender>()
            .AddDevelopmentInbox();

        var senders = builder.Services.Where(service => service.ServiceType == typeof(IMessageSender)).ToList();
        Assert.Equal(3, senders.Count);
        Assert.Equal(typeof(GatewaySender), senders[0].ImplementationType);
    }

    [Theory]
    [InlineData(HttpStatusCode.Accepted, "SENT")]
    [InlineData(HttpStatusCode.BadRequest, "FAILED")]
    [InlineData(HttpStatusCode.ServiceUnavailable, "QUEUED")]
    public async Task The_sender_of_the_page_sends(HttpStatusCode gatewayAnswers, string delivery)
    {
        var gateway = new Gateway(gatewayAnswers);
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Configure = builder =>
            {
                // Before the development inbox, which takes what is left.
                builder.Services.Insert(0, ServiceDescriptor.Singleton<IMessageSender>(
                    new GatewaySender(new HttpClient(gateway) { BaseAddress = new Uri("https://sms.example.com/") })));
            },
        });
        var alice = server.User();
        var issued = await alice.PostAsync("/api/v1/token/userKeys/adding/phoneNumber", new { newPhoneNumber = "+123456789" });
        Assert.Equal(200, issued.Status);

        var (url, id, body) = await gateway.Received.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        Assert.Equal("https://sms.example.com/messages", url);
        Assert.Equal(32, id.Length);
        Assert.Equal("+123456789", body.GetProperty("to").GetString());
        Assert.Contains($"Ref {issued.Body.GetProperty("reference").GetString()}", body.GetProperty("text").GetString(), StringComparison.Ordinal);
        await ShowsAsync(alice, delivery);
    }

    [Fact]
    public async Task An_application_reads_accounts_without_HTTP_and_authenticates_as_it_likes()
    {
        using var folder = new TestFolder();
        var builder = WebApplication.CreateBuilder(["--environment=Development", "--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddCountersign().UseSqlite($"Data Source={folder.File("accounts.db")}").AddDevelopmentInbox();
        await using var app = builder.Build();
        app.Use((http, next) =>
        {
            http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", http.Request.Headers["X-User"].ToString())], "header"));
            return next(http);
        });
        app.MapCountersign();
        app.MapGet("/profile", async (AccountSecurity security, HttpContext http) =>
        {
            var userId = http.User.FindFirst("sub")!.Value;
            var outcome = await security.GetAsync(new Caller(userId), userId, http.RequestAborted);
            return outcome.TryGet(out var account, out var refused)
                ? Results.Ok(new { keys = account.UserKeys.Select(key => key.Address.Masked) })
                : Results.Problem(refused.Reason.ToString(), statusCode: 404);
        });
        await app.StartAsync(Ct);

        Assert.True(EmailAddress.TryParse("alice@example.com", out var email, out _));
        await app.Services.GetRequiredService<AccountSecurity>().PutAsync(new Caller("platform"), "alice", new AccountProfile { Email = email }, Ct);

        Assert.Equal("""200 {"keys":["a***e@example.com"]}""", await ReadAsync(app, "/profile", "alice"));
        Assert.StartsWith("404 ", await ReadAsync(app, "/profile", "bob"), StringComparison.Ordinal);
        Assert.StartsWith("""200 {"userId":"alice","userKeys":[{"keyType":"EMAIL","userKey":"a***e@example.com",""", await ReadAsync(app, "/api/v1/account", "alice"), StringComparison.Ordinal);
        await app.StopAsync(Ct);
    }

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static async Task<string> ReadAsync(WebApplication app, string path, string userId)
    {
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        http.DefaultRequestHeaders.Add("X-User", userId);
        var answer = await http.GetAsync(path);
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
    }

    static async Task ShowsAsync(TestUser user, string delivery)
    {
        var deadline = Environment.TickCount64 + 10_000;
        string? shown = null;
        while (shown != delivery && Environment.TickCount64 < deadline)
        {
            shown = (await user.AccountAsync()).Body.GetProperty("pendingOperations")[0].GetProperty("delivery").GetString();
            await Task.Delay(10);
        }

        Assert.Equal(delivery, shown);
    }

    static string Squeeze(string text) => string.Join('\n', text.Split('\n').Select(line => line.Trim()));

    sealed class Gateway(HttpStatusCode answer) : HttpMessageHandler
    {
        public TaskCompletionSource<(string Url, string Id, JsonElement Body)> Received { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = JsonDocument.Parse(await request.Content!.ReadAsStringAsync(cancellationToken)).RootElement;
            Received.TrySetResult((request.RequestUri!.ToString(), request.Headers.GetValues("Idempotency-Key").Single(), body));
            return new HttpResponseMessage(answer);
        }
    }
}
