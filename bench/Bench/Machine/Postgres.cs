using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace Countersign.Bench.Machine;

/// <summary>A PostgreSQL of its own, in the folder of the run, as it comes but for what it is told: a commit is on the disk.</summary>
sealed class Postgres
{
    public const string Programs = "/usr/lib/postgresql/15/bin";

    /// <summary>Of the bench, which makes databases, fills them and looks into them.</summary>
    const string Role = "bench";

    /// <summary>Of the servers: what PostgreSQL does for them shows in the names of its processes.</summary>
    const string ServerRole = "server";

    static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(30);

    readonly int port = Workplace.FreePort();
    readonly Process process;

    /// <param name="settings">Of postgresql.conf, as <c>name=value</c>.</param>
    public Postgres(Workplace place, params IEnumerable<string> settings)
    {
        var folder = Directory.CreateDirectory(Path.Combine(place.Folder, "postgresql")).FullName;
        var data = Path.Combine(folder, "data");
        // It refuses root, so root starts it as nobody, who has to get to it.
        if (Environment.IsPrivilegedProcess)
        {
            place.Run("chown", "nobody:nogroup", folder);
            place.Run("chmod", "711", place.Folder);
        }

        Run(place, "initdb", "-D", data, "-U", Role, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8");
        var command = Command(
            "postgres",
            ["-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-k", folder, .. settings.Append("listen_addresses=127.0.0.1").SelectMany(setting => new[] { "-c", setting })]);
        (process, var log) = place.Start(command[0], command[1..]);
        WaitUntilItAnswers(log);
        Execute("postgres", $"CREATE ROLE {ServerRole} SUPERUSER LOGIN");
        Version = (string)Scalar("postgres", "SHOW server_version")!;
    }

    public string Version { get; }

    /// <summary>Seconds of all its processes so far.</summary>
    public double Cpu => ProcessFigures.TreeCpu(process.Id);

    /// <summary>Seconds of the processes that serve the servers on a database: without what serves all of PostgreSQL, such as the log, checkpoints and vacuum.</summary>
    public double ServingCpu(string database) => ProcessFigures.ChildrenCpu(process.Id, $"postgres: {ServerRole} {database} ");

    /// <summary>For a server.</summary>
    public string ConnectionString(string database) => ConnectionString(database, ServerRole);

    public NpgsqlConnection Open(string database)
    {
        // As long as it takes: whole tables are loaded and counted.
        var connection = new NpgsqlConnection($"{ConnectionString(database, Role)};Pooling=false;Command Timeout=0");
        connection.Open();
        return connection;
    }

    public object? Scalar(string database, string text)
    {
        using var connection = Open(database);
        using var command = new NpgsqlCommand(text, connection);
        return command.ExecuteScalar();
    }

    public void Execute(string database, string text) => Scalar(database, text);

    /// <summary>Of the tables with rows, the largest first.</summary>
    public IReadOnlyList<TableSize> Sizes(string database)
    {
        const string Text =
            """
            SELECT relname::TEXT, reltuples::BIGINT, PG_TOTAL_RELATION_SIZE(oid) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::REGNAMESPACE AND reltuples > 1
            ORDER BY 3 DESC
            """;
        using var connection = Open(database);
        using var command = new NpgsqlCommand(Text, connection);
        using var reader = command.ExecuteReader();
        var sizes = new List<TableSize>();
        while (reader.Read())
            sizes.Add(new TableSize(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
        return sizes;
    }

    public void Create(string database) => Execute("postgres", $"CREATE DATABASE {database}");

    /// <summary>A fresh copy of a database that nobody is connected to, and nothing left to write of it.</summary>
    public void Copy(string template, string database)
    {
        Execute("postgres", $"CREATE DATABASE {database} TEMPLATE {template}");
        Execute("postgres", "CHECKPOINT");
    }

    public void Drop(string database) => Execute("postgres", $"DROP DATABASE {database} WITH (FORCE)");

    /// <summary>
    /// Of the tables with rows alone. What is known to be empty is planned for as empty, for as long as a prepared statement lives; what nobody has looked at yet is
    /// taken for ten pages.
    /// </summary>
    public void VacuumAnalyze(string database)
    {
        const string Filled =
            """
            SELECT STRING_AGG(QUOTE_IDENT(relname), ', ') FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::REGNAMESPACE AND PG_RELATION_SIZE(oid) > 0
            """;
        Execute(database, $"VACUUM (FREEZE, ANALYZE) {Scalar(database, Filled)}");
    }

    string ConnectionString(string database, string role) => $"Host=127.0.0.1;Port={port};Username={role};Database={database}";

    void WaitUntilItAnswers(ProcessLog log)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                Execute("postgres", "SELECT 1");
                return;
            }
            catch (Exception e) when (e is NpgsqlException or SocketException)
            {
                if (process.HasExited || clock.Elapsed > StartsWithin)
                    throw new BenchException($"PostgreSQL does not start:\n{log}");
                Thread.Sleep(20);
            }
        }
    }

    static void Run(Workplace place, string program, params string[] args)
    {
        var command = Command(program, args);
        place.Run(command[0], command[1..]);
    }

    static string[] Command(string program, params string[] args)
    {
        var path = Path.Combine(Programs, program);
        return Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", path, .. args] : [path, .. args];
    }
}

/// <param name="Bytes">Its indexes included.</param>
sealed record TableSize(string Name, long Rows, long Bytes);
