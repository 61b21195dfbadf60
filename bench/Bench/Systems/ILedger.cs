namespace Countersign.Bench.Systems;

/// <summary>What the database of a system says was done: it has to agree with what was answered. Null where the system does not keep that.</summary>
interface ILedger : IDisposable
{
    /// <summary>Changes of accounts, since they were loaded.</summary>
    long? Changes();

    /// <summary>Accounts that show a value which a change has set.</summary>
    long? Showing(string value);

    /// <summary>Wrong guesses that count.</summary>
    long? WrongGuesses();

    /// <summary>Whether all that was answered is done, messages and all.</summary>
    bool IsSettled();
}
