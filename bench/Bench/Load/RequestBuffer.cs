namespace Countersign.Bench.Load;

/// <summary>The bytes of one request, written over those of the one before.</summary>
sealed class RequestBuffer
{
    /// <summary>More than a bearer, its headers and the longest body take.</summary>
    const int Size = 4096;

    const int LengthDigits = 4;

    readonly byte[] bytes = new byte[Size];
    int length;
    int bodyStart;

    public ReadOnlySpan<byte> Request => bytes.AsSpan(0, length);

    /// <param name="line">Method, path and query.</param>
    public void Start(ReadOnlySpan<byte> line, Requester requester)
    {
        length = 0;
        Add(line);
        Add(" HTTP/1.1\r\nHost: bench\r\n"u8);
        Add(requester.Credentials);
    }

    /// <summary>With what the requester asks for in the query itself.</summary>
    public void Start(ReadOnlySpan<byte> line, ReadOnlySpan<byte> prefix, Requester requester, ReadOnlySpan<byte> suffix)
    {
        length = 0;
        Add(line);
        Add(prefix);
        Add(requester.UserId);
        Add(suffix);
        Add(" HTTP/1.1\r\nHost: bench\r\n"u8);
        Add(requester.Credentials);
    }

    public void EndWithoutBody(bool isPost) => Add(isPost ? "Content-Length: 0\r\n\r\n"u8 : "\r\n"u8);

    public void StartBody()
    {
        Add("Content-Type: application/json\r\nContent-Length: 0000\r\n\r\n"u8);
        bodyStart = length;
    }

    public void Add(ReadOnlySpan<byte> part)
    {
        part.CopyTo(bytes.AsSpan(length));
        length += part.Length;
    }

    public void EndBody()
    {
        var digits = bytes.AsSpan(bodyStart - LengthDigits - "\r\n\r\n"u8.Length, LengthDigits);
        var left = length - bodyStart;
        for (var i = LengthDigits - 1; i >= 0; i--)
        {
            digits[i] = (byte)('0' + (left % 10));
            left /= 10;
        }
    }
}
