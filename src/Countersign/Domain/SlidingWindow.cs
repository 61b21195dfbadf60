using System.Collections.Immutable;

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

    public int Count(DateTimeOffset now, TimeSpan span) => Within(now, span).Sum(entry => entry.Count);

    public SlidingWindow Add(DateTimeOffset now, TimeSpan span)
    {
        var kept = Within(now, span).Append((At: now.ToUnixTimeMilliseconds(), Count: 1)).ToList();
        while (kept.Count > MaxEntries)
            MergeClosest(kept);
        return new SlidingWindow([.. kept]);
    }

    /// <summary>When fewer than <paramref name="limit"/> will be left in the window; null where that is so now.</summary>
    public DateTimeOffset? BelowAgainAt(int limit, DateTimeOffset now, TimeSpan span)
    {
        var kept = Within(now, span).ToList();
        var left = kept.Sum(entry => entry.Count);
        if (left < limit)
            return null;

        foreach (var (at, count) in kept)
        {
            left -= count;
            if (left < limit)
                return DateTimeOffset.FromUnixTimeMilliseconds(at) + span;
        }

        return now + span;
    }

    /// <summary><c>1732300000000 1732300060000*2</c>: Unix milliseconds, with a factor where several are counted at one moment.</summary>
    public string ToStore() => string.Join(' ', entries.Select(entry => entry.Count == 1 ? $"{entry.At}" : $"{entry.At}*{entry.Count}"));

    public static SlidingWindow FromStore(string text) =>
        text.Length == 0 ? Empty : new SlidingWindow([.. text.Split(' ').Select(Parse)]);

    public bool Equals(SlidingWindow? other) => other is not null && entries.SequenceEqual(other.entries);

    public override bool Equals(object? obj) => Equals(obj as SlidingWindow);

    public override int GetHashCode() => entries.Length;

    IEnumerable<(long At, int Count)> Within(DateTimeOffset now, TimeSpan span)
    {
        var start = (now - span).ToUnixTimeMilliseconds();
        return entries.Where(entry => entry.At > start);
    }

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

    static (long At, int Count) Parse(string entry)
    {
        var parts = entry.Split('*');
        var invariant = System.Globalization.CultureInfo.InvariantCulture;
        return (long.Parse(parts[0], invariant), parts.Length == 1 ? 1 : int.Parse(parts[1], invariant));
    }
}
