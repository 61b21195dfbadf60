using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Countersign.Stores;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>A statement with its named parameters numbered, as PostgreSQL takes them: worked out once for each text.</summary>
sealed partial class PreparedText
{
    static readonly ConcurrentDictionary<string, PreparedText> Known = new();

    readonly string text;
    readonly string[] names;

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
    }

    /// <summary>No text is built from input, so there are as many as the source has.</summary>
    public static PreparedText Of(SqlStatement statement) => Known.GetOrAdd(statement.Text, text => new PreparedText(text));

    public NpgsqlBatchCommand ToCommand(SqlStatement statement)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var name in names)
            command.Parameters.Add(Parameter(ValueOf(statement, name)));
        return command;
    }

    static object? ValueOf(SqlStatement statement, string name)
    {
        foreach (var (known, value) in statement.Parameters)
        {
            if (known == name)
                return value;
        }

        throw new ArgumentException($"The statement names {name}, and no such parameter was given: {statement.Text}");
    }

    /// <summary>A null has no type of its own: the server takes that of the place where it stands.</summary>
    static NpgsqlParameter Parameter(object? value) => value switch
    {
        null => new NpgsqlParameter { Value = DBNull.Value },
        string text => new NpgsqlParameter<string> { TypedValue = text },
        long number => new NpgsqlParameter<long> { TypedValue = number },
        byte[] bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes },
        _ => throw new ArgumentException($"A parameter is null, string, long or byte[], not {value.GetType().Name}."),
    };

    /// <summary>The statements are Countersign's own: an at sign in them begins a parameter, and nothing else.</summary>
    [GeneratedRegex("@[a-z_0-9]+")]
    private static partial Regex Name();
}
