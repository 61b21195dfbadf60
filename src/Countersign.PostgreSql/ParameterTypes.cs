using Npgsql;
using NpgsqlTypes;

namespace Countersign.PostgreSql;

/// <summary>
/// What the server takes the parameters of a statement for, by their names. A null says nothing of its type, and a statement that was prepared for other
/// types is of no use: the server would make a plan for each execution.
/// </summary>
static class ParameterTypes
{
    static readonly ByText<IReadOnlyDictionary<string, NpgsqlDbType>> Known = new();

    /// <param name="text">With named parameters, as <see cref="Stores.SqlStatement"/> has it.</param>
    /// <param name="connection">Is asked, the first time.</param>
    public static IReadOnlyDictionary<string, NpgsqlDbType> Of(string text, NpgsqlConnection connection) => Known.Of(text, connection, Ask);

    static IReadOnlyDictionary<string, NpgsqlDbType> Ask(string named, NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(named, connection);
        NpgsqlCommandBuilder.DeriveParameters(command);
        return command.Parameters.ToDictionary(parameter => $"@{parameter.ParameterName.TrimStart('@')}", parameter => parameter.NpgsqlDbType);
    }
}
