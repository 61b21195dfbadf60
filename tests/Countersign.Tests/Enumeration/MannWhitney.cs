namespace Countersign.Tests.Enumeration;

/// <summary>
/// The rank test of Mann and Whitney, by its normal approximation: of all pairs of one time of each class, how many have the first longer? Half of them, but
/// for chance, where the classes are the same. It asks nothing of how times are distributed.
/// </summary>
/// <param name="Longer">The share of pairs in which the first is longer; a tie counts as half.</param>
/// <param name="P">How often chance alone moves the share at least as far from a half, where the classes are the same.</param>
sealed record MannWhitney(double Longer, double P)
{
    public static MannWhitney Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        var all = first.Select(time => (time, isFirst: true)).Concat(second.Select(time => (time, isFirst: false))).OrderBy(item => item.time).ToList();
        var (n, m, rankSum, ties) = ((double)first.Count, (double)second.Count, 0.0, 0.0);
        for (var from = 0; from < all.Count;)
        {
            var to = from;
            while (to < all.Count && all[to].time.Equals(all[from].time))
                to++;
            // Equal times share the mean of their ranks, which count from 1.
            rankSum += (from + 1 + to) / 2.0 * all.Skip(from).Take(to - from).Count(item => item.isFirst);
            ties += Math.Pow(to - from, 3) - (to - from);
            from = to;
        }

        var wins = rankSum - n * (n + 1) / 2;
        var deviation = Math.Sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))));
        return new MannWhitney(wins / (n * m), deviation > 0 ? TwoSided((wins - n * m / 2) / deviation) : 1);
    }

    /// <summary>The tails of the normal distribution beyond ±z: Abramowitz and Stegun, 7.1.26, good to 1.5 in ten million.</summary>
    static double TwoSided(double z)
    {
        var x = Math.Abs(z) / Math.Sqrt(2);
        var t = 1 / (1 + 0.3275911 * x);
        var polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
        return polynomial * Math.Exp(-x * x);
    }
}
