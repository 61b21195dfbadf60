namespace Countersign.Tests.Enumeration;

/// <summary>What <c>bench/enumeration</c> is made of. Nothing here depends on how long anything takes.</summary>
public sealed class EnumerationRunTests
{
    [Fact]
    public async Task A_short_run_finds_the_answers_of_all_classes_the_same()
    {
        var text = new StringWriter();
        // So few that no difference in time, however large, could be more than chance.
        await EnumerationRun.RunAsync(["--rounds", "3", "--accounts", "2"], text);
        var rows = text.ToString().Split('\n').Where(line => line.Contains("  same  ", StringComparison.Ordinal)).ToList();
        Assert.True(rows.Count == 10, text.ToString());
        foreach (var name in new[] { "free ", "free again ", "taken ", "kept ", "own, given up " })
            Assert.Equal(2, rows.Count(row => row.StartsWith($"{name.PadRight(14)} 200     same     same  ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_setting_that_there_is_not_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => EnumerationRun.RunAsync(["--round", "3"], new StringWriter()));

    [Fact]
    public void Of_times_of_one_kind_half_of_the_pairs_are_longer_and_of_later_ones_more()
    {
        double[] times = [.. Enumerable.Range(0, 1_000).Select(i => 1 + i * 7919 % 1_000 / 1_000.0)];
        var same = MannWhitney.Of(times, times);
        Assert.Equal((0.5, 1), (same.Longer, Math.Round(same.P, 6)));

        // A twentieth of the spread is enough to be seen in a thousand.
        var later = MannWhitney.Of([.. times.Select(time => time + 0.05)], times);
        Assert.InRange(later.Longer, 0.54, 0.56);
        Assert.InRange(later.P, 0, 0.001);
        var earlier = MannWhitney.Of(times, [.. times.Select(time => time + 0.05)]);
        Assert.Equal(1, Math.Round(later.Longer + earlier.Longer, 9));
        Assert.Equal(later.P, earlier.P, 9);
    }

    [Fact]
    public void The_figures_are_those_of_others()
    {
        // The example of scipy.stats.mannwhitneyu, by the normal approximation without correction for continuity: U = 17, z = 1.7146.
        double[] a = [19, 22, 16, 29, 24], b = [20, 11, 17, 12];
        var test = MannWhitney.Of(a, b);
        Assert.Equal(0.85, test.Longer, 9);
        Assert.Equal(0.0864, test.P, 4);
        Assert.Equal(0.5, MannWhitney.Of([1, 1, 1], [1, 1, 1]).Longer);
        Assert.Equal(1, MannWhitney.Of([1, 1, 1], [1, 1, 1]).P);
    }
}
