using System.Reflection;
using Countersign.PostgreSql;
using Countersign.Stores;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Tests.Stores;

/// <summary>How PostgreSQL means to find rows while it knows its tables to be empty: what it plans then, a node keeps for long after they have grown.</summary>
public sealed class PostgreSqlPlanTests : IAsyncLifetime
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    readonly PostgreSqlTestDatabase database = PostgreSqlTestDatabase.New(null);
    PostgreSqlEngine engine = null!;
    NpgsqlConnection connection = null!;

    public async ValueTask InitializeAsync()
    {
        engine = (PostgreSqlEngine)database.NewEngine();
        await using var node = await StoreNode.CreateAsync(database);
        connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(Ct);
        await using var tables = new NpgsqlCommand("SELECT STRING_AGG(tablename, ', ') FROM pg_tables WHERE schemaname = current_schema()", connection);
        await using var vacuum = new NpgsqlCommand($"VACUUM ANALYZE {await tables.ExecuteScalarAsync(Ct)}", connection);
        await vacuum.ExecuteNonQueryAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await engine.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task No_statement_reads_a_whole_table()
    {
        var wrong = new List<string>();
        var statements = Statements().ToList();
        foreach (var (name, text) in statements)
        {
            var plan = await PlanAsync(text);
            // Of one row.
            if (plan.Replace("Seq Scan on activity_progress", "", StringComparison.Ordinal).Contains("Seq Scan", StringComparison.Ordinal))
                wrong.Add($"{name}:\n{plan}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Contains(statements, statement => statement.Name == "LimitSql.Find");
    }

    [Fact]
    public async Task A_plan_shows_where_one_would() => Assert.Contains("Seq Scan", await PlanAsync("SELECT uses FROM limits WHERE revision = @revision"), StringComparison.Ordinal);

    /// <summary>In the settings of a node's connections.</summary>
    async Task<string> PlanAsync(string text)
    {
        var explain = $"EXPLAIN {text}";
        // No two of one value: what is asked for twice would be planned for once.
        var parameters = ParameterTypes.Of(explain, connection).Select((parameter, place) => (parameter.Key, (object?)(parameter.Value switch
        {
            NpgsqlDbType.Bigint => (long)place,
            // A sum of it and an integer says of neither which it is.
            _ when parameter.Key == "@version" => (long)place,
            NpgsqlDbType.Bytea => new[] { (byte)place },
            _ => parameter.Key,
        })));
        var lines = await engine.ReadAsync(
            new SqlStatement(explain, [.. parameters]),
            reader =>
            {
                var found = new List<string>();
                while (reader.Read())
                    found.Add(reader.GetString(0));
                return found;
            },
            Ct);
        return string.Join('\n', lines);
    }

    /// <summary>Every text of the store, by its class and its name; not what is only a part of one.</summary>
    static IEnumerable<(string Name, string Text)> Statements() =>
        from type in typeof(ISqlEngine).Assembly.GetTypes()
        where type is { IsAbstract: true, IsSealed: true } && type.Name.EndsWith("Sql", StringComparison.Ordinal)
        from field in type.GetFields(BindingFlags.Static | BindingFlags.Public)
        from text in field.GetValue(null) as IEnumerable<string> ?? [field.GetValue(null) as string ?? ""]
        where text.Split(' ', '\n')[0] is "SELECT" or "INSERT" or "UPDATE" or "DELETE"
        select ($"{type.Name}.{field.Name}", text);
}
