using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Hosting;

/// <summary>Debian's PgBouncer in transaction mode, in front of a server. It refuses root as well.</summary>
sealed class PgBouncer : IAsyncDisposable
{
    readonly TestFolder folder;
    readonly Process process;

    PgBouncer(TestFolder folder, Process process, int port)
    {
        this.folder = folder;
        this.process = process;
        Port = port;
    }

    public int Port { get; }

    public static async Task<PgBouncer> StartAsync(PostgresServer server)
    {
        var folder = new TestFolder();
        var port = Unprivileged.FreePort();
        await File.WriteAllTextAsync(folder.File("users.txt"), "\"countersign\" \"\"\n");
        await File.WriteAllTextAsync(
            folder.File("pgbouncer.ini"),
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                [databases]
                * = host=127.0.0.1 port={server.Port}
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {port}
                unix_socket_dir =
                auth_type = trust
                auth_file = {folder.File("users.txt")}
                pool_mode = transaction
                default_pool_size = 5
                max_client_conn = 200
                ignore_startup_parameters = extra_float_digits
                """));
        // Read by nobody.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.Path, File.GetUnixFileMode(folder.Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var command = Unprivileged.Command("/usr/sbin/pgbouncer", "-q", folder.File("pgbouncer.ini"));
        var bouncer = new PgBouncer(folder, Process.Start(command[0], command.Skip(1)), port);
        try
        {
            await Eventually.ThatAsync(() => ListensAsync(port), "PgBouncer listens");
            return bouncer;
        }
        catch
        {
            await bouncer.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        folder.Dispose();
    }

    static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
