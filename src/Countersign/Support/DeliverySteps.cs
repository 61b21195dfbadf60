using System.Globalization;

namespace Countersign.Support;

/// <summary>
/// How many messages took how long, in steps: counts of several hours can be added up, which medians of several hours cannot. Between two steps messages are taken to be spread
/// evenly.
/// </summary>
sealed class DeliverySteps
{
    /// <summary>Milliseconds; those of <see cref="Stores.ActivitySql.CountMessages"/>.</summary>
    static readonly int[] Bounds = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 300_000, 1_800_000];

    readonly long[] counts = new long[Bounds.Length + 1];

    public long Total => counts.Sum();

    /// <summary>Null where there is no message.</summary>
    public DeliveryTime? Time => Total == 0 ? null : new DeliveryTime(Within(0.5), Within(0.95));

    /// <param name="detail">As the store has it: milliseconds at most; what is no step is longer than all of them.</param>
    public void Add(string detail, long count)
    {
        var step = int.TryParse(detail, NumberStyles.None, CultureInfo.InvariantCulture, out var bound) ? Array.IndexOf(Bounds, bound) : -1;
        counts[step < 0 ? Bounds.Length : step] += count;
    }

    /// <summary>The time within which a share of the messages was handed over; of what is beyond all steps, the last step.</summary>
    TimeSpan Within(double share)
    {
        var wanted = Total * share;
        var (before, step) = (0L, 0);
        while (step < Bounds.Length && before + counts[step] < wanted)
            before += counts[step++];
        if (step == Bounds.Length)
            return TimeSpan.FromMilliseconds(Bounds[^1]);

        var from = step == 0 ? 0 : Bounds[step - 1];
        return TimeSpan.FromMilliseconds(from + ((Bounds[step] - from) * (wanted - before) / counts[step]));
    }
}
