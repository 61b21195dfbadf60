using System.Globalization;

namespace Countersign.Bench;

/// <summary>Goes through the arguments of a command, an option after the other, each followed by its value.</summary>
sealed class ArgumentReader(string command, string usage, string[] args)
{
    int next;

    /// <summary>The option that is read.</summary>
    public string Option { get; private set; } = "";

    /// <exception cref="HelpException">It is asked what there is.</exception>
    public bool Read()
    {
        if (next == args.Length)
            return false;

        Option = args[next++];
        return Option is "--help" or "-h" ? throw new HelpException(usage) : true;
    }

    public UsageException Unknown() => new($"{command} does not know {Option}. See {command} --help.");

    public int Number(int min, int max) => Number(Value(), min, max);

    public IReadOnlyList<int> Numbers(int min, int max) => [.. Value().Split(',').Select(value => Number(value, min, max))];

    public IReadOnlyList<string> Names(IReadOnlyList<string> known)
    {
        var names = Value().Split(',');
        return names.FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? throw new UsageException($"{Option}: there is no {unknown}; there are {string.Join(", ", known)}.")
            : names;
    }

    string Value() => next < args.Length ? args[next++] : throw new UsageException($"{Option} has no value. See {command} --help.");

    int Number(string value, int min, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new UsageException($"{Option} is {value}; it is a whole number from {min} to {max}.");
}
