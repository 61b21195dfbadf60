using Microsoft.Data.Sqlite;

namespace Countersign.Tests.Hosting;

/// <summary>Somebody else at the SQLite file of a server: a backup, an operator, or who tampers with it.</summary>
static class OtherConnection
{
    public static SqliteConnection To(TestFolder folder) => To($"Data Source={folder.File("countersign.db")}");

    public static SqliteConnection To(string connectionString)
    {
        var connection = new SqliteConnection($"{connectionString};Pooling=False");
        connection.Open();
        return connection;
    }

    /// <returns>How many rows it changed.</returns>
    public static int Execute(this SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        return command.ExecuteNonQuery();
    }
}
