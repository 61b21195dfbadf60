using System.Globalization;

namespace Countersign.Tests.Faults.Suite;

/// <summary>The arguments of a long run: <c>--name value</c>.</summary>
sealed class Options
{
    readonly Dictionary<string, string> values = [];

    /// <param name="known">Every name that there is.</param>
    /// <exception cref="ArgumentException">Something else was given.</exception>
    public Options(string[] args, params string[] known)
    {
        for (var i = 0; i < args.Length; i += 2)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal) || !known.Contains(args[i][2..]) || i + 1 == args.Length)
                throw new ArgumentException($"'{args[i]}' is not known here: --{string.Join(" …, --", known)} …");
            values[args[i][2..]] = args[i + 1];
        }
    }

    public string Text(string name, string otherwise) => values.GetValueOrDefault(name, otherwise);

    public T Number<T>(string name, T otherwise) where T : IParsable<T> =>
        values.TryGetValue(name, out var text) ? T.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
