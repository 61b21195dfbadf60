using Countersign.PostgreSql;
using Countersign.Sqlite;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Faults.Suite;

/// <summary>Something that a nemesis does; done when everything runs again.</summary>
/// <param name="Victim">The number of the node, or that of the database.</param>
/// <param name="Weight">How often, against the others.</param>
sealed record Blow(string Name, int Victim, int Weight, Func<Random, Task> StrikeAsync);

/// <summary>The database that the nodes share, and what can befall it.</summary>
abstract class FaultDatabase : IAsyncDisposable
{
    public const int Victim = -1;

    /// <summary>What makes a node use it.</summary>
    public abstract string Setting { get; }

    public abstract IReadOnlyList<Blow> Blows { get; }

    public abstract ISqlEngine NewEngine();

    public abstract ValueTask DisposeAsync();

    public static async Task<FaultDatabase> StartAsync(string engine, TestFolder folder) => engine switch
    {
        "sqlite" => new SqliteFaultDatabase(folder),
        "postgres" => await PostgreSqlFaultDatabase.StartAsync(),
        _ => throw new ArgumentException($"There is no engine {engine}: sqlite or postgres.", nameof(engine)),
    };
}

/// <summary>A file that all nodes write.</summary>
sealed class SqliteFaultDatabase(TestFolder folder) : FaultDatabase
{
    string ConnectionString => $"Data Source={folder.File("countersign.db")}";

    public override string Setting => $"ConnectionStrings:Sqlite={ConnectionString}";

    public override IReadOnlyList<Blow> Blows => [new("lock", Victim, 2, LockAsync)];

    public override ISqlEngine NewEngine() => new SqliteEngine(ConnectionString, NullLogger<SqliteEngine>.Instance);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Somebody else, such as a backup, writes for a while: longer than a node waits, or not.</summary>
    async Task LockAsync(Random random)
    {
        using var connection = new SqliteConnection($"{ConnectionString};Pooling=False;Default Timeout=30");
        connection.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        await Task.Delay(random.Next(200, 3_500));
        transaction.Rollback();
    }
}

/// <summary>A server of its own, with its default durability.</summary>
sealed class PostgreSqlFaultDatabase : FaultDatabase
{
    readonly PostgresServer server;
    readonly string connectionString;

    PostgreSqlFaultDatabase(PostgresServer server, string database)
    {
        this.server = server;
        connectionString = server.ConnectionString(database);
    }

    public override string Setting => $"ConnectionStrings:PostgreSql={connectionString}";

    public override IReadOnlyList<Blow> Blows =>
    [
        new("kill database", Victim, 2, async random =>
        {
            await server.KillAsync();
            await Task.Delay(random.Next(1_000));
            await server.StartAsync();
        }),
        new("pause database", Victim, 2, async random =>
        {
            server.Suspend();
            await Task.Delay(random.Next(500, 5_000));
            server.Resume();
        }),
        new("restart database", Victim, 1, async _ =>
        {
            await server.StopAsync();
            await server.StartAsync();
        }),
    ];

    public static async Task<FaultDatabase> StartAsync()
    {
        var server = await PostgresServer.StartNewAsync();
        return new PostgreSqlFaultDatabase(server, await server.NewDatabaseAsync());
    }

    public override ISqlEngine NewEngine() =>
        new PostgreSqlEngine(PostgreSqlSettings.Complete(connectionString + ";Command Timeout=60"), NullLoggerFactory.Instance);

    public override ValueTask DisposeAsync() => server.DisposeAsync();
}
