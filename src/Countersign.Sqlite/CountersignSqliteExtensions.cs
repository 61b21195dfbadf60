using Countersign.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign;

public static class CountersignSqliteExtensions
{
    /// <summary>
    /// Keeps accounts in an SQLite database in a file, made on first start, its directory too. In Development, keys that are not configured are
    /// made beside it.
    /// </summary>
    /// <param name="connectionString">Of Microsoft.Data.Sqlite, such as <c>Data Source=data/countersign.db</c>.</param>
    /// <exception cref="ArgumentException">The database is in memory, or the connection string is none.</exception>
    public static CountersignBuilder UseSqlite(this CountersignBuilder builder, string connectionString)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString);
        // A URI may name a database in memory as well, and where a file is, its directory is needed.
        var isUri = settings.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
        if (isUri || settings.DataSource is "" or ":memory:" || settings.Mode == SqliteOpenMode.Memory)
            throw new ArgumentException("The SQLite database has to be a file, named by its path: 'Data Source=data/countersign.db'.");

        builder.Services.AddSingleton<ISqlEngine>(provider => ActivatorUtilities.CreateInstance<Sqlite.SqliteEngine>(provider, connectionString));
        return builder.UseDevelopmentKeys(Path.GetDirectoryName(Path.GetFullPath(settings.DataSource))!);
    }
}
