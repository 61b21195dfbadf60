namespace Countersign.Tests.Enumeration;

/// <summary>What an address may be to the account that names it.</summary>
enum AddressClass
{
    Free,

    /// <summary>Other addresses that are free, asked for by other accounts: how far classes are apart that are the same.</summary>
    FreeAgain,
    Taken,

    /// <summary>Given up by another account, and kept for it.</summary>
    Kept,

    /// <summary>Given up by the account itself, which may have it back.</summary>
    Own,
}

/// <summary>All requests of one class: how long they took, and the answers that there were, but for what is drawn anew and the time of day.</summary>
sealed class ClassTimes(AddressClass kind)
{
    public AddressClass Class => kind;

    public List<double> Milliseconds { get; } = [];

    public HashSet<string> Statuses { get; } = [];

    public HashSet<string> Headers { get; } = [];

    public HashSet<string> Bodies { get; } = [];

    public string Name => kind switch
    {
        AddressClass.Free => "free",
        AddressClass.FreeAgain => "free again",
        AddressClass.Taken => "taken",
        AddressClass.Kept => "kept",
        AddressClass.Own => "own, given up",
    };

    public double Quantile(double share)
    {
        var sorted = Milliseconds.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)(share * sorted.Count))];
    }
}
