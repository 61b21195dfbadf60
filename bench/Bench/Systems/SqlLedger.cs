using System.Data.Common;

namespace Countersign.Bench.Systems;

/// <summary>A ledger by queries that give one number each.</summary>
/// <param name="WrongGuesses">Null where none are counted.</param>
/// <param name="Unsettled">How much is left to do; null where nothing ever is.</param>
sealed record SqlLedger(DbConnection Connection, string Redeemed, string? WrongGuesses, string? Unsettled = null) : ILedger
{
    public void Dispose() => Connection.Dispose();

    long ILedger.Redeemed() => Number(Redeemed);

    long? ILedger.WrongGuesses() => WrongGuesses is null ? null : Number(WrongGuesses);

    bool ILedger.IsSettled() => Unsettled is null || Number(Unsettled) == 0;

    long Number(string text)
    {
        using var command = Connection.CreateCommand();
        command.CommandText = text;
        return (long)command.ExecuteScalar()!;
    }
}
