using System.Text.RegularExpressions;
using Countersign.Stores;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.PostgreSql;

/// <summary>
/// A statement that is carried out for many commits at once: its parameters are the columns of a table that each execution brings along, a row for each
/// commit. Worked out once for each text and form, with the types that the server takes the parameters for.
/// </summary>
sealed partial class GroupText
{
    /// <summary>For each form.</summary>
    static readonly ByText<GroupText>[] Known = [.. Enum.GetValues<GroupForm>().Select(_ => new ByText<GroupText>())];

    static readonly ByText<object> Marked = new();

    readonly string text;
    readonly string[] names;
    readonly NpgsqlDbType[] types;
    readonly int[] places;

    GroupText(string named, GroupForm form, IReadOnlyDictionary<string, NpgsqlDbType> parameters)
    {
        if (form is GroupForm.All or GroupForm.AllOrError)
            named = Condition().Replace(named, "TRUE");
        names = [.. parameters.Keys.Where(name => PreparedText.Name().Matches(named).Any(match => match.Value == name))];
        types = [.. names.Select(name => parameters[name])];
        places = new int[names.Length];

        var columns = names.Select(Column).Append("ordinal");
        var arrays = names.Select((_, i) => $"${i + 1}");
        var joined = PreparedText.Name().Replace(
            Marker().Replace(named, match => $"{match.Groups[1].Value} UNNEST({string.Join(", ", arrays)}) WITH ORDINALITY AS member({string.Join(", ", columns)})"),
            match => $"member.{Column(match.Value)}");
        text = form switch
        {
            GroupForm.Each or GroupForm.All => joined,
            GroupForm.EachWithOrdinals => $"{joined} RETURNING member.ordinal",
            GroupForm.AllOrError => OrError(joined),
        };
    }

    /// <summary>Of <see cref="GroupForm.AllOrError"/>: a text that is no number. No other statement makes a number of a text.</summary>
    public static bool SaysThatNotAllHaveWon(PostgresException e) => e.SqlState == PostgresErrorCodes.InvalidTextRepresentation;

    /// <summary>Whether the text says where the rows go.</summary>
    public static bool CanBe(string text) => (bool)Marked.Of(text, false, static (named, _) => (object)Marker().IsMatch(named));

    /// <param name="connection">Is asked for the types of the parameters, the first time.</param>
    public static GroupText Of(string text, GroupForm form, NpgsqlConnection connection) =>
        Known[(int)form].Of(text, (form, connection), static (named, with) => new GroupText(named, with.form, ParameterTypes.Of(named, with.connection)));

    /// <param name="rows">Statements of this text.</param>
    public NpgsqlBatchCommand ToCommand(IReadOnlyList<SqlStatement> rows)
    {
        var command = new NpgsqlBatchCommand(text);
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

    /// <summary>The text that is no number is what the log of the server shows.</summary>
    static string OrError(string joined) =>
        $"""
        WITH won AS ({joined} RETURNING 1)
        SELECT CASE WHEN COUNT(*) < CARDINALITY($1) THEN CAST(CARDINALITY($1) - COUNT(*) || ' of ' || CARDINALITY($1) || ' commits were lost to others: each will be decided by itself' AS BIGINT) END FROM won
        """;

    /// <summary>With a prefix: no table of the store has such a column.</summary>
    static string Column(string name) => $"its_{name[1..]}";

    [GeneratedRegex(@"/\* (FROM|,|USING) rows \*/")]
    private static partial Regex Marker();

    [GeneratedRegex(@"/\* if won: \*/.*?/\* :if won \*/")]
    private static partial Regex Condition();
}

/// <summary>In what form a statement is carried out for a group.</summary>
enum GroupForm
{
    /// <summary>For each commit that has won.</summary>
    Each,

    /// <summary>It decides which commits have won, and answers with their numbers, from 1 on.</summary>
    EachWithOrdinals,

    /// <summary>For all, because all have won.</summary>
    All,

    /// <summary>It decides, and is an error unless all have won: the server does nothing of what comes after it, and takes back what came before.</summary>
    AllOrError,
}
