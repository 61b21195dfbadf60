using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Countersign.Bench.Load;

/// <summary>
/// A connection with one request under way at a time. It blocks: two system calls and no allocation for each request, which on few cores leaves most of them to the
/// server.
/// </summary>
sealed class Client : IDisposable
{
    /// <summary>Longer than any answer.</summary>
    const int MaxAnswer = 1 << 16;

    readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    readonly byte[] answer = new byte[MaxAnswer];

    public Client(int port) => socket.Connect(IPAddress.Loopback, port);

    public RequestBuffer Buffer { get; } = new();

    public Latencies Latencies { get; } = new();

    /// <summary>Answers with the other status that is allowed.</summary>
    public long Others { get; private set; }

    /// <summary>Sends what is in the buffer and waits for the whole answer: how many nanoseconds that took.</summary>
    /// <exception cref="OddAnswerException">It has another status.</exception>
    public long Exchange(Workload work)
    {
        var started = Stopwatch.GetTimestamp();
        socket.Send(Buffer.Request);
        var length = Receive();
        var took = Stopwatch.GetElapsedTime(started).Ticks * TimeSpan.NanosecondsPerTick;
        Latencies.Record(took);

        var status = int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        if (status == work.OtherStatus)
            Others++;
        else if (status != work.ExpectedStatus)
            throw new OddAnswerException($"{work.Name}: expected {work.ExpectedStatus}, and the answer was\n{Encoding.UTF8.GetString(answer, 0, length)}");
        return took;
    }

    public void Dispose() => socket.Dispose();

    int Receive()
    {
        var (length, end) = (0, 0);
        while (end == 0 || length < end)
        {
            var received = socket.Receive(answer.AsSpan(length));
            if (received == 0)
                throw new OddAnswerException("The server has closed the connection.");
            length += received;
            if (end is 0 or int.MaxValue)
                end = FindEnd(answer.AsSpan(0, length));
        }

        return length;
    }

    /// <summary>Where the answer ends; 0 while its headers are not complete, and the highest number while its last chunk is not there.</summary>
    static int FindEnd(ReadOnlySpan<byte> received)
    {
        var headers = received.IndexOf("\r\n\r\n"u8);
        if (headers < 0)
            return 0;

        var body = headers + "\r\n\r\n"u8.Length;
        var contentLength = received[..headers].IndexOf("Content-Length: "u8);
        if (contentLength < 0)
            return received.EndsWith("\r\n0\r\n\r\n"u8) ? received.Length : int.MaxValue;

        var digits = received[(contentLength + "Content-Length: "u8.Length)..];
        return body + int.Parse(digits[..digits.IndexOf((byte)'\r')], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}

/// <summary>An answer that no right server gives: the figures beside it would be worth nothing.</summary>
sealed class OddAnswerException(string message) : Exception(message);
