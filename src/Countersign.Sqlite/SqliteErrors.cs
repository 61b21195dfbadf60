using Microsoft.Data.Sqlite;

namespace Countersign.Sqlite;

/// <summary>https://www.sqlite.org/rescode.html</summary>
static class SqliteErrors
{
    const int Error = 1;
    const int TooBig = 18;
    const int Constraint = 19;
    const int Mismatch = 20;
    const int Misuse = 21;
    const int Range = 25;
    const int ConstraintPrimaryKey = 1555;
    const int ConstraintUnique = 2067;

    /// <summary>
    /// Whether the database rather than the statement is to blame: locked, read-only, full, corrupt, gone, or whatever else SQLite may say.
    /// </summary>
    public static bool IsUnavailable(SqliteException e) =>
        e.SqliteErrorCode is not (Error or TooBig or Constraint or Mismatch or Misuse or Range);

    public static bool IsUniqueness(SqliteException e) => e.SqliteExtendedErrorCode is ConstraintPrimaryKey or ConstraintUnique;
}
