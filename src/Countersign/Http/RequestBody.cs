using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Countersign.Http;

/// <summary>A request's body as a closed type, or the problem with it.</summary>
readonly record struct RequestBody<T>(T? Value, Problem? Problem) where T : class;

static class RequestBody
{
    /// <summary>Bytes. No request of the contract has a tenth of it.</summary>
    public const int MaxSize = 16 * 1024;

    /// <summary>Where there is no body at all the value is null.</summary>
    public static async Task<RequestBody<T>> ReadOptionalAsync<T>(HttpContext http) where T : class
    {
        byte[]? bytes;
        try
        {
            bytes = await ReadBytesAsync(http);
        }
        catch (BadHttpRequestException e)
        {
            // Chunks that are none, an end before its time: the client's matter, and no error of ours to log.
            return new RequestBody<T>(null, Problems.OfStatus(e.StatusCode));
        }

        if (bytes is null)
            return new RequestBody<T>(null, Problems.TooLarge);
        if (bytes.Length == 0)
            return default;
        if (!IsJson(http.Request.ContentType))
            return new RequestBody<T>(null, Problems.UnsupportedMediaType);

        try
        {
            var value = JsonSerializer.Deserialize(bytes, Wire.Type<T>());
            return value is null ? new RequestBody<T>(null, NotAnObject) : new RequestBody<T>(value, null);
        }
        catch (JsonException e)
        {
            return new RequestBody<T>(null, Explain(e));
        }
    }

    public static async Task<RequestBody<T>> ReadAsync<T>(HttpContext http) where T : class
    {
        var body = await ReadOptionalAsync<T>(http);
        return body is { Value: null, Problem: null } ? new RequestBody<T>(null, NotAnObject) : body;
    }

    static Problem NotAnObject => Problems.Validation("body", "Send a JSON object.");

    /// <summary>Null where it is too long; no more than one byte over the limit is ever read.</summary>
    /// <summary>Null where it is larger than <see cref="MaxSize"/>.</summary>
    /// <exception cref="BadHttpRequestException"/>
    public static async Task<byte[]?> ReadBytesAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == false)
            return [];
        if (http.Request.ContentLength > MaxSize)
            return null;

        var buffer = new byte[(http.Request.ContentLength ?? MaxSize) + 1];
        var length = await http.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, http.RequestAborted);
        return length > MaxSize ? null : buffer[..length];
    }

    public static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
        && (type.Charset.Length == 0 || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <summary>Names the member where one is to blame. The text of the exception is not passed on: it may quote the body.</summary>
    static Problem Explain(JsonException e)
    {
        var path = e.Path is { } found && found.StartsWith("$.", StringComparison.Ordinal) ? found[2..] : null;
        if (path is null)
            return Problems.Validation("body", "This is not a JSON object of the expected form.");
        if (e.Message.StartsWith("Duplicate property", StringComparison.Ordinal))
            return Problems.Validation(path, "This member is there twice.");
        if (e.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return Problems.Validation(path, "There is no such member here.");
        return Problems.Validation(path, "This value is not of the expected type.");
    }
}
