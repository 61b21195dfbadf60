using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Countersign.PostgreSql;

/// <summary>What is worked out once for each text of a statement. No text is built from input, so there are as many as the source has.</summary>
sealed class ByText<T> where T : class
{
    readonly ConcurrentDictionary<string, T> known = new();

    /// <summary>By the object, which is the same one each time: a text of a thousand characters is not hashed for every statement.</summary>
    readonly ConditionalWeakTable<string, T> seen = [];

    /// <param name="with">Passed on to <paramref name="make"/>, so that it need not be kept for a text that is known.</param>
    public T Of<TWith>(string text, TWith with, Func<string, TWith, T> make) => seen.TryGetValue(text, out var found) ? found : Make(text, with, make);

    T Make<TWith>(string text, TWith with, Func<string, TWith, T> make) => seen.GetValue(text, asked => known.GetOrAdd(asked, make, with));
}
