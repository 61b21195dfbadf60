using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Countersign.Tests.Stores;
using Npgsql;

[assembly: AssemblyFixture(typeof(Countersign.Tests.Hosting.SharedPostgres))]

namespace Countersign.Tests.Hosting;

/// <summary>A PostgreSQL server of its own, with its data in a folder that goes with it. It refuses root, so root starts it as nobody.</summary>
sealed class PostgresServer : IAsyncDisposable
{
    const string Programs = "/usr/lib/postgresql/15/bin";
    const string Role = "countersign";
    const int SigKill = 9;
    const int SigInt = 2;
    const int SigCont = 18;
    const int SigStop = 19;

    static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(30);

    /// <summary>What every server begins with: to copy it takes a fifth of the time that <c>initdb</c> does.</summary>
    static readonly Lazy<Task<TestFolder>> Beginning = new(InitializeAsync);

    readonly TestFolder folder = new();
    readonly string[] settings;
    readonly List<string> log = [];
    Process? process;
    int databases;

    PostgresServer(string[] settings) => this.settings = settings;

    public int Port { get; } = Unprivileged.FreePort();

    public string Data => DataIn(folder);

    /// <summary>What it printed, to say why a test failed.</summary>
    public string Log
    {
        get
        {
            lock (log)
                return string.Join('\n', log);
        }
    }

    /// <param name="settings">Of postgresql.conf, as <c>name=value</c>.</param>
    public static async Task<PostgresServer> StartNewAsync(params string[] settings)
    {
        var server = new PostgresServer(settings);
        try
        {
            GiveAway(server.folder);
            await RunAsync("/bin/cp", "-r", DataIn(await Beginning.Value), server.Data);
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A standby that follows <paramref name="primary"/> asynchronously, as is the default.</summary>
    public static async Task<PostgresServer> StartStandbyAsync(PostgresServer primary)
    {
        var server = new PostgresServer([]);
        try
        {
            GiveAway(server.folder);
            await RunAsync(
                "pg_basebackup", "-D", server.Data, "-h", "127.0.0.1", "-p", Text(primary.Port), "-U", Role, "-R", "--checkpoint=fast", "--no-sync");
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public string ConnectionString(string database, string role = Role) =>
        $"Host=127.0.0.1;Port={Port};Username={role};Database={database}";

    /// <summary>An empty database; its name.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"test{Interlocked.Increment(ref databases)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name}");
        return name;
    }

    public Task ExecuteAsync(string database, string text) => ScalarAsync(database, text);

    public async Task<object?> ScalarAsync(string database, string text)
    {
        await using var connection = new NpgsqlConnection($"{ConnectionString(database)};Pooling=false;Server Compatibility Mode=NoTypeLoading");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(text, connection);
        return await command.ExecuteScalarAsync();
    }

    public async Task StartAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            process = Start("postgres", ["-D", Data, "-p", Text(Port), "-k", folder.Path, "-c", "listen_addresses=127.0.0.1", .. settings.SelectMany(setting => new[] { "-c", setting })]);
            Follow(process);
            while (!process.HasExited)
            {
                if (await AnswersAsync())
                    return;
                Assert.True(clock.Elapsed < StartsWithin, $"PostgreSQL does not answer:\n{Log}");
                await Task.Delay(20);
            }

            // Killed just before, its last child may still hold the shared memory.
            Assert.True(clock.Elapsed < StartsWithin, $"PostgreSQL does not start:\n{Log}");
            await Task.Delay(100);
        }
    }

    /// <summary>Ends every connection and stops in good order, as an operator restarts it.</summary>
    public Task StopAsync() => EndAsync(SigInt, all: false);

    /// <summary>SIGKILL to all of its processes: it gets to do nothing more.</summary>
    public Task KillAsync() => EndAsync(SigKill, all: true);

    /// <summary>It stands still with all its connections open, like a machine that swaps or a network that drops packets.</summary>
    public void Suspend() => SignalAll(SigStop);

    public void Resume() => SignalAll(SigCont);

    /// <summary>What <c>pg_dump</c> writes: schema and rows, as text.</summary>
    public Task<string> DumpAsync(string database) => RunAsync("pg_dump", "-h", "127.0.0.1", "-p", Text(Port), "-U", Role, database);

    public Task PromoteAsync() => RunAsync("pg_ctl", "promote", "-D", Data, "-w");

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false })
        {
            Resume();
            await KillAsync();
        }

        process?.Dispose();
        folder.Dispose();
    }

    async Task EndAsync(int signal, bool all)
    {
        if (all)
            SignalAll(signal);
        else
            Signal(process!.Id, signal);
        await process!.WaitForExitAsync();
    }

    void SignalAll(int signal)
    {
        var pid = process!.Id;
        // The first starts the others: stopped first, it starts no more of them.
        int[] all = [pid, .. Children(pid)];
        foreach (var one in all)
            Signal(one, signal);
    }

    static IEnumerable<int> Children(int pid) =>
        File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    async Task<bool> AnswersAsync()
    {
        try
        {
            await ScalarAsync("postgres", "SELECT 1");
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or SocketException)
        {
            return false;
        }
    }

    static async Task<string> RunAsync(string program, params string[] args)
    {
        using var run = Start(program, args);
        var output = run.StandardOutput.ReadToEndAsync();
        var error = await run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync();
        Assert.True(run.ExitCode == 0, $"{program}: {await output}{error}");
        return await output;
    }

    static Process Start(string program, IEnumerable<string> args)
    {
        var command = Unprivileged.Command(Path.Combine(Programs, program), args);
        return Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        })!;
    }

    void Follow(Process started)
    {
        started.OutputDataReceived += (_, line) => Take(line.Data);
        started.ErrorDataReceived += (_, line) => Take(line.Data);
        started.BeginOutputReadLine();
        started.BeginErrorReadLine();
    }

    void Take(string? line)
    {
        lock (log)
            log.Add(line ?? "");
    }

    static async Task<TestFolder> InitializeAsync()
    {
        var folder = new TestFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        GiveAway(folder);
        await RunAsync("initdb", "-D", DataIn(folder), "-U", Role, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        return folder;
    }

    static string DataIn(TestFolder folder) => folder.File("data");

    static void GiveAway(TestFolder folder)
    {
        if (!Environment.IsPrivilegedProcess)
            return;

        using var chown = Process.Start("chown", ["nobody:nogroup", folder.Path]);
        chown.WaitForExit();
        Assert.Equal(0, chown.ExitCode);
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>One that has just ended by itself is no error.</summary>
    static void Signal(int pid, int signal) => _ = Kill(pid, signal);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    static extern int Kill(int pid, int signal);
}

/// <summary>The server that all tests share which do no harm to it: started by the first, and ended with the last.</summary>
sealed class SharedPostgres : IAsyncDisposable
{
    // Its databases are thrown away: what a power cut would do to them is nobody's concern.
    static readonly Lazy<Task<PostgresServer>> Server = new(() => PostgresServer.StartNewAsync("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=400"));

    /// <summary>For tests that are not about a database that does not answer, on a machine that has much else to do.</summary>
    const string Patience = "Timeout=30;Command Timeout=30";

    // Kept open: a connection is a process.
    static readonly Lazy<Task<NpgsqlDataSource>> Connections = new(async () => NpgsqlDataSource.Create((await Server.Value).ConnectionString("postgres")));

    static int schemas;

    public static Task<PostgresServer> GetAsync() => Server.Value;

    /// <summary>
    /// The connection string of an empty schema. It takes milliseconds where a database takes a tenth of a second: for tests that ask for nothing
    /// that a database has and a schema has not.
    /// </summary>
    public static async Task<string> NewSchemaAsync()
    {
        var server = await Server.Value;
        var schema = $"test{Interlocked.Increment(ref schemas)}";
        await using var creating = (await Connections.Value).CreateCommand($"CREATE SCHEMA {schema}");
        await creating.ExecuteNonQueryAsync();
        return $"{server.ConnectionString("postgres")};Search Path={schema};{Patience}";
    }

    /// <summary>The connection string of an empty database.</summary>
    public static async Task<string> NewDatabaseAsync()
    {
        var server = await Server.Value;
        return $"{server.ConnectionString(await server.NewDatabaseAsync())};{Patience}";
    }

    public async ValueTask DisposeAsync()
    {
        if (Connections.IsValueCreated)
            await (await Connections.Value).DisposeAsync();
        if (Server.IsValueCreated)
            await (await Server.Value).DisposeAsync();
    }
}
