using System.Data.Common;
using System.Globalization;

namespace Countersign.Bench.Systems;

/// <summary>A ledger by queries that give one number each.</summary>
sealed class SqlLedger(DbConnection connection) : ILedger
{
    /// <inheritdoc cref="ILedger.Changes"/>
    public string? Changes { get; init; }

    /// <summary>With {0} for the value, which is letters and digits.</summary>
    public string? Showing { get; init; }

    /// <inheritdoc cref="ILedger.WrongGuesses"/>
    public string? WrongGuesses { get; init; }

    /// <summary>How much is left to do; null where nothing ever is.</summary>
    public string? Unsettled { get; init; }

    public void Dispose() => connection.Dispose();

    long? ILedger.Changes() => Number(Changes);

    long? ILedger.Showing(string value) => Number(Showing is null ? null : string.Format(CultureInfo.InvariantCulture, Showing, value));

    long? ILedger.WrongGuesses() => Number(WrongGuesses);

    bool ILedger.IsSettled() => Number(Unsettled) is null or 0;

    long? Number(string? text)
    {
        if (text is null)
            return null;

        using var command = connection.CreateCommand();
        command.CommandText = text;
        return (long)command.ExecuteScalar()!;
    }
}
