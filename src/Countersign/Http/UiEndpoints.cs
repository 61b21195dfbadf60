using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Countersign.Http;

/// <summary>What a browser loads: the element <c>&lt;countersign-security&gt;</c>, for the pages of any site. There is nothing in it that is anybody's.</summary>
static class UiEndpoints
{
    public const string ModulePath = "/ui/countersign-security.js";

    /// <summary>Seconds. After an upgrade nobody has the old one for longer.</summary>
    const int FreshFor = 300;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var module = new Lazy<Module>(() => Module.Of(SecurityModule.Compose(routes.Options().CodeFormat)));
        routes.MapMethods(ModulePath, [HttpMethods.Get, HttpMethods.Head], (HttpContext http) => Answer(http, module.Value)).AllowAnonymous().ExcludeFromDescription();
    }

    static IResult Answer(HttpContext http, Module module)
    {
        var isCompressed = AcceptsGzip(http.Request);
        var headers = http.Response.Headers;
        headers.CacheControl = $"public, max-age={FreshFor}";
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.XContentTypeOptions = "nosniff";
        // A page of another origin loads a module only so.
        headers.AccessControlAllowOrigin = "*";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        if (isCompressed)
            headers.ContentEncoding = "gzip";
        return Results.Bytes(
            isCompressed ? module.Compressed : module.Text, "text/javascript; charset=utf-8", entityTag: new EntityTagHeaderValue($"\"{module.Version}{(isCompressed ? "-gzip" : "")}\""));
    }

    static bool AcceptsGzip(HttpRequest request) =>
        request.GetTypedHeaders().AcceptEncoding.Any(encoding => encoding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && encoding.Quality is null or > 0);

    sealed record Module(byte[] Text, byte[] Compressed, string Version)
    {
        public static Module Of(string source)
        {
            var text = Encoding.UTF8.GetBytes(source);
            using var compressed = new MemoryStream();
            using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize))
                gzip.Write(text);
            return new Module(text, compressed.ToArray(), Convert.ToHexString(SHA256.HashData(text))[..16]);
        }
    }
}
