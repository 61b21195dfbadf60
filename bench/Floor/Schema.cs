using Npgsql;

namespace Countersign.Bench.Floor;

static class Schema
{
    const string Tables =
        """
        CREATE TABLE IF NOT EXISTS accounts (
          user_id TEXT NOT NULL PRIMARY KEY,
          email TEXT NOT NULL UNIQUE,
          anti_phishing_code TEXT,
          version BIGINT NOT NULL
        );
        CREATE TABLE IF NOT EXISTS tokens (
          user_id TEXT NOT NULL REFERENCES accounts,
          operation TEXT NOT NULL,
          digest BYTEA NOT NULL,
          target TEXT NOT NULL,
          expires_at BIGINT NOT NULL,
          wrong_tries INT NOT NULL DEFAULT 0,
          spent BOOLEAN NOT NULL DEFAULT FALSE,
          PRIMARY KEY (user_id, operation)
        );
        """;

    public static async Task CreateAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(Tables);
        await command.ExecuteNonQueryAsync();
    }
}
