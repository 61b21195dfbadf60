using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Countersign.Tests.Faults;

/// <summary>
/// Stands between a node and its database, and can cut a connection when the server has answered a certain request, before the answer comes
/// through.
/// </summary>
sealed class CuttingProxy : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly int target;
    readonly CancellationTokenSource end = new();
    readonly Task accepting;
    volatile byte[]? request;

    public CuttingProxy(int target)
    {
        this.target = target;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public bool HasCut { get; private set; }

    /// <summary>The next connection that sends this text is cut, once.</summary>
    public void CutAfter(string text) => request = Encoding.ASCII.GetBytes(text);

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Stop();
        await accepting;
        end.Dispose();
    }

    async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(end.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, target, end.Token);
                var (near, far) = (client.GetStream(), server.GetStream());
                var isCut = new StrongBox();
                await Task.WhenAny(
                    PumpAsync(near, far, bytes => isCut.Value |= IsRequest(bytes)),
                    PumpAsync(far, near, _ => ThrowIf(isCut.Value)));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // Cut, or closed by either side.
            }
        }
    }

    async Task PumpAsync(NetworkStream from, NetworkStream to, Action<ReadOnlyMemory<byte>> look)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, end.Token) is var read and > 0)
        {
            look(buffer.AsMemory(0, read));
            await to.WriteAsync(buffer.AsMemory(0, read), end.Token);
        }
    }

    bool IsRequest(ReadOnlyMemory<byte> bytes) => request is { } text && bytes.Span.IndexOf(text) >= 0;

    void ThrowIf(bool isCut)
    {
        if (!isCut)
            return;

        request = null;
        HasCut = true;
        throw new IOException("Cut.");
    }

    sealed class StrongBox
    {
        public volatile bool Value;
    }
}
