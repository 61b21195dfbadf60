using System.Globalization;
using Countersign.Stores;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>
/// Brings the schema up in one transaction, under a lock that the server gives to one node at a time. A schema that is up to date is only
/// looked at: the role of a node needs no right to change it.
/// </summary>
static class PostgreSqlMigration
{
    /// <summary>"countersign", as far as a number of 64 bits takes it.</summary>
    const long Lock = 0x636F_756E_7465_7273;

    /// <summary>Seconds, for the wait until another node is done, and for each step.</summary>
    const int StepTimeout = 300;

    /// <summary>
    /// The timeline of the write-ahead log, which a standby raises when it takes over, and a server when it is restored to a point in time. Where
    /// such a loss cannot happen, or a provider has other functions for it, the owner may put another number here.
    /// </summary>
    const string OwnSchema =
        """
        CREATE TABLE schema_versions (version BIGINT NOT NULL PRIMARY KEY);
        CREATE VIEW store_timeline AS
          SELECT ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint AS timeline;
        """;

    /// <summary>
    /// Room beside each row for its next version: an update that stays on its page, and changes no indexed column, writes to no index. Less where it is seldom that a row changes, of those
    /// that lie on the page.
    /// </summary>
    const string Room =
        """
        ALTER TABLE accounts SET (fillfactor = 70);
        ALTER TABLE one_time_tokens SET (fillfactor = 70);
        ALTER TABLE guess_budgets SET (fillfactor = 70);
        ALTER TABLE limits SET (fillfactor = 70);
        ALTER TABLE user_keys SET (fillfactor = 90);
        ALTER TABLE key_claims SET (fillfactor = 90);
        """;

    /// <summary>Read from the catalogue's rows: to_regclass would answer from a cache that is older than the lock that was waited for.</summary>
    const string HasSchema =
        """
        SELECT EXISTS (
          SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relname = 'schema_versions' AND n.nspname = ANY (current_schemas(false)))
        """;

    public static async Task RunAsync(NpgsqlConnection connection, IReadOnlyList<Migration> migrations, CancellationToken ct)
    {
        if (IsUpToDate(await FindVersionAsync(connection, ct), migrations))
            return;

        await using var transaction = await connection.BeginTransactionAsync(ct);
        // A step may take longer than any request is worth.
        await ExecuteAsync(connection, $"SET LOCAL statement_timeout = '{StepTimeout.ToString(CultureInfo.InvariantCulture)}s'", ct);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({Lock.ToString(CultureInfo.InvariantCulture)})", ct);
        // Another node may have been faster.
        var found = await FindVersionAsync(connection, ct);
        if (IsUpToDate(found, migrations))
            return;

        try
        {
            await ApplyAsync(connection, found, migrations, ct);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StoreUnavailableException(
                $"The schema of the database is at version {found}, this program needs {migrations[^1].Version}, and its role may not change it. "
                + $"Run Countersign.Server migrate as a role that may. ({e.MessageText})", e);
        }

        await transaction.CommitAsync(ct);
    }

    static async Task ApplyAsync(NpgsqlConnection connection, long found, IReadOnlyList<Migration> migrations, CancellationToken ct)
    {
        if (found == 0)
            await ExecuteAsync(connection, OwnSchema, ct);
        foreach (var migration in migrations.Where(migration => migration.Version > found))
        {
            await ExecuteAsync(connection, migration.Sql, ct);
            await ExecuteAsync(
                connection, $"INSERT INTO schema_versions (version) VALUES ({migration.Version.ToString(CultureInfo.InvariantCulture)})", ct);
        }

        await ExecuteAsync(connection, Room, ct);
    }

    public static async Task<long> FindVersionAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var exists = new NpgsqlCommand(HasSchema, connection);
        if (await exists.ExecuteScalarAsync(ct) is not true)
            return 0;

        await using var version = new NpgsqlCommand("SELECT COALESCE(MAX(version), 0) FROM schema_versions", connection);
        return (long)(await version.ExecuteScalarAsync(ct))!;
    }

    static bool IsUpToDate(long found, IReadOnlyList<Migration> migrations)
    {
        var last = migrations[^1].Version;
        return found > last ? throw new SchemaTooNewException(found, last) : found == last;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(text, connection) { CommandTimeout = StepTimeout };
        await command.ExecuteNonQueryAsync(ct);
    }
}
