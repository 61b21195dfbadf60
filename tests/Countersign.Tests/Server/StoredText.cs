using System.Text;
using System.Text.RegularExpressions;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Npgsql;

namespace Countersign.Tests.Server;

/// <summary>What a database keeps, as text, to search it.</summary>
static partial class StoredText
{
    /// <summary>Names of the columns in which such a canary stands.</summary>
    public static IEnumerable<string> Found(Canaries canaries, IEnumerable<(string Name, string Text)> columns, Func<CanaryKind, bool> isSought) => columns
        .Where(column => canaries.FindIn(column.Name, column.Text, isSought).Any())
        .Select(column => column.Name)
        .Distinct()
        .Order(StringComparer.Ordinal);

    public static async Task<string> DumpAsync(string connectionString) =>
        await (await SharedPostgres.GetAsync()).DumpAsync(new NpgsqlConnectionStringBuilder(connectionString).Database!);

    public static string OfFile(string file)
    {
        // The server has them open, and SQLite has locked a part.
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    public static async Task<List<(string Name, string Text)>> OfTablesAsync(ISqlEngine engine)
    {
        var columns = new List<(string, string)>();
        foreach (var table in await ReadAsync("SELECT name FROM sqlite_schema WHERE type = 'table'", reader => reader.GetString(0)))
        {
            var rows = await ReadAsync(
                $"SELECT * FROM {table}",
                reader => Enumerable.Range(0, reader.FieldCount)
                    .Select(i => ($"{table}.{reader.GetName(i)}", reader.GetValue(i) is byte[] bytes ? Encoding.Latin1.GetString(bytes) : $"{reader.GetValue(i)}"))
                    .ToList());
            columns.AddRange(rows.SelectMany(row => row));
        }

        return columns;

        Task<List<T>> ReadAsync<T>(string text, Func<System.Data.Common.DbDataReader, T> read) => engine.ReadAsync(
            new SqlStatement(text),
            reader =>
            {
                var all = new List<T>();
                while (reader.Read())
                    all.Add(read(reader));
                return all;
            },
            TestContext.Current.CancellationToken);
    }

    /// <summary>Every value of a dump, with the table and the column that it is in.</summary>
    public static IEnumerable<(string Name, string Text)> OfDump(string dump)
    {
        foreach (Match copy in Copy().Matches(dump))
        {
            var names = copy.Groups[2].Value.Split(", ");
            foreach (var row in copy.Groups[3].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                foreach (var (name, value) in names.Zip(row.Split('\t')))
                    yield return ($"{copy.Groups[1].Value}.{name}", value);
            }
        }
    }

    [GeneratedRegex(@"^COPY public\.(\w+) \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Copy();
}
