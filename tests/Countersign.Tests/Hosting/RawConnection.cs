using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Countersign.Tests.Hosting;

/// <summary>An HTTP/1.1 connection without a library between, which would put headers in order: what comes is what was sent, to the byte.</summary>
sealed partial class RawConnection : IDisposable
{
    readonly TcpClient client = new() { NoDelay = true };
    readonly byte[] buffer = new byte[64 * 1024];
    readonly Uri url;

    RawConnection(Uri url) => this.url = url;

    public static async Task<RawConnection> OpenAsync(Uri url)
    {
        var connection = new RawConnection(url);
        await connection.client.ConnectAsync(url.Host, url.Port);
        return connection;
    }

    public byte[] Request(string method, string path, object? body, string bearer, params string[] headers)
    {
        var json = body is null ? "" : JsonSerializer.Serialize(body);
        List<string> lines = [$"{method} {path} HTTP/1.1", $"Host: {url.Authority}", $"Authorization: Bearer {bearer}", .. headers];
        if (method != "GET")
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(json)}"));
        if (body is not null)
            lines.Add("Content-Type: application/json");
        return Encoding.UTF8.GetBytes(string.Join("\r\n", lines) + "\r\n\r\n" + json);
    }

    /// <summary>The whole answer: status line, headers, and the body as it is framed.</summary>
    public async Task<string> SendAsync(byte[] request)
    {
        var stream = client.GetStream();
        await stream.WriteAsync(request);
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length));
            if (read == 0)
                throw new IOException($"The server has hung up after {length} bytes.");
            length += read;
            var text = Encoding.UTF8.GetString(buffer, 0, length);
            if (IsWhole(text))
                return text;
        }
    }

    public void Dispose() => client.Dispose();

    static bool IsWhole(string text)
    {
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
            return false;
        if (text.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.Ordinal))
            return text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal);
        return Length().Match(text[..(head + 2)]) is not { Success: true } length
            || Encoding.UTF8.GetByteCount(text[(head + 4)..]) >= int.Parse(length.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("\r\nContent-Length: ([0-9]+)\r\n")]
    private static partial Regex Length();
}
