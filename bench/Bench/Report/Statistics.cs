using System.Globalization;

namespace Countersign.Bench.Report;

/// <summary>A median, and what it is the middle of.</summary>
sealed record Spread(double Median, double Min, double Max)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Median:F2} ({Min:F2}–{Max:F2})");
}

static class Statistics
{
    public static double? Median(IEnumerable<double> values) => Spread(values)?.Median;

    public static Spread? Spread(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
            return null;

        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}
