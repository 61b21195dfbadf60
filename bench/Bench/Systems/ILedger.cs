namespace Countersign.Bench.Systems;

/// <summary>What the database of a system says was done: it has to agree with what was answered.</summary>
interface ILedger : IDisposable
{
    /// <summary>Tokens that were redeemed since the accounts were loaded.</summary>
    long Redeemed();

    /// <summary>Wrong guesses that count; null where the system counts none.</summary>
    long? WrongGuesses();

    /// <summary>Whether all that was answered is done, messages and all.</summary>
    bool IsSettled();
}
