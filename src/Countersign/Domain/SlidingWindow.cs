using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Countersign.Domain;

/// <summary>
/// When something happened within a span that ends now. Exact up to <see cref="MaxEntries"/> moments; beyond, the two neighbours
/// that are closest together count as two at the later one, so that the list stays short, and an event is at worst remembered a
/// little too long, never forgotten too early.
/// </summary>
sealed class SlidingWindow : IEquatable<SlidingWindow>
{
    public const int MaxEntries = 64;

    public static readonly SlidingWindow Empty = new([]);

    readonly ImmutableArray<(long At, int Count)> entries;

    SlidingWindow(ImmutableArray<(long At, int Count)> entries) => this.entries = entries;

    /// <summary>Unix milliseconds, and how many are counted at them.</summary>
    public ReadOnlySpan<(long At, int Count)> Entries => entries.AsSpan();

    /// <param name="entries">Of <see cref="Entries"/>.</param>
    public static SlidingWindow Of((long At, int Count)[] entries) =>
        entries.Length == 0 ? Empty : new SlidingWindow(ImmutableCollectionsMarshal.AsImmutableArray(entries));

    public int Count(DateTimeOffset now, TimeSpan span)
    {
        var (start, count) = (Start(now, span), 0);
        foreach (var entry in entries)
            count += entry.At > start ? entry.Count : 0;
        return count;
    }

    public SlidingWindow Add(DateTimeOffset now, TimeSpan span)
    {
        var kept = Within(now, span);
        kept.Add((now.ToUnixTimeMilliseconds(), 1));
        while (kept.Count > MaxEntries)
            MergeClosest(kept);
        return new SlidingWindow([.. kept]);
    }

    /// <summary>When fewer than <paramref name="limit"/> will be left in the window; null where that is so now.</summary>
    public DateTimeOffset? BelowAgainAt(int limit, DateTimeOffset now, TimeSpan span)
    {
        var (start, left) = (Start(now, span), Count(now, span));
        if (left < limit)
            return null;

        foreach (var (at, count) in entries)
        {
            if (at <= start)
                continue;

            left -= count;
            if (left < limit)
                return DateTimeOffset.FromUnixTimeMilliseconds(at) + span;
        }

        return now + span;
    }

    /// <summary><c>1732300000000 1732300060000*2</c>: Unix milliseconds, with a factor where several are counted at one moment.</summary>
    public string ToStore() => entries switch
    {
        [] => "",
        [var only] => ToStore(only),
        _ => string.Join(' ', entries.Select(ToStore)),
    };

    public static SlidingWindow FromStore(string text) =>
        text.Length == 0 ? Empty : new SlidingWindow([.. text.Split(' ').Select(Parse)]);

    public bool Equals(SlidingWindow? other) => other is not null && entries.SequenceEqual(other.entries);

    public override bool Equals(object? obj) => Equals(obj as SlidingWindow);

    public override int GetHashCode() => entries.Length;

    /// <summary>With room for one more.</summary>
    List<(long At, int Count)> Within(DateTimeOffset now, TimeSpan span)
    {
        var start = Start(now, span);
        var kept = new List<(long At, int Count)>(entries.Length + 1);
        foreach (var entry in entries)
        {
            if (entry.At > start)
                kept.Add(entry);
        }

        return kept;
    }

    static long Start(DateTimeOffset now, TimeSpan span) => (now - span).ToUnixTimeMilliseconds();

    static void MergeClosest(List<(long At, int Count)> entries)
    {
        var closest = 1;
        for (var i = 2; i < entries.Count; i++)
        {
            if (entries[i].At - entries[i - 1].At < entries[closest].At - entries[closest - 1].At)
                closest = i;
        }

        entries[closest] = (entries[closest].At, entries[closest - 1].Count + entries[closest].Count);
        entries.RemoveAt(closest - 1);
    }

    static string ToStore((long At, int Count) entry)
    {
        var at = entry.At.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return entry.Count == 1 ? at : $"{at}*{entry.Count}";
    }

    static (long At, int Count) Parse(string entry)
    {
        var parts = entry.Split('*');
        var invariant = System.Globalization.CultureInfo.InvariantCulture;
        return (long.Parse(parts[0], invariant), parts.Length == 1 ? 1 : int.Parse(parts[1], invariant));
    }
}
