using System.Data;
using System.Data.Common;
using System.Globalization;
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
    /// <summary>Of the moment, and not of the transaction's beginning.</summary>
    static readonly SqlStatement Clock = new("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT");

    readonly NpgsqlDataSourceBuilder builder;
    readonly TimeSpan connectTimeout;
    readonly TimeSpan commandTimeout;

    readonly CommitQueue queue;
    readonly ReadQueue lookups;
    NpgsqlDataSource source;

    public PostgreSqlEngine(string connectionString, ILoggerFactory logs)
    {
        builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.UseLoggerFactory(logs);
        // Nothing that is stored has a type of its own. Npgsql would ask for those of the whole database at each start, every table of every schema among them.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        connectTimeout = Limit(builder.ConnectionStringBuilder.Timeout) ?? Timeout.InfiniteTimeSpan;
        var limit = Limit(builder.ConnectionStringBuilder.CommandTimeout);
        commandTimeout = limit ?? Timeout.InfiniteTimeSpan;
        var settings = Settings(limit);
        builder.UsePhysicalConnectionInitializer(connection => Set(connection, settings), connection => SetAsync(connection, settings));
        source = builder.Build();
        queue = new CommitQueue(
            statements => CommitAloneAsync(statements, CancellationToken.None),
            ask => AskAsync(ask, commandTimeout, CancellationToken.None));
        lookups = new ReadQueue(reads => ReadAllAsync(reads, CancellationToken.None));
    }

    public Task MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken ct) =>
        AskAsync(
            async connection =>
            {
                await PostgreSqlMigration.RunAsync(connection, migrations, ct);
                return true;
            },
            Timeout.InfiniteTimeSpan,
            ct);

    public Task<long> FindSchemaVersionAsync(CancellationToken ct) =>
        AskAsync(connection => PostgreSqlMigration.FindVersionAsync(connection, ct), Timeout.InfiniteTimeSpan, ct);

    public Task<DateTimeOffset?> FindClockAsync(CancellationToken ct) =>
        ReadAsync<DateTimeOffset?>(Clock, reader => reader.Read() ? DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(0)) : null, ct);

    public async Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct)
    {
        var waiting = new WaitingRead<T>(statement, read);
        if (statement.IsLookup)
            lookups.Add(waiting);
        else
            await ReadAllAsync([waiting], ct);
        return await waiting.Result.WaitAsync(ct);
    }

    public async Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
        SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct)
    {
        var (one, other) = (new WaitingRead<TFirst>(first, readFirst), new WaitingRead<TSecond>(second, readSecond));
        if (first.IsLookup && second.IsLookup)
            lookups.Add(one, other);
        else
            await ReadAllAsync([one, other], ct);
        await Task.WhenAll(one.Result, other.Result).WaitAsync(ct);
        return (await one.Result, await other.Result);
    }

    public Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) => ReadAsync(statement, read, ct);

    public Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct) =>
        CommitGroup.CanHave(statements)
            ? queue.CommitAsync(statements).WaitAsync(ct)
            : CommitAloneAsync(statements, ct);

    public ValueTask DisposeAsync() => source.DisposeAsync();

    /// <summary>
    /// Neither a limit of Npgsql's nor a token: for either it opens one more connection, to have the server cancel the statement, and blocks a thread
    /// for three times the limit where the server stands still. The server ends statements by itself, and what it does not answer is left behind.
    /// </summary>
    internal static NpgsqlBatch Batch(NpgsqlConnection connection, params IReadOnlyList<SqlStatement> statements)
    {
        var batch = connection.CreateBatch();
        batch.Timeout = 0;
        var typesOf = (string text) => ParameterTypes.Of(text, connection);
        foreach (var statement in statements)
            batch.BatchCommands.Add(PreparedText.Of(statement).ToCommand(statement, typesOf));
        return batch;
    }

    async Task ReadAllAsync(IReadOnlyList<WaitingRead> reads, CancellationToken ct) =>
        await AskAsync(
            async connection =>
            {
                await using var batch = Batch(connection, [.. reads.Select(read => read.Statement)]);
                await using var reader = await batch.ExecuteReaderAsync();
                foreach (var read in reads)
                    await read.ReadAsync(reader);
                return true;
            },
            commandTimeout,
            ct);

    async Task<bool> CommitAloneAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct)
    {
        try
        {
            return await AskAsync(
                async connection =>
                {
                    await using var batch = Batch(connection, statements);
                    await batch.ExecuteNonQueryAsync();
                    return batch.BatchCommands[0].RecordsAffected > 0;
                },
                commandTimeout,
                ct);
        }
        catch (PostgresException e) when (PostgreSqlErrors.IsLost(e))
        {
            return false;
        }
    }

    /// <summary>A statement that was given up may have been carried out or not: either way the caller learns that it does not know.</summary>
    async Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, TimeSpan patience, CancellationToken ct)
    {
        var pool = Volatile.Read(ref source);
        try
        {
            var asking = AskAndReturnAsync(await OpenAsync(pool, ct), ask);
            try
            {
                return await asking.WaitAsync(patience, ct);
            }
            catch when (!asking.IsCompleted)
            {
                // Looked at when it comes, so that nobody else has to hear of it.
                _ = asking.ContinueWith(late => _ = late.Exception, TaskScheduler.Default);
                throw;
            }
        }
        catch (Exception e) when (PostgreSqlErrors.IsUnavailable(e))
        {
            // The connections that lie in the pool have met the same server: each would fail once more, long after it is back. Those that wait for
            // an answer would take up the room of those that get one.
            if (e is not PostgresException || e is PostgresException { Severity: "FATAL" or "PANIC" })
                Replace(pool);
            throw new StoreUnavailableException(PostgreSqlErrors.Describe(e), e);
        }
    }

    static async Task<T> AskAndReturnAsync<T>(NpgsqlConnection connection, Func<NpgsqlConnection, Task<T>> ask)
    {
        await using (connection)
        {
            try
            {
                return await ask(connection);
            }
            catch (PostgresException) when (connection.FullState == ConnectionState.Open)
            {
                // Npgsql may take statements of a batch that failed for prepared that are not, and every later use of the connection would fail
                // (https://github.com/npgsql/npgsql/issues/6391).
                connection.UnprepareAll();
                throw;
            }
        }
    }

    /// <summary>
    /// Npgsql's own limit is one for each thing that it tries on the way (encryption by GSS, TLS, neither): a server that takes a connection and says
    /// nothing would hold up a request for all of them.
    /// </summary>
    async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource pool, CancellationToken ct)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limited.CancelAfter(connectTimeout);
        try
        {
            return await pool.OpenConnectionAsync(limited.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"no connection within {connectTimeout.TotalSeconds:0} s", e);
        }
        catch (ObjectDisposedException e) when (pool != Volatile.Read(ref source))
        {
            throw new TimeoutException("its connections were given up just now", e);
        }
    }

    void Replace(NpgsqlDataSource pool)
    {
        lock (builder)
        {
            // Many find out at once.
            if (pool != source)
                return;
            source = builder.Build();
        }

        // What is in use is closed when it comes back.
        pool.Dispose();
    }

    static TimeSpan? Limit(int seconds) => seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;

    static void Set(NpgsqlConnection connection, string settings)
    {
        using var command = new NpgsqlCommand(settings, connection);
        command.ExecuteNonQuery();
    }

    static async Task SetAsync(NpgsqlConnection connection, string settings)
    {
        await using var command = new NpgsqlCommand(settings, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// Every statement goes by an index. A plan that is made while a table is empty reads all of it, and is kept for long after the table has grown: not where
    /// that is ruled out. Nor is any statement worth a compiler, which the price of such a plan, where there is no other, would call. Of the limit on
    /// statements, what the role or the database says itself stands.
    /// </summary>
    static string Settings(TimeSpan? commandTimeout)
    {
        const string ByIndex =
            """
            SELECT set_config(name, 'off', false) FROM UNNEST(ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_material', 'jit']) AS name;
            SELECT set_config('plan_cache_mode', 'force_generic_plan', false)
            """;
        return commandTimeout is not { } patience
            ? ByIndex
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{ByIndex}; SELECT set_config('statement_timeout', '{(long)PostgreSqlSettings.StatementTimeout(patience).TotalMilliseconds}', false) WHERE current_setting('statement_timeout') = '0'");
    }
}
