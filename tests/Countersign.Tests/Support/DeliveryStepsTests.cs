using Countersign.Stores;
using Countersign.Support;

namespace Countersign.Tests.Support;

public sealed class DeliveryStepsTests
{
    readonly DeliverySteps steps = new();

    [Fact]
    public void Without_a_message_there_is_no_time()
    {
        Assert.Null(steps.Time);
        steps.Add("50", 0);
        Assert.Null(steps.Time);
        Assert.Equal(0, steps.Total);
    }

    [Fact]
    public void Between_two_steps_messages_are_spread_evenly()
    {
        steps.Add("100", 50);
        steps.Add("1000", 40);
        steps.Add("5000", 10);

        Assert.Equal(100, steps.Total);
        // The 50th is the last of the first step; the 95th is in the middle of 2 to 5 seconds.
        Assert.Equal(new DeliveryTime(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(3_500)), steps.Time);
    }

    [Fact]
    public void The_fastest_begin_at_nothing()
    {
        steps.Add("50", 10);
        Assert.Equal(TimeSpan.FromMilliseconds(25), steps.Time!.Median);
    }

    [Fact]
    public void What_is_beyond_all_steps_took_the_last_of_them_at_least()
    {
        steps.Add("50", 1);
        steps.Add("more", 9);
        Assert.Equal((TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(30)), (steps.Time!.Median, steps.Time.Percentile95));
    }

    [Fact]
    public void The_steps_are_those_by_which_the_store_counts()
    {
        var counted = ActivitySql.CountMessages.Split('\n')
            .Select(line => line.Trim())
            .Where(line => line.StartsWith("WHEN finished_at - created_at <= ", StringComparison.Ordinal))
            .Select(line => line.Split(' '))
            .Select(words => (Bound: words[5], Name: words[7].Trim('\'')))
            .ToList();

        Assert.Equal(12, counted.Count);
        foreach (var (bound, name) in counted)
        {
            var one = new DeliverySteps();
            one.Add(name, 1);
            Assert.Equal(bound, name);
            // In a step of its own, and not among those that are beyond all.
            Assert.InRange(one.Time!.Percentile95.TotalMilliseconds, 0, int.Parse(bound, System.Globalization.CultureInfo.InvariantCulture));
            Assert.NotEqual(name == "1800000" ? TimeSpan.Zero : TimeSpan.FromMinutes(30), one.Time.Percentile95);
        }
    }
}
