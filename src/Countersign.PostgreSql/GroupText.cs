using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Countersign.Stores;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.PostgreSql;

/// <summary>
/// A statement that is carried out for many commits at once: its parameters are the columns of a table that each execution brings along, a row for each
/// commit. Worked out once for each text, with the types that the server takes the parameters for.
/// </summary>
sealed partial class GroupText
{
    static readonly ConcurrentDictionary<string, GroupText> Known = new();

    static readonly ConditionalWeakTable<string, object> Marked = [];

    readonly string text;
    readonly string returning;
    readonly string[] names;
    readonly NpgsqlDbType[] types;
    readonly int[] places;

    GroupText(string named, NpgsqlParameterCollection parameters)
    {
        names = [.. parameters.Select(parameter => $"@{parameter.ParameterName.TrimStart('@')}")];
        types = [.. parameters.Select(parameter => parameter.NpgsqlDbType)];
        places = new int[names.Length];
        var columns = names.Select(Column).Append("ordinal");
        var arrays = names.Select((_, i) => $"${i + 1}");
        text = PreparedText.Name().Replace(
            Marker().Replace(named, match => $"{match.Groups[1].Value} UNNEST({string.Join(", ", arrays)}) WITH ORDINALITY AS member({string.Join(", ", columns)})"),
            match => $"member.{Column(match.Value)}");
        returning = $"{text} RETURNING member.ordinal";
    }

    /// <summary>Whether the text says where the rows go.</summary>
    public static bool CanBe(string text) => (bool)Marked.GetValue(text, static named => Marker().IsMatch(named));

    /// <param name="connection">Is asked for the types of the parameters, the first time.</param>
    public static GroupText Of(string text, NpgsqlConnection connection) => Known.GetOrAdd(
        text,
        named =>
        {
            using var command = new NpgsqlCommand(named, connection);
            NpgsqlCommandBuilder.DeriveParameters(command);
            return new GroupText(named, command.Parameters);
        });

    /// <param name="rows">Statements of this text.</param>
    /// <param name="returnsOrdinals">Whether it answers with the numbers, from 1 on, of the rows that it was carried out for.</param>
    public NpgsqlBatchCommand ToCommand(IReadOnlyList<SqlStatement> rows, bool returnsOrdinals)
    {
        var command = new NpgsqlBatchCommand(returnsOrdinals ? returning : text);
        for (var i = 0; i < names.Length; i++)
            command.Parameters.Add(Array(rows, i));
        return command;
    }

    NpgsqlParameter Array(IReadOnlyList<SqlStatement> rows, int i) => types[i] switch
    {
        NpgsqlDbType.Text => Array<string?>(rows, i),
        NpgsqlDbType.Bigint => Array<long?>(rows, i),
        NpgsqlDbType.Bytea => Array<byte[]?>(rows, i),
        var type => throw new InvalidOperationException($"A parameter is text, a whole number or bytes, and {names[i]} is {type} in: {text}"),
    };

    NpgsqlParameter<T[]> Array<T>(IReadOnlyList<SqlStatement> rows, int i)
    {
        var values = new T[rows.Count];
        for (var row = 0; row < values.Length; row++)
            values[row] = (T)PreparedText.ValueOf(rows[row], names[i], ref places[i])!;
        return new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | types[i] };
    }

    /// <summary>With a prefix: no table of the store has such a column.</summary>
    static string Column(string name) => $"its_{name[1..]}";

    [GeneratedRegex(@"/\* (FROM|,|USING) rows \*/")]
    private static partial Regex Marker();
}
