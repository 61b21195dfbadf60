using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;
using Countersign.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Countersign.Sqlite;

/// <summary>
/// SQLite in a file, in WAL mode: any number of readers, and one writer that commits whatever is waiting as one transaction, so that many
/// callers share one wait for the disk. Each is answered after that commit, and not before.
/// </summary>
sealed partial class SqliteEngine : ISqlEngine, IAsyncDisposable
{
    const int MaxWaiting = 10_000;
    const int MaxGroup = 256;
    const int MaxReaders = 16;

    readonly string connectionString;
    readonly ILogger<SqliteEngine> log;
    readonly Channel<WriteJob> waiting = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    readonly ConcurrentBag<SqliteSession> idleReaders = [];
    readonly SemaphoreSlim readers = new(MaxReaders);
    readonly Task writing;

    public SqliteEngine(string connectionString, ILogger<SqliteEngine> log)
    {
        this.connectionString = connectionString;
        this.log = log;
        // A thread of its own: SQLite has no asynchronous calls, and this one waits for the disk all day.
        writing = Task.Factory.StartNew(Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public Task MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken ct) => EnqueueAsync(new MigrationJob(migrations), ct);

    public async Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct)
    {
        await readers.WaitAsync(ct);
        SqliteSession? session = null;
        try
        {
            session = idleReaders.TryTake(out var idle) ? idle : SqliteSession.Open(connectionString);
            var result = session.Read(statement, read);
            idleReaders.Add(session);
            return result;
        }
        catch (SqliteException e) when (SqliteErrors.IsUnavailable(e))
        {
            session?.Dispose();
            throw Unavailable(e);
        }
        finally
        {
            readers.Release();
        }
    }

    public async Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct)
    {
        var job = new ReturningJob<T>(statement, read);
        await EnqueueAsync(job, ct);
        return job.Result!;
    }

    public async Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct)
    {
        var job = new CommitJob(statements);
        await EnqueueAsync(job, ct);
        return job.IsWon;
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await writing;
        foreach (var session in idleReaders)
            session.Dispose();
        readers.Dispose();
    }

    async Task EnqueueAsync(WriteJob job, CancellationToken ct)
    {
        await waiting.Writer.WriteAsync(job, ct);
        // From here on the job is carried out, whoever waits for it.
        await job.Done;
    }

    void Write()
    {
        SqliteSession? session = null;
        var group = new List<WriteJob>(MaxGroup);
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            group.Clear();
            while (group.Count < MaxGroup && waiting.Reader.TryRead(out var job))
                group.Add(job);

            try
            {
                session ??= OpenWriter();
                Commit(session, group);
            }
            catch (Exception e)
            {
                // Whatever went wrong, nothing of the group is stored: the connection goes, and its transaction with it.
                session?.Dispose();
                session = null;
                LogGroupLost(group.Count, e.Message);
                var failure = e is SqliteException sqlite && SqliteErrors.IsUnavailable(sqlite) ? Unavailable(sqlite) : e;
                group.ForEach(job => job.Fail(failure));
            }
        }

        session?.Dispose();
    }

    SqliteSession OpenWriter()
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(new SqliteConnectionStringBuilder(connectionString).DataSource));
        try
        {
            Directory.CreateDirectory(directory!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The directory of the SQLite database cannot be made: {e.Message}", e);
        }

        var session = SqliteSession.Open(connectionString);
        session.Execute("PRAGMA journal_mode = WAL");
        return session;
    }

    static void Commit(SqliteSession session, List<WriteJob> group)
    {
        session.Execute("BEGIN IMMEDIATE");
        foreach (var job in group)
            Run(session, job);
        session.Execute("COMMIT");
        group.ForEach(job => job.Succeed());
    }

    /// <summary>Each job in a savepoint of its own: what it fails at is its own matter, unless the database is to blame.</summary>
    static void Run(SqliteSession session, WriteJob job)
    {
        session.Execute("SAVEPOINT job");
        try
        {
            job.Run(session);
        }
        catch (Exception e) when (e is not SqliteException sqlite || !SqliteErrors.IsUnavailable(sqlite))
        {
            session.Execute("ROLLBACK TO job");
            job.FailAlone(e);
        }

        session.Execute("RELEASE job");
    }

    static StoreUnavailableException Unavailable(SqliteException e) =>
        new($"SQLite answers with error {e.SqliteErrorCode} (extended {e.SqliteExtendedErrorCode}): {e.Message}", e);

    [LoggerMessage(LogLevel.Error, "A group of {Count} writes was not stored: {Reason}")]
    partial void LogGroupLost(int count, string reason);
}
