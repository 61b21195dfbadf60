using System.Data.Common;
using Countersign.Stores;
using Microsoft.Data.Sqlite;

namespace Countersign.Sqlite;

/// <summary>One connection and the statements prepared on it. Used by one thread at a time.</summary>
sealed class SqliteSession : IDisposable
{
    /// <summary>Seconds until a locked database counts as not available.</summary>
    const int BusyTimeout = 2;

    readonly SqliteConnection connection;
    readonly Dictionary<string, SqliteCommand> prepared = [];
    string[] files = [];

    SqliteSession(SqliteConnection connection) => this.connection = connection;

    /// <param name="mayCreate">Whether the database is made where there is none.</param>
    public static SqliteSession Open(string connectionString, bool mayCreate)
    {
        // Pooled here, with the statements, rather than by the provider, without them.
        var settings = new SqliteConnectionStringBuilder(connectionString) { Pooling = false, DefaultTimeout = BusyTimeout };
        if (!mayCreate && settings.Mode == SqliteOpenMode.ReadWriteCreate)
            settings.Mode = SqliteOpenMode.ReadWrite;
        var connection = new SqliteConnection(settings.ToString());
        try
        {
            connection.Open();
            var session = new SqliteSession(connection);
            // Written through to the disk at every commit: what was answered outlives the power.
            session.Execute("PRAGMA synchronous = FULL");
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Whether the files are still where they were opened. What is committed to a file that was removed or renamed is gone with the process,
    /// and SQLite does not look (https://www.sqlite.org/howtocorrupt.html).
    /// </summary>
    public bool IsInPlace => files.All(File.Exists);

    public void UseWriteAheadLog()
    {
        var mode = Read(new SqlStatement("PRAGMA journal_mode = WAL"), reader => reader.Read() ? reader.GetString(0) : "");
        // A file system without shared memory has no WAL: SQLite keeps a journal there, which comes and goes.
        files = mode == "wal" ? [connection.DataSource, $"{connection.DataSource}-wal"] : [connection.DataSource];
    }

    public void Execute(string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    public int Execute(SqlStatement statement) => Prepare(statement).ExecuteNonQuery();

    public T Read<T>(SqlStatement statement, Func<DbDataReader, T> read)
    {
        using var reader = Prepare(statement).ExecuteReader();
        return read(reader);
    }

    public void Dispose()
    {
        foreach (var command in prepared.Values)
            command.Dispose();
        connection.Dispose();
    }

    SqliteCommand Prepare(SqlStatement statement)
    {
        if (!prepared.TryGetValue(statement.Text, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = statement.Text;
            prepared.Add(statement.Text, command);
        }

        for (var i = 0; i < statement.Parameters.Length; i++)
        {
            var (name, value) = statement.Parameters[i];
            if (i == command.Parameters.Count)
                command.Parameters.Add(new SqliteParameter { ParameterName = name });
            // The same statement has the same parameters each time, if not in the same order.
            var parameter = command.Parameters[i];
            if (parameter.ParameterName != name)
                parameter.ParameterName = name;
            parameter.Value = value ?? DBNull.Value;
        }

        while (command.Parameters.Count > statement.Parameters.Length)
            command.Parameters.RemoveAt(command.Parameters.Count - 1);
        return command;
    }
}
