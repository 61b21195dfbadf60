using System.Collections.Concurrent;

namespace Countersign.Tests.Hosting;

/// <summary>Where the servers of a test run keep accounts: SQLite, or PostgreSQL where <c>COUNTERSIGN_TESTS_ON</c> says so.</summary>
static class TestStore
{
    const string Variable = "COUNTERSIGN_TESTS_ON";

    static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Databases = new();

    static bool IsPostgreSql => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" or "Sqlite" => false,
        "PostgreSql" => true,
        var other => throw new InvalidOperationException($"{Variable} is '{other}'; it is Sqlite or PostgreSql."),
    };

    /// <summary>Servers in one folder share a database.</summary>
    public static async Task<string[]> SettingsAsync(TestFolder folder)
    {
        // On PostgreSQL the secrets of Development lie where this file would.
        var sqlite = $"ConnectionStrings:Sqlite=Data Source={folder.File("countersign.db")}";
        return IsPostgreSql
            ? [sqlite, $"ConnectionStrings:PostgreSql={await Databases.GetOrAdd(folder.Path, _ => new(NewDatabaseAsync)).Value}"]
            : [sqlite];
    }

    static async Task<string> NewDatabaseAsync() => $"{await SharedPostgres.NewSchemaAsync()};Maximum Pool Size=10";
}
