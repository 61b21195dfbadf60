using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Delivery;

/// <summary>A receiver of POSTs that are signed as Standard Webhooks 1.0 describes it, once with each secret.</summary>
sealed class StandardWebhook(string url, IEnumerable<string> secrets)
{
    readonly Uri url = new(url);
    readonly List<byte[]> keys = secrets.Select(Key).ToList();

    /// <param name="id">The same through all tries, and without a dot: who has seen it has the content already.</param>
    /// <param name="now">Of this try.</param>
    public HttpRequestMessage NewRequest(string id, byte[] body, DateTimeOffset now)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add("webhook-signature", string.Join(' ', keys.Select(key => Sign(key, id, timestamp, body))));
        return request;
    }

    static string Sign(byte[] key, string id, string timestamp, byte[] body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}";
    }

    static byte[] Key(string secret) =>
        WebhookSecret.TryParse(secret, out var key) ? key : throw new InvalidOperationException("The secrets were not validated.");
}

/// <summary>A secret as Standard Webhooks writes it.</summary>
static class WebhookSecret
{
    public const int MinSize = 24;
    public const int MaxSize = 64;

    /// <summary>Of a receiver, so that it can change from one to the next.</summary>
    public const int MaxCount = 4;

    const string Prefix = "whsec_";

    /// <summary>What is wrong with the secrets of a receiver; no value is printed.</summary>
    public static IEnumerable<string> Errors(IList<string> secrets)
    {
        if (secrets.Count is 0 or > MaxCount)
            yield return $"Secrets has {secrets.Count} entries; it has 1 to {MaxCount}.";
        foreach (var (secret, index) in secrets.Select((secret, index) => (secret, index)))
        {
            if (!TryParse(secret, out _))
                yield return $"Secrets:{index} is not whsec_ and base64 of {MinSize} to {MaxSize} bytes.";
        }
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out byte[]? key)
    {
        key = null;
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
            return false;

        var buffer = new byte[text.Length];
        if (!Convert.TryFromBase64String(text[Prefix.Length..], buffer, out var size) || size is < MinSize or > MaxSize)
            return false;

        key = buffer[..size];
        return true;
    }
}
