using System.Security.Cryptography;
using System.Text;
using Countersign.Domain;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>For the OpenAPI document: the endpoint takes an <c>Idempotency-Key</c>.</summary>
sealed record IdempotencyKeyMetadata;

/// <summary>A request under a key: digests of both.</summary>
sealed record IdempotentRequest(byte[] Key, byte[] Digest);

/// <summary>
/// <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header): the same request under the same key gets the answer that was committed for it,
/// and another request under that key is refused. Without the header a request is what it always was.
/// </summary>
sealed class IdempotencyFilter : IEndpointFilter
{
    public const string Header = "Idempotency-Key";

    /// <summary>Characters.</summary>
    public const int MaxLength = 255;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var values = http.Request.Headers[Header];
        if (values.Count == 0 || !HttpMethods.IsPost(http.Request.Method))
            return await next(context);

        var (body, problem) = await ReadBodyAsync(http);
        if (body is null)
            return problem;
        if (values.Count > 1 || !TryParse(values[0], out var key))
            return Problems.Validation(Header, $"This is one key of 1 to {MaxLength} printable ASCII characters, in double quotes, such as a UUID.");

        var digest = Digest(
            Encoding.UTF8.GetBytes(http.Request.Method), Encoding.UTF8.GetBytes(http.Request.Path.Value ?? ""),
            Encoding.UTF8.GetBytes(http.Request.QueryString.Value ?? ""), body);
        // An operator's keys are no keys of the account's owner.
        http.Features.Set(new IdempotentRequest(Digest(Encoding.ASCII.GetBytes(key), Encoding.UTF8.GetBytes(Api.UserId(http))), digest));
        try
        {
            return await next(context);
        }
        catch (RequestRepeatedException e)
        {
            return e.Answer is { } answer ? HttpAnswer.Read(answer) : Problems.IdempotencyKeyReused;
        }
    }

    /// <summary>
    /// A string of structured fields (RFC 8941, 3.3.3), or the same key without its quotes, as many clients send it, where that leaves no doubt.
    /// </summary>
    public static bool TryParse(string? text, out string key)
    {
        key = text?.Trim(' ') ?? "";
        if (key is ['"', .. var quoted, '"'])
        {
            var unescaped = new StringBuilder();
            for (var i = 0; i < quoted.Length; i++)
            {
                if (quoted[i] == '"' || (quoted[i] == '\\' && (++i == quoted.Length || quoted[i] is not ('"' or '\\'))))
                    return false;
                unescaped.Append(quoted[i]);
            }

            key = unescaped.ToString();
        }
        else if (key.AsSpan().ContainsAny(" \",;\\"))
        {
            return false;
        }

        return key.Length is > 0 and <= MaxLength && key.All(c => c is >= ' ' and <= '~');
    }

    /// <summary>Leaves the body to be read again.</summary>
    static async Task<(byte[]? Body, Problem? Problem)> ReadBodyAsync(HttpContext http)
    {
        byte[]? body;
        try
        {
            body = await RequestBody.ReadBytesAsync(http);
        }
        catch (BadHttpRequestException e)
        {
            return (null, Problems.OfStatus(e.StatusCode));
        }

        if (body is null)
            return (null, Problems.TooLarge);
        if (body.Length > 0 && !RequestBody.IsJson(http.Request.ContentType))
            return (null, Problems.UnsupportedMediaType);

        http.Request.Body = new MemoryStream(body);
        return (body, null);
    }

    static byte[] Digest(params ReadOnlySpan<byte[]> parts)
    {
        using var text = new PartedText(stackalloc byte[PartedText.UsualSize]);
        foreach (var part in parts)
            text.Append(part);

        return SHA256.HashData(text.Bytes);
    }
}
