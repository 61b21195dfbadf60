using System.Collections.Concurrent;
using System.Text;
using Countersign.Tests.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Sms;

/// <summary>A request as it came over the wire.</summary>
sealed record Received(string Method, string Path, Dictionary<string, string> Headers, string Body)
{
    public Dictionary<string, string> Form => QueryHelpers.ParseQuery(Body).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
}

/// <summary>An HTTP server of somebody who sends SMS: remembers each request, and answers as it is told.</summary>
sealed class Gateway : IAsyncDisposable
{
    readonly WebApplication app;
    readonly ConcurrentQueue<Received> requests = [];

    Gateway(WebApplication app)
    {
        this.app = app;
        Answer = Accept;
    }

    public string Url => app.Urls.First();

    public IReadOnlyList<Received> Requests => [.. requests];

    public Func<HttpContext, Task> Answer { get; set; }

    public static async Task<Gateway> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var gateway = new Gateway(app);
        app.Map("/{**path}", async (HttpContext http) =>
        {
            using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
            gateway.requests.Enqueue(new Received(
                http.Request.Method,
                $"{http.Request.Path}{http.Request.QueryString}",
                http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                await reader.ReadToEndAsync()));
            await gateway.Answer(http);
        });
        await app.StartAsync();
        return gateway;
    }

    /// <summary>As Twilio answers: 201, with its id of the message. The same for all, so that a try that was made again is the same to a test.</summary>
    public static async Task Accept(HttpContext http)
    {
        http.Response.StatusCode = 201;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync($$"""{"sid":"{{Sid(1)}}","status":"queued","error_code":null}""");
    }

    /// <summary>What it calls its message, with 1; with anything else, what it does not.</summary>
    public static string Sid(int number) => $"SM{number:x32}";

    public void Refuse(int status, string body, params (string Name, string Value)[] headers) => Answer = http =>
    {
        http.Response.StatusCode = status;
        foreach (var (name, value) in headers)
            http.Response.Headers[name] = value;
        return http.Response.WriteAsync(body);
    };

    public async Task<Received> RequestAsync(int index)
    {
        await Eventually.ThatAsync(() => requests.Count > index, $"the gateway has {index + 1} requests");
        return Requests[index];
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
