using System.Net;
using System.Net.Sockets;

namespace Countersign.Tests.Hosting;

/// <summary>What servers need that refuse root: root starts them as nobody.</summary>
static class Unprivileged
{
    public static IReadOnlyList<string> Command(string program, params IEnumerable<string> args) =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", program, .. args] : [program, .. args];

    /// <summary>A port of the loopback address that nobody has at this moment, for a server that takes no 0.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
