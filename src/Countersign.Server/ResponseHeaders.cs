using Countersign.Http;

namespace Countersign.Server;

/// <summary>What a browser is told of every answer, those of the framework included. What an endpoint says itself stands.</summary>
static class ResponseHeaders
{
    public static void UseResponseHeaders(this WebApplication app) => app.Use((http, next) =>
    {
        http.Response.OnStarting(Complete, http.Response);
        return next(http);
    });

    static Task Complete(object state)
    {
        var headers = ((HttpResponse)state).Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.TryAdd("Referrer-Policy", "no-referrer");
        headers.TryAdd("Content-Security-Policy", Problem.ContentSecurityPolicy);
        headers.TryAdd("Cross-Origin-Opener-Policy", "same-origin");
        return Task.CompletedTask;
    }
}
