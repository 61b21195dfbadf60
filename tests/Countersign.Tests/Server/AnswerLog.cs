using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Countersign.Tests.Server;

/// <summary>An answer as it leaves the server.</summary>
sealed record LeavingAnswer(string Method, PathString Path, string Url, int Status, string ContentType, string Headers, string Body)
{
    public bool IsProblem => ContentType.StartsWith("application/problem+json", StringComparison.Ordinal);
}

/// <summary>In front of all that the server is made of: keeps what it is asked, as an access log would, and what it answers.</summary>
sealed class AnswerLog : IStartupFilter
{
    public ConcurrentQueue<LeavingAnswer> Answers { get; } = [];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(KeepAsync);
        next(app);
    };

    async Task KeepAsync(HttpContext http, RequestDelegate next)
    {
        var leaving = http.Response.Body;
        using var kept = new MemoryStream();
        http.Response.Body = kept;
        try
        {
            await next(http);
        }
        finally
        {
            http.Response.Body = leaving;
        }

        Answers.Enqueue(new LeavingAnswer(
            http.Request.Method, http.Request.Path, http.Request.GetEncodedPathAndQuery(), http.Response.StatusCode, http.Response.ContentType ?? "",
            string.Join('\n', http.Response.Headers.Select(header => $"{header.Key}: {header.Value}")), Encoding.UTF8.GetString(kept.ToArray())));
        kept.Position = 0;
        await kept.CopyToAsync(leaving, http.RequestAborted);
    }
}
