using System.Data.Common;

namespace Countersign.Stores;

/// <summary>A statement written out, with named parameters (<c>@name</c>): null, string, long or byte[].</summary>
public sealed record SqlStatement(string Text, params (string Name, object? Value)[] Parameters)
{
    /// <summary>
    /// Ends a SELECT that picks rows to write. A comment: an engine whose writers come one after the other leaves it be; another reads it as
    /// <c>FOR UPDATE SKIP LOCKED</c>, so that two nodes do not pick the same.
    /// </summary>
    public const string SkipLocked = "/* skip locked */";

    /// <summary>
    /// Where an UPDATE, a SELECT or a DELETE can be joined to the parameters of many commits at once. A comment as well: an engine that writes one commit
    /// after the other leaves it be; another may carry the statement out for all commits of a group, a row of parameters for each.
    /// </summary>
    public const string FromRows = "/* FROM rows */";

    /// <inheritdoc cref="FromRows"/>
    public const string AndRows = "/* , rows */";

    /// <inheritdoc cref="FromRows"/>
    public const string UsingRows = "/* USING rows */";

    /// <summary>
    /// Around a condition that holds where the first statement of a commit has won. An engine that knows of all commits that it writes together that they have
    /// won need not ask.
    /// </summary>
    public const string IfWon = "/* if won: */";

    /// <inheritdoc cref="IfWon"/>
    public const string EndIfWon = "/* :if won */";

    /// <summary>The row that it writes, where two commits at the same moment may want to write the same; null where that cannot be.</summary>
    public string? Row { get; init; }

    /// <summary>A read of few rows by their keys, such as a request begins with. An engine may send those that come at the same moment together.</summary>
    public bool IsLookup { get; init; }
}

/// <summary>A versioned step of the schema. Steps are applied in order, each once.</summary>
public sealed record Migration(int Version, string Sql);

/// <summary>
/// What a database has to do for the store: the seam between the SQL, which is one text for every engine, and the engine. Whatever the
/// engine cannot do now is a <see cref="StoreUnavailableException"/>; any other exception is a defect.
/// </summary>
public interface ISqlEngine
{
    /// <summary>Brings the schema to the last of the migrations. Several processes may do it at once.</summary>
    /// <exception cref="SchemaTooNewException">The schema is of a later program.</exception>
    /// <remarks>
    /// Beside the migrations, the engine makes the table <c>schema_versions (version)</c> and the view <c>store_timeline (timeline)</c>, a number
    /// that is another one after a standby, or a backup, has taken the place of the database.
    /// </remarks>
    Task MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken ct);

    /// <summary>The version of the schema that is there; 0 where there is none. Changes nothing.</summary>
    Task<long> FindSchemaVersionAsync(CancellationToken ct);

    /// <summary>The time by the database's own clock; null where that is the clock of this machine.</summary>
    Task<DateTimeOffset?> FindClockAsync(CancellationToken ct);

    /// <summary>Reads from one snapshot of what is committed.</summary>
    Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct);

    /// <summary>Two reads in one round trip, each from a snapshot of what is committed.</summary>
    Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
        SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct);

    /// <summary>Runs one writing statement and reads what it returns; answers after its commit.</summary>
    Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct);

    /// <summary>
    /// Runs the statements in one durable transaction. False, and nothing done, where the first touches no row (somebody else was
    /// faster) or one of them would break the uniqueness of a key; true only after the commit.
    /// </summary>
    Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct);
}

/// <summary>The store cannot be reached, or what became of a commit is not known. Nothing is half done; asking again is safe.</summary>
public sealed class StoreUnavailableException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The schema was written by a later version of the program, which this one must not touch.</summary>
public sealed class SchemaTooNewException(long found, long known) : Exception(
    $"The database has schema version {found}; this program knows versions up to {known}. Start a version of Countersign that is at least as new as the database.");
