using System.Data.Common;
using System.Globalization;
using Countersign.Stores;
using Microsoft.Data.Sqlite;

namespace Countersign.Sqlite;

/// <summary>One caller's part of a transaction of the writer.</summary>
abstract class WriteJob
{
    readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Exception? ownFailure;

    public Task Done => done.Task;

    /// <summary>Once more, from the beginning, where what it did was rolled back because of another job.</summary>
    public abstract void Run(SqliteSession session);

    /// <summary>After the commit of its group.</summary>
    public void Succeed()
    {
        if (ownFailure is null)
            done.SetResult();
        else
            done.SetException(ownFailure);
    }

    /// <summary>The group was not committed.</summary>
    public void Fail(Exception failure) => done.TrySetException(failure);

    /// <summary>This job was rolled back; its group goes on.</summary>
    public virtual void FailAlone(Exception failure) => ownFailure = failure;
}

/// <summary>Statements of which the first decides whether they are carried out.</summary>
sealed class CommitJob(IReadOnlyList<SqlStatement> statements) : WriteJob
{
    public bool IsWon { get; private set; }

    public override void Run(SqliteSession session)
    {
        IsWon = false;
        if (session.Execute(statements[0]) == 0)
            return;

        foreach (var statement in statements.Skip(1))
            session.Execute(statement);
        IsWon = true;
    }

    public override void FailAlone(Exception failure)
    {
        // The key became somebody else's.
        if (failure is not SqliteException e || !SqliteErrors.IsLost(e))
            base.FailAlone(failure);
    }
}

sealed class ReturningJob<T>(SqlStatement statement, Func<DbDataReader, T> read) : WriteJob
{
    public T? Result { get; private set; }

    public override void Run(SqliteSession session) => Result = session.Read(statement, read);
}

sealed class MigrationJob(IReadOnlyList<Migration> migrations) : WriteJob
{
    public static readonly SqlStatement SchemaVersion = new("SELECT COALESCE(MAX(version), 0) FROM schema_versions");

    public static long ReadVersion(DbDataReader reader) => reader.Read() ? reader.GetInt64(0) : 0;

    public override void Run(SqliteSession session)
    {
        session.Execute("CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY)");
        // A file has one history: no standby takes over from it.
        session.Execute("CREATE VIEW IF NOT EXISTS store_timeline AS SELECT 0 AS timeline");
        var found = session.Read(SchemaVersion, ReadVersion);
        if (found > migrations[^1].Version)
            throw new SchemaTooNewException(found, migrations[^1].Version);

        foreach (var migration in migrations.Where(migration => migration.Version > found))
        {
            session.Execute(migration.Sql);
            session.Execute($"INSERT INTO schema_versions (version) VALUES ({migration.Version.ToString(CultureInfo.InvariantCulture)})");
        }
    }
}
