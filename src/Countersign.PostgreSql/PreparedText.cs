using System.Text.RegularExpressions;
using Countersign.Stores;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.PostgreSql;

/// <summary>A statement with its named parameters numbered, as PostgreSQL takes them: worked out once for each text.</summary>
sealed partial class PreparedText
{
    static readonly ByText<PreparedText> Known = new();

    readonly string text;
    readonly string[] names;

    /// <summary>Where each was among the parameters last, which is where it will be.</summary>
    readonly int[] places;

    PreparedText(string named)
    {
        var order = new List<string>();
        text = Name().Replace(named.Replace(SqlStatement.SkipLocked, "FOR UPDATE SKIP LOCKED", StringComparison.Ordinal), match =>
        {
            if (!order.Contains(match.Value))
                order.Add(match.Value);
            return $"${order.IndexOf(match.Value) + 1}";
        });
        names = [.. order];
        places = new int[names.Length];
    }

    public static PreparedText Of(SqlStatement statement) => Known.Of(statement.Text, false, static (named, _) => new PreparedText(named));

    /// <param name="typesOf">Says what the parameters of a text are taken for, by their names. Asked where one of them is null.</param>
    public NpgsqlBatchCommand ToCommand(SqlStatement statement, Func<string, IReadOnlyDictionary<string, NpgsqlDbType>> typesOf)
    {
        var command = new NpgsqlBatchCommand(text);
        for (var i = 0; i < names.Length; i++)
        {
            var value = ValueOf(statement, names[i], ref places[i]);
            command.Parameters.Add(value is null ? Null(typesOf(statement.Text)[names[i]]) : Parameter(value));
        }

        return command;
    }

    internal static object? ValueOf(SqlStatement statement, string name, ref int place)
    {
        var parameters = statement.Parameters;
        var last = place;
        if (last < parameters.Length && parameters[last].Name == name)
            return parameters[last].Value;

        for (var i = 0; i < parameters.Length; i++)
        {
            if (parameters[i].Name != name)
                continue;

            place = i;
            return parameters[i].Value;
        }

        throw new ArgumentException($"The statement names {name}, and no such parameter was given: {statement.Text}");
    }

    static NpgsqlParameter Null(NpgsqlDbType type) => new() { Value = DBNull.Value, NpgsqlDbType = type };

    static NpgsqlParameter Parameter(object value) => value switch
    {
        string text => new NpgsqlParameter<string> { TypedValue = text },
        long number => new NpgsqlParameter<long> { TypedValue = number },
        byte[] bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes },
        _ => throw new ArgumentException($"A parameter is null, string, long or byte[], not {value.GetType().Name}."),
    };

    /// <summary>The statements are Countersign's own: an at sign in them begins a parameter, and nothing else.</summary>
    [GeneratedRegex("@[a-z_0-9]+")]
    internal static partial Regex Name();
}
