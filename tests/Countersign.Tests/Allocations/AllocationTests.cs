using BenchmarkDotNet.Attributes;

namespace Countersign.Tests.Allocations;

/// <summary>The benchmarks of <c>bench/Micro</c>, compared with the last release by what they allocate, which does not vary as times do.</summary>
public sealed class AllocationTests
{
    const string Update = "COUNTERSIGN_UPDATE_DOCS";

    [Fact]
    public async Task No_benchmark_allocates_more_than_it_did_at_the_last_release()
    {
        var counted = await AllocationRun.StartAsync(TestContext.Current.CancellationToken);
        if (Environment.GetEnvironmentVariable(Update) is not null)
            (AllocationRecord.Read() with { Bytes = counted }).Write();

        var complaints = string.Join('\n', AllocationRecord.Read().Complaints(counted));
        Assert.True(complaints.Length == 0, $"{complaints}\nWhere that is meant: {Update}=1 ./test -class '*AllocationTests' records what is allocated now.");
        Assert.InRange(counted.Count, 30, 100);
    }

    [Fact]
    public void A_benchmark_that_allocates_more_is_named_with_both_figures()
    {
        var counted = AllocationCount.Of([typeof(Growing)]);

        Assert.Equal(
            ["Growing.Block allocates 1,024 bytes a call, and 1,000 at 0.9.0."],
            Record(("Growing.Block", 1_000), ("Growing.Nothing", 0)).Complaints(counted));
    }

    [Fact]
    public void A_benchmark_without_a_figure_and_a_figure_without_a_benchmark_are_named()
    {
        var counted = AllocationCount.Of([typeof(Growing)]);

        Assert.Equal(
            ["Growing.Nothing has no figure in bench/Micro/allocations.json.", "bench/Micro/allocations.json has a figure for Growing.Gone, and there is no such benchmark."],
            Record(("Growing.Block", 1_024), ("Growing.Gone", 0)).Complaints(counted));
    }

    [Theory]
    [InlineData(0, 16, false)]
    [InlineData(0, 17, true)]
    [InlineData(10_000, 10_200, false)]
    [InlineData(10_000, 10_201, true)]
    [InlineData(10_000, 5_000, false)]
    public void A_call_may_allocate_less_or_a_little_more(long recorded, long bytes, bool complains) =>
        Assert.Equal(complains, Record(("A.B", recorded)).Complaints(new Dictionary<string, long> { ["A.B"] = bytes }).Any());

    [Fact]
    public void Bytes_are_counted_exactly()
    {
        var isOdd = false;

        // An array has its length and 24 bytes, an object at least 24; in 64 bits.
        Assert.Equal(1_024, AllocationCount.Of(() => new byte[1_000]));
        Assert.Equal(24, AllocationCount.Of(() => new object()));
        Assert.Equal(0, AllocationCount.Of(() => true));
        Assert.Equal(512, AllocationCount.Of(() => (isOdd = !isOdd) ? new byte[1_000] : []));
    }

    static AllocationRecord Record(params (string Name, long Bytes)[] figures) =>
        new("0.9.0", "", new SortedDictionary<string, long>(figures.ToDictionary(figure => figure.Name, figure => figure.Bytes), StringComparer.Ordinal));

    /// <summary>What a benchmark may have become.</summary>
    internal sealed class Growing
    {
        byte[] last = [];

        [Benchmark]
        public object Block() => last = new byte[1_000];

        [Benchmark]
        public bool Nothing() => last.Length == 1_000;
    }
}
