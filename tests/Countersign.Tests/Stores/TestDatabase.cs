using Countersign.PostgreSql;
using Countersign.Sqlite;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Stores;

/// <summary>An empty database of one kind, on which any number of nodes can be started.</summary>
abstract class TestDatabase : IAsyncDisposable
{
    /// <summary>What stands between the store and the engine of every node: nothing, or a seeded fault.</summary>
    public Func<ISqlEngine, ISqlEngine> Wrap { get; init; } = engine => engine;

    public abstract void Use(CountersignBuilder builder);

    /// <summary>An engine of its own on the same database, without a store.</summary>
    public abstract ISqlEngine NewEngine();

    public abstract ValueTask DisposeAsync();
}

sealed class SqliteTestDatabase : TestDatabase
{
    readonly TestFolder folder = new();

    public static SqliteTestDatabase New(Func<ISqlEngine, ISqlEngine>? wrap) => new() { Wrap = wrap ?? (engine => engine) };

    public string File => folder.File("countersign.db");

    public string ConnectionString => $"Data Source={File}";

    public string Folder => folder.Path;

    public override void Use(CountersignBuilder builder) => builder.UseSqlite(ConnectionString);

    public override ISqlEngine NewEngine() => new SqliteEngine(ConnectionString, NullLogger<SqliteEngine>.Instance);

    public override ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A schema of its own on the server that the tests share.</summary>
sealed class PostgreSqlTestDatabase(string connectionString) : TestDatabase
{
    public static PostgreSqlTestDatabase New(Func<ISqlEngine, ISqlEngine>? wrap)
    {
        // Away from the test's own context: this one waits.
        var connectionString = Task.Run(SharedPostgres.NewSchemaAsync).GetAwaiter().GetResult();
        return new PostgreSqlTestDatabase(connectionString) { Wrap = wrap ?? (engine => engine) };
    }

    public string ConnectionString => connectionString;

    public override void Use(CountersignBuilder builder) => builder.UsePostgreSql(ConnectionString);

    public override ISqlEngine NewEngine() => new PostgreSqlEngine(PostgreSqlSettings.Complete(ConnectionString), NullLoggerFactory.Instance);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
