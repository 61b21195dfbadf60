using Microsoft.Data.Sqlite;

namespace Countersign.Sqlite;

/// <summary>https://www.sqlite.org/rescode.html</summary>
static class SqliteErrors
{
    const int Error = 1;
    const int Busy = 5;
    const int TooBig = 18;
    const int Constraint = 19;
    const int Mismatch = 20;
    const int Misuse = 21;
    const int Range = 25;
    const int ConstraintNotNull = 1299;
    const int ConstraintPrimaryKey = 1555;
    const int ConstraintUnique = 2067;

    /// <summary>
    /// Whether the database rather than the statement is to blame: locked, read-only, full, corrupt, gone, emptied, or whatever else SQLite
    /// may say.
    /// </summary>
    public static bool IsUnavailable(SqliteException e) =>
        e.SqliteErrorCode is not (Error or TooBig or Constraint or Mismatch or Misuse or Range) || IsEmptied(e);

    public static bool IsBusy(SqliteException e) => e.SqliteErrorCode == Busy;

    /// <summary>Somebody else has the key, or, which a null says, has drawn on the limit or done something to the message: decide anew.</summary>
    public static bool IsLost(SqliteException e) => e.SqliteExtendedErrorCode is ConstraintPrimaryKey or ConstraintUnique or ConstraintNotNull;

    /// <summary>Every table was there when the schema was brought up, and SQLite has no code of its own for its absence.</summary>
    static bool IsEmptied(SqliteException e) =>
        e.SqliteErrorCode == Error && e.Message.Contains("no such table", StringComparison.Ordinal);
}
