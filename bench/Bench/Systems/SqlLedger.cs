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

    /// <summary>How much is left to do, with {0} for now in Unix milliseconds; null where nothing ever is.</summary>
    public string? Unsettled { get; init; }

    public void Dispose() => connection.Dispose();

    long? ILedger.Changes() => Number(Changes);

    long? ILedger.Showing(string value) => Number(Showing, value);

    long? ILedger.WrongGuesses() => Number(WrongGuesses);

    bool ILedger.IsSettled() => Number(Unsettled, TestedSystem.Clock.GetUtcNow().ToUnixTimeMilliseconds()) is null or 0;

    long? Number(string? format, object? value = null)
    {
        if (format is null)
            return null;

        using var command = connection.CreateCommand();
        command.CommandText = string.Format(CultureInfo.InvariantCulture, format, value);
        return (long)command.ExecuteScalar()!;
    }
}
