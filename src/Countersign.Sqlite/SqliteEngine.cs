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

    /// <summary>After a group of which one job failed at something, so many are taken for such as well: to try in vain is to do it twice.</summary>
    const int DoubtfulGroups = 16;

    /// <summary>For a free reader; with the busy timeout of its connection, the longest that anybody waits for an answer.</summary>
    static readonly TimeSpan ReaderPatience = TimeSpan.FromSeconds(1);

    // As statements, which are prepared once.
    static readonly SqlStatement Begin = new("BEGIN IMMEDIATE");
    static readonly SqlStatement End = new("COMMIT");
    static readonly SqlStatement RollBack = new("ROLLBACK");
    static readonly SqlStatement Savepoint = new("SAVEPOINT job");
    static readonly SqlStatement RollBackJob = new("ROLLBACK TO job");
    static readonly SqlStatement Release = new("RELEASE job");

    readonly string connectionString;
    readonly ILogger<SqliteEngine> log;
    readonly Channel<WriteJob> waiting = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    readonly ConcurrentBag<SqliteSession> idleReaders = [];
    readonly SemaphoreSlim readers = new(MaxReaders);
    readonly Task writing;
    volatile bool isMade;
    int doubtful;

    public SqliteEngine(string connectionString, ILogger<SqliteEngine> log)
    {
        this.connectionString = connectionString;
        this.log = log;
        // A thread of its own: SQLite has no asynchronous calls, and this one waits for the disk all day.
        writing = Task.Factory.StartNew(Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public async Task MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken ct)
    {
        await EnqueueAsync(new MigrationJob(migrations), ct);
        // From here on a database that is not there is not made anew: an empty one would be taken for the truth.
        isMade = true;
    }

    public async Task<long> FindSchemaVersionAsync(CancellationToken ct)
    {
        if (!File.Exists(new SqliteConnectionStringBuilder(connectionString).DataSource))
            return 0;

        var tables = new SqlStatement("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_versions'");
        return await ReadAsync(tables, reader => reader.Read(), ct) ? await ReadAsync(MigrationJob.SchemaVersion, MigrationJob.ReadVersion, ct) : 0;
    }

    public Task<DateTimeOffset?> FindClockAsync(CancellationToken ct) => Task.FromResult<DateTimeOffset?>(null);

    public Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) => ReadAsync(session => session.Read(statement, read), ct);

    public Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
        SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct) =>
        ReadAsync(session => (session.Read(first, readFirst), session.Read(second, readSecond)), ct);

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
        CloseIdleReaders();
        readers.Dispose();
    }

    async Task<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken ct)
    {
        if (!await readers.WaitAsync(ReaderPatience, ct))
            throw new StoreUnavailableException($"All {MaxReaders} readers of the SQLite database were busy for {ReaderPatience.TotalSeconds} s.");

        SqliteSession? session = null;
        try
        {
            session = idleReaders.TryTake(out var idle) ? idle : SqliteSession.Open(connectionString, mayCreate: !isMade);
            var result = read(session);
            idleReaders.Add(session);
            return result;
        }
        catch (SqliteException e) when (SqliteErrors.IsUnavailable(e))
        {
            // The others have met the same database: each would fail once more, long after the cause is gone.
            session?.Dispose();
            CloseIdleReaders();
            throw Unavailable(e);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
        finally
        {
            readers.Release();
        }
    }

    void CloseIdleReaders()
    {
        while (idleReaders.TryTake(out var session))
            session.Dispose();
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
                // Whatever went wrong, nothing of the group is acknowledged: the connection goes, and its transaction with it.
                session?.Dispose();
                session = null;
                // What came while this group waited for a locked database would wait as long again.
                while (e is SqliteException busy && SqliteErrors.IsBusy(busy) && waiting.Reader.TryRead(out var late))
                    group.Add(late);
                LogGroupLost(group.Count, e.Message);
                var failure = e is SqliteException sqlite && SqliteErrors.IsUnavailable(sqlite) ? Unavailable(sqlite) : e;
                if (failure is StoreUnavailableException)
                    CloseIdleReaders();
                group.ForEach(job => job.Fail(failure));
            }
        }

        session?.Dispose();
    }

    SqliteSession OpenWriter()
    {
        if (!isMade)
            MakeFile();
        var session = SqliteSession.Open(connectionString, mayCreate: !isMade);
        try
        {
            session.UseWriteAheadLog();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>It holds addresses: only its owner may read it, nor the log and the index beside it, which take over its rights.</summary>
    void MakeFile()
    {
        var settings = new SqliteConnectionStringBuilder(connectionString);
        if (settings.Mode != SqliteOpenMode.ReadWriteCreate || File.Exists(settings.DataSource))
            return;

        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(settings.DataSource))!);
            new FileStream(settings.DataSource, options).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"The SQLite database cannot be made: {e.Message}", e);
        }
    }

    void Commit(SqliteSession session, List<WriteJob> group)
    {
        session.Execute(Begin);
        var isDoubtful = doubtful > 0;
        if (isDoubtful)
            doubtful--;
        if (isDoubtful || !TryRunAll(session, group))
        {
            foreach (var job in group)
                Run(session, job);
        }

        session.Execute(End);
        if (!session.IsInPlace)
            throw new StoreUnavailableException("The file of the SQLite database, or its log, was removed or renamed while it was in use.");
        group.ForEach(job => job.Succeed());
    }

    /// <summary>Without savepoints: for each, SQLite puts aside what it changes. False, and nothing done, where a job fails at something.</summary>
    bool TryRunAll(SqliteSession session, List<WriteJob> group)
    {
        try
        {
            group.ForEach(job => job.Run(session));
            return true;
        }
        catch (Exception e) when (!IsDatabaseToBlame(e))
        {
            session.Execute(RollBack);
            session.Execute(Begin);
            doubtful = DoubtfulGroups;
            return false;
        }
    }

    /// <summary>Each job in a savepoint of its own: what it fails at is its own matter.</summary>
    static void Run(SqliteSession session, WriteJob job)
    {
        session.Execute(Savepoint);
        try
        {
            job.Run(session);
        }
        catch (Exception e) when (!IsDatabaseToBlame(e))
        {
            session.Execute(RollBackJob);
            job.FailAlone(e);
        }

        session.Execute(Release);
    }

    static bool IsDatabaseToBlame(Exception e) => e is SqliteException sqlite && SqliteErrors.IsUnavailable(sqlite);

    static StoreUnavailableException Unavailable(SqliteException e) =>
        new($"SQLite answers with error {e.SqliteErrorCode} (extended {e.SqliteExtendedErrorCode}): {e.Message}", e);

    [LoggerMessage(LogLevel.Error, "A group of {Count} writes was not stored: {Reason}")]
    partial void LogGroupLost(int count, string reason);
}
