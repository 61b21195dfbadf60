namespace Countersign.Server.Console;

/// <summary>The style sheet and the icon, which are embedded.</summary>
static class ConsoleAssets
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/console.css", Serve("console.css", "text/css; charset=utf-8"));
        routes.MapGet("/icon.svg", Serve("icon.svg", "image/svg+xml"));
    }

    static Func<HttpContext, IResult> Serve(string file, string contentType)
    {
        using var stream = typeof(ConsoleAssets).Assembly.GetManifestResourceStream($"Console/{file}")
            ?? throw new InvalidOperationException($"The file {file} of the console is missing.");
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        return http =>
        {
            // Asked for again each time: a new version of the server has a new one at the same address.
            http.Response.Headers.CacheControl = "no-cache";
            return Results.Text(text, contentType);
        };
    }
}
