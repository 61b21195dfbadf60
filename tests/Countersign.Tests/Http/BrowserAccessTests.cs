using System.Net;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Http;

[Trait("Database", "any")]
public sealed class BrowserAccessTests
{
    const string App = "https://app.example.com";
    const string Allowed = $"Countersign:AllowedOrigins:0={App}";

    [Theory]
    [InlineData("/api/v1/account", "GET")]
    [InlineData("/api/v1/token/userKeys/adding/email", "POST")]
    [InlineData("/api/v1/userKeys/changing", "POST")]
    [InlineData("/api/v1/token/resending", "POST")]
    public async Task A_page_of_an_allowed_origin_may_ask_what_a_user_asks(string path, string method)
    {
        await using var server = await TestServer.StartAsync(Allowed);

        using var answer = await PreflightAsync(server, path, method, App);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(App, Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal(["authorization", "content-type", "idempotency-key"], Header(answer, "Access-Control-Allow-Headers")!.ToLowerInvariant().Split(',').Order());
        Assert.Contains(method, Header(answer, "Access-Control-Allow-Methods"));
        Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
    }

    [Theory]
    [InlineData("/api/v1/account", "https://evil.example.com")]
    [InlineData("/api/v1/account", "http://app.example.com")]
    [InlineData("/api/v1/account", "https://app.example.com.evil.example")]
    [InlineData("/api/v1/account", "null")]
    [InlineData("/api/v1/admin/accounts/alice", App)]
    [InlineData("/api/v1/admin/messages", App)]
    [InlineData("/api/v1/admin/accounts/alice/events", App)]
    [InlineData("/dev/inbox", App)]
    [Trait("ASVS", "3.4.2")]
    public async Task Nobody_else_may_and_nothing_else(string path, string origin)
    {
        await using var server = await TestServer.StartAsync(Allowed);

        using var preflight = await PreflightAsync(server, path, "GET", origin);
        Assert.Null(Header(preflight, "Access-Control-Allow-Origin"));
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Origin", origin);
        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Null(Header(answer, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task An_error_can_be_read_by_the_page_as_well()
    {
        await using var server = await TestServer.StartAsync(Allowed);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/userKeys/changing");
        request.Headers.Add("Origin", App);

        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal(App, Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal(["Date", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate"], Header(answer, "Access-Control-Expose-Headers")!.Split(',').Order());
    }

    [Fact]
    public async Task Without_an_allowed_origin_there_is_nothing_of_it()
    {
        await using var server = await TestServer.StartAsync();

        using var answer = await PreflightAsync(server, "/api/v1/account", "GET", App);
        Assert.Null(Header(answer, "Access-Control-Allow-Origin"));
        Assert.Null(Header(answer, "Access-Control-Allow-Methods"));
    }

    static Task<HttpResponseMessage> PreflightAsync(TestServer server, string path, string method, string origin)
    {
        var request = new HttpRequestMessage(HttpMethod.Options, path);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", method);
        request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,idempotency-key");
        return server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
