using System.Net.Sockets;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>https://www.postgresql.org/docs/current/errcodes-appendix.html</summary>
static class PostgreSqlErrors
{
    /// <summary>Somebody else has the key, has drawn on the limit or has done something to the message, which a null says, or two transactions met so that one had to yield. Nothing of the loser stays: decide anew.</summary>
    public static bool IsLost(PostgresException e) => e.SqlState is
        PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.NotNullViolation or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    /// <summary>
    /// Whether the database rather than the statement is to blame: it cannot be reached, is starting, stopping, a standby, full, out of
    /// connections, refuses the role, was emptied, or has cancelled the statement. A connection that broke, and a wait that was given up, are
    /// exceptions of Npgsql's own.
    /// </summary>
    public static bool IsUnavailable(Exception e) => e switch
    {
        PostgresException { SqlState: var state } => state[..2] is "08" or "28" or "3D" or "53" or "57" or "58" or "XX"
            || state is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.ObjectNotInPrerequisiteState or PostgresErrorCodes.LockNotAvailable
                or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.InvalidTransactionState
                or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement,
        NpgsqlException or SocketException or TimeoutException or IOException => true,
        _ => false,
    };

    /// <summary>For the log: what the server or the driver says, without the statement.</summary>
    public static string Describe(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement } refused =>
            $"PostgreSQL answers {refused.SqlState}: {refused.MessageText}. Behind a pooler that does not keep prepared statements, "
            + "add 'Max Auto Prepare=0' to the connection string.",
        PostgresException refused => $"PostgreSQL answers {refused.SqlState}: {refused.MessageText}",
        { InnerException: { } inner } => $"PostgreSQL cannot be asked: {e.Message} ({inner.Message})",
        _ => $"PostgreSQL cannot be asked: {e.Message}",
    };
}
