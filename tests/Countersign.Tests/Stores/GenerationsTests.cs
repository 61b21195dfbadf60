using Countersign.Stores;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Stores;

public sealed class GenerationsTests
{
    [Fact]
    public void What_was_used_lately_is_there_and_what_was_not_makes_room()
    {
        var memory = new Generations<int, string>(capacity: 10);
        memory.Set(0, "often");
        for (var i = 1; i <= 100; i++)
        {
            memory.Set(i, $"{i}");
            Assert.True(memory.TryGet(0, out var often));
            Assert.Equal("often", often);
        }

        Assert.InRange(Enumerable.Range(1, 100).Count(i => memory.TryGet(i, out _)), 9, 19);
        Assert.True(memory.TryGet(100, out var last));
        Assert.Equal("100", last);
        memory.Remove(100);
        Assert.False(memory.TryGet(100, out _));
    }

    [Fact]
    public void What_nobody_asks_for_is_gone_in_time()
    {
        var clock = new FakeTimeProvider();
        var memory = new Generations<int, string>(capacity: 10, TimeSpan.FromMinutes(5), clock);
        memory.Set(1, "asked for");
        memory.Set(2, "not asked for");
        for (var i = 0; i < 2; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(5));
            Assert.True(memory.TryGet(1, out _));
        }

        Assert.False(memory.TryGet(2, out _));
    }

    [Fact]
    public void Many_at_once_lose_nothing_that_has_room()
    {
        var memory = new Generations<int, string>(capacity: 100_000);
        Parallel.For(0, 50_000, i => memory.Set(i, $"{i}"));
        Assert.All(Enumerable.Range(0, 50_000), i => Assert.True(memory.TryGet(i, out var value) && value == $"{i}"));
    }
}
