using Microsoft.Data.Sqlite;

namespace Countersign.Bench.Seeding;

/// <summary>Loads accounts into a SQLite file, in one transaction, and leaves nothing beside the file.</summary>
static class SqliteSeeder
{
    public static void Load(SqliteConnection connection, ProductRows rows, long accounts, string afterwards)
    {
        using (var transaction = connection.BeginTransaction())
        {
            using var account = new Insert(connection, ProductRows.Accounts);
            using var userKey = new Insert(connection, ProductRows.UserKeys);
            using var keyClaim = new Insert(connection, ProductRows.KeyClaims);
            using var auditEvent = new Insert(connection, ProductRows.AuditEvents);
            for (var number = 0L; number < accounts; number++)
            {
                var seeded = rows.Of(number);
                account.Add(seeded.Account);
                userKey.Add(seeded.UserKey);
                keyClaim.Add(seeded.KeyClaim);
                foreach (var e in seeded.AuditEvents)
                    auditEvent.Add(e);
            }

            transaction.Commit();
        }

        Execute(connection, afterwards);
        Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    static void Execute(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }

    sealed class Insert : IDisposable
    {
        readonly SqliteCommand command;

        public Insert(SqliteConnection connection, SeededTable table)
        {
            command = connection.CreateCommand();
            var columns = table.Columns.Split(", ");
            command.CommandText = $"INSERT INTO {table.Name} ({table.Columns}) VALUES (@{string.Join(", @", columns)})";
            foreach (var column in columns)
                command.Parameters.Add(new SqliteParameter($"@{column}", null));
        }

        public void Add(object?[] row)
        {
            for (var i = 0; i < row.Length; i++)
                command.Parameters[i].Value = row[i] ?? DBNull.Value;
            command.ExecuteNonQuery();
        }

        public void Dispose() => command.Dispose();
    }
}
