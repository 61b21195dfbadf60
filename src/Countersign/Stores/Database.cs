using System.Data.Common;
using System.Reflection;

namespace Countersign.Stores;

/// <summary>
/// The engine once its schema is there, and while its clock and this node's agree; else every call says that the store is not available.
/// </summary>
sealed class Database(ISqlEngine engine, StoreClock clock)
{
    volatile bool isMigrated;

    public async Task MigrateAsync(CancellationToken ct)
    {
        await engine.MigrateAsync(Migrations.All, ct);
        await clock.CompareAsync(ct);
        isMigrated = true;
    }

    public Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        Ready.ReadAsync(statement, read, ct);

    public Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
        SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct) =>
        Ready.ReadBothAsync(first, readFirst, second, readSecond, ct);

    public Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        Ready.WriteAsync(statement, read, ct);

    public Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct) =>
        Ready.TryCommitAsync(statements, ct);

    public Task<bool> TryCommitAsync(SqlStatement statement, CancellationToken ct) => TryCommitAsync([statement], ct);

    /// <summary>Whether the store answers, for readiness.</summary>
    public Task PingAsync(CancellationToken ct) =>
        ReadAsync(new SqlStatement("SELECT MAX(version) FROM schema_versions"), reader => reader.Read(), ct);

    ISqlEngine Ready => !isMigrated ? throw new StoreUnavailableException("The schema of the store is not there yet.")
        : clock.Complaint is { } complaint ? throw new StoreUnavailableException(complaint)
        : engine;
}

/// <summary>The embedded <c>Schema/V001.sql</c>, <c>V002.sql</c> and so on.</summary>
static class Migrations
{
    public static IReadOnlyList<Migration> All { get; } = Load();

    static List<Migration> Load()
    {
        var assembly = typeof(Migrations).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => new Migration(VersionOf(name), Read(assembly, name)))
            .OrderBy(migration => migration.Version)
            .ToList();
    }

    static int VersionOf(string name) =>
        int.Parse(name.Split('.')[^2].TrimStart('V'), System.Globalization.CultureInfo.InvariantCulture);

    static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
