using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Countersign.Bench.Load;

/// <summary>A connection with one request under way at a time. It never waits: what has not come yet is asked for again.</summary>
sealed class Client : IDisposable
{
    /// <summary>Longer than any answer.</summary>
    const int MaxAnswer = 1 << 16;

    readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    readonly byte[] answer = new byte[MaxAnswer];
    readonly Func<int> next;
    int place;
    int length;
    int end;
    long started;

    public Client(Lane lane)
    {
        next = lane.Next;
        socket.Connect(IPAddress.Loopback, lane.Port);
        socket.Blocking = false;
    }

    public int Descriptor => (int)socket.Handle;

    public RequestBuffer Buffer { get; } = new();

    public Latencies Latencies { get; } = new();

    /// <summary>Answers with the other status that is allowed.</summary>
    public long Others { get; private set; }

    /// <summary>Sends the next request; false where no tickets are left.</summary>
    public bool TrySend(Workload work)
    {
        place = next();
        if (place == Tickets.None)
            return false;

        work.Write(Buffer, place);
        (length, end) = (0, 0);
        started = Stopwatch.GetTimestamp();
        // A request is far shorter than what a socket takes at once.
        if (socket.Send(Buffer.Request) != Buffer.Request.Length)
            throw new OddAnswerException("The server does not read what it is sent.");
        return true;
    }

    /// <summary>Takes what has come of the answer; true where that is all of it.</summary>
    /// <exception cref="OddAnswerException">It has another status.</exception>
    public bool TryReceive(Workload work)
    {
        var received = socket.Receive(answer.AsSpan(length), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return false;
        if (received == 0 || error != SocketError.Success)
            throw new OddAnswerException("The server has closed the connection.");

        length += received;
        if (end is 0 or int.MaxValue)
            end = FindEnd(answer.AsSpan(0, length));
        if (end == 0 || length < end)
            return false;

        Record(work);
        return true;
    }

    public void Dispose() => socket.Dispose();

    void Record(Workload work)
    {
        var took = Stopwatch.GetElapsedTime(started).Ticks * TimeSpan.NanosecondsPerTick;
        Latencies.Record(took);
        var status = int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        if (status == work.OtherStatus)
            Others++;
        else if (status != work.ExpectedStatus)
            throw new OddAnswerException($"{work.Name}: expected {work.ExpectedStatus}, and the answer was\n{Encoding.UTF8.GetString(answer, 0, length)}");
        work.Took?.Invoke(place, took);
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
