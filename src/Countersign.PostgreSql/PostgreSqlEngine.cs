using System.Data.Common;
using Countersign.Stores;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>
/// PostgreSQL through one pool of connections. A read is one statement, and so one snapshot; a commit is one batch, which travels in one round
/// trip and is one implicit transaction. Durability is the server's default: answered after its log is on the disk.
/// </summary>
sealed class PostgreSqlEngine : ISqlEngine, IAsyncDisposable
{
    readonly NpgsqlDataSource source;

    public PostgreSqlEngine(string connectionString, ILoggerFactory logs)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.UseLoggerFactory(logs);
        source = builder.Build();
    }

    public Task MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken ct) =>
        AskAsync(async () =>
        {
            await PostgreSqlMigration.RunAsync(source, migrations, ct);
            return true;
        });

    public Task<long> FindSchemaVersionAsync(CancellationToken ct) =>
        AskAsync(async () =>
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            return await PostgreSqlMigration.FindVersionAsync(connection, ct);
        });

    public Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        AskAsync(async () =>
        {
            await using var batch = source.CreateBatch();
            batch.BatchCommands.Add(PreparedText.Of(statement).ToCommand(statement));
            await using var reader = await batch.ExecuteReaderAsync(ct);
            var result = read(reader);
            // To the end: an error may come after the rows, and what is written is committed only there.
            while (await reader.NextResultAsync(ct))
            {
            }

            return result;
        });

    public Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) => ReadAsync(statement, read, ct);

    public Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct) =>
        AskAsync(async () =>
        {
            await using var batch = source.CreateBatch();
            foreach (var statement in statements)
                batch.BatchCommands.Add(PreparedText.Of(statement).ToCommand(statement));
            try
            {
                await batch.ExecuteNonQueryAsync(ct);
                return batch.BatchCommands[0].RecordsAffected > 0;
            }
            catch (PostgresException e) when (PostgreSqlErrors.IsLost(e))
            {
                return false;
            }
        });

    public ValueTask DisposeAsync() => source.DisposeAsync();

    /// <summary>A statement that was given up may have been carried out or not: either way the caller learns that it does not know.</summary>
    async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (PostgreSqlErrors.IsUnavailable(e))
        {
            // The connections that lie in the pool have met the same server: each would fail once more, long after it is back.
            if (e is not PostgresException || e is PostgresException { Severity: "FATAL" or "PANIC" })
                source.Clear();
            throw new StoreUnavailableException(PostgreSqlErrors.Describe(e), e);
        }
    }
}
