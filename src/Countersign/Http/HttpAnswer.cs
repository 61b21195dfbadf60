using System.Text;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>An answer as it goes over the wire, so that it can be given again.</summary>
sealed record HttpAnswer(int Status, string? ContentType, string? RetryAfter, byte[] Body) : IResult
{
    public static async Task<HttpAnswer> OfAsync(HttpContext http, IResult result)
    {
        using var body = new MemoryStream();
        var written = new DefaultHttpContext { RequestServices = http.RequestServices, TraceIdentifier = http.TraceIdentifier };
        written.Response.Body = body;
        await result.ExecuteAsync(written);
        var retryAfter = written.Response.Headers.RetryAfter.ToString();
        return new HttpAnswer(
            written.Response.StatusCode, written.Response.ContentType, retryAfter.Length == 0 ? null : retryAfter, body.ToArray());
    }

    public static HttpAnswer Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        return new HttpAnswer(
            reader.ReadInt32(), NullIfEmpty(reader.ReadString()), NullIfEmpty(reader.ReadString()), reader.ReadBytes(bytes.Length));
    }

    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8))
        {
            writer.Write(Status);
            writer.Write(ContentType ?? "");
            writer.Write(RetryAfter ?? "");
            writer.Write(Body);
        }

        return bytes.ToArray();
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        if (RetryAfter is not null)
            response.Headers.RetryAfter = RetryAfter;
        if (Body.Length > 0)
            await response.Body.WriteAsync(Body, httpContext.RequestAborted);
    }

    static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
