using Countersign.Domain;
using CsCheck;

namespace Countersign.Tests.Domain;

public sealed class SlidingWindowTests
{
    static readonly TimeSpan Span = TimeSpan.FromHours(1);

    /// <summary>Pauses before each of a run of events, many of them short, so that neighbours crowd.</summary>
    static readonly Gen<int[]> Pauses = Gen.Frequency((5, Gen.Int[0, 2_000]), (3, Gen.Int[0, 60_000]), (1, Gen.Int[0, 4_000_000])).Array[0, 300];

    [Fact]
    public void Up_to_64_events_it_is_exact() =>
        Pauses.Sample(
            pauses =>
            {
                var (window, all, now) = (SlidingWindow.Empty, new List<DateTimeOffset>(), World.Start);
                foreach (var pause in pauses)
                {
                    now = now.AddMilliseconds(pause);
                    window = window.Add(now, Span);
                    all.Add(now);
                    var within = all.Where(at => at > now - Span).ToList();
                    if (within.Count > SlidingWindow.MaxEntries)
                        return;

                    Assert.True(within.Count == window.Count(now, Span), $"{window.Count(now, Span)}, and not {within.Count}");
                    foreach (var limit in new[] { 1, 2, 5, within.Count - 1, within.Count, within.Count + 1 }.Where(limit => limit > 0))
                        Assert.True(BelowAgainAt(within, limit) == window.BelowAgainAt(limit, now, Span), $"limit {limit}");
                }
            },
            iter: 300);

    [Fact]
    public void Beyond_64_events_it_forgets_none_too_early_and_none_by_more_than_a_span() =>
        Pauses.Sample(
            pauses =>
            {
                var (window, all, now) = (SlidingWindow.Empty, new List<DateTimeOffset>(), World.Start);
                foreach (var pause in pauses)
                {
                    now = now.AddMilliseconds(pause);
                    window = window.Add(now, Span);
                    all.Add(now);
                    Assert.True(window.Count(now, Span) >= all.Count(at => at > now - Span));
                    Assert.True(window.Count(now, Span) <= all.Count(at => at > now - Span - Span));
                }

                Assert.True(window.ToStore().Split(' ').Length <= SlidingWindow.MaxEntries);
                Assert.Equal(0, window.Count(now + Span, Span));
                foreach (var limit in new[] { 1, 5, 64, 100, 250 })
                {
                    var exact = BelowAgainAt(all.Where(at => at > now - Span).ToList(), limit);
                    var told = window.BelowAgainAt(limit, now, Span);
                    Assert.True(exact is null || told >= exact, $"{limit}: {told} before {exact}");
                    Assert.True(told is null || told <= now + Span);
                }
            },
            iter: 300);

    [Fact]
    public void It_comes_back_from_the_store_as_it_was() =>
        Pauses.Sample(
            pauses =>
            {
                var (window, now) = (SlidingWindow.Empty, World.Start);
                foreach (var pause in pauses)
                {
                    now = now.AddMilliseconds(pause);
                    window = window.Add(now, Span);
                }

                Assert.Equal(window, SlidingWindow.FromStore(window.ToStore()));
            },
            iter: 300);

    [Fact]
    public void The_text_in_the_store_is_milliseconds_with_a_factor()
    {
        var window = SlidingWindow.FromStore("1767614400000 1767614460000*2");
        Assert.Equal(3, window.Count(World.Start.AddMinutes(1), Span));
        Assert.Equal(2, window.Count(World.Start + Span, Span));
        Assert.Equal("1767614400000 1767614460000*2", window.ToStore());
        Assert.Equal("", SlidingWindow.Empty.ToStore());
        Assert.Equal(SlidingWindow.Empty, SlidingWindow.FromStore(""));
    }

    [Fact]
    public void The_two_that_are_closest_count_as_two_at_the_later_one()
    {
        var window = SlidingWindow.Empty;
        for (var i = 0; i < SlidingWindow.MaxEntries; i++)
            window = window.Add(World.Start.AddSeconds(i * 10), Span);
        var last = World.Start.AddSeconds((63 * 10) + 1);
        window = window.Add(last, Span);

        Assert.Equal(65, window.Count(last, Span));
        Assert.EndsWith($" {last.ToUnixTimeMilliseconds()}*2", window.ToStore(), StringComparison.Ordinal);
    }

    /// <summary>The plain way to say it: the event that has to leave for fewer than the limit to be left, and when it does.</summary>
    static DateTimeOffset? BelowAgainAt(List<DateTimeOffset> within, int limit) =>
        within.Count < limit ? null : within.Order().ElementAt(within.Count - limit) + Span;
}
