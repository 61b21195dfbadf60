using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Ui;

/// <summary>
/// A page of a team that uses the element: of another origin than the server, with a policy that allows nothing that the element should not need, and
/// no style sheet.
/// </summary>
sealed class TeamPage : IAsyncDisposable
{
    readonly WebApplication app;

    TeamPage(WebApplication app)
    {
        this.app = app;
        app.MapGet("/", Show);
        app.MapGet("/page.js", () => Results.Text(Script, "text/javascript; charset=utf-8"));
        app.MapGet("/favicon.ico", () => Results.NoContent());
    }

    /// <summary>The server whose element it shows.</summary>
    public Uri? Server { get; set; }

    public Uri Url => new(app.Urls.First());

    public string Origin => Url.GetLeftPart(UriPartial.Authority);

    public static async Task<TeamPage> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        var page = new TeamPage(builder.Build());
        await page.app.StartAsync();
        return page;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    IResult Show(HttpContext http, string? lang, bool? byEvent)
    {
        var origin = Server!.GetLeftPart(UriPartial.Authority);
        http.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self' {origin}; connect-src {origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
        return Results.Text(
            $"""
            <!doctype html>
            <html lang="{lang ?? "en"}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Security</title>
            <script type="module" src="{origin}/ui/countersign-security.js"></script>
            <script type="module" src="/page.js"></script>
            </head>
            <body data-by-event="{byEvent == true}">
            <main><h1>Security</h1><countersign-security lang="{lang ?? "en"}"></countersign-security></main>
            </body>
            </html>
            """,
            "text/html; charset=utf-8");
    }

    /// <summary>The functions are the test's: see <see cref="SecurityPage"/>.</summary>
    const string Script =
        """
        window.changes = [];
        window.stepUps = [];
        document.addEventListener("countersign-changed", (e) => window.changes.push(e.detail));
        document.addEventListener("countersign-step-up", (e) => {
          const { maxAge, acrValues, amrValues } = e.detail;
          window.stepUps.push({ maxAge, acrValues, amrValues });
          if (window.signsInAtOnce) e.detail.supply(window.signIn());
        });
        if (document.body.dataset.byEvent === "True")
          document.addEventListener("countersign-bearer", (e) => e.detail.supply(window.bearer(e.detail.isFresh)));
        else
          document.querySelector("countersign-security").bearer = ({ isFresh }) => window.bearer(isFresh);
        """;
}
