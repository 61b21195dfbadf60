using System.Numerics;

namespace Countersign.Bench.Load;

/// <summary>How many answers took how long, in buckets that are less than one per cent wide. Recording allocates nothing.</summary>
sealed class Latencies
{
    /// <summary>Each doubling of the time has 128 buckets.</summary>
    const int Bits = 7;
    const int PerDoubling = 1 << Bits;

    readonly long[] counts = new long[(64 - Bits) * PerDoubling];

    public long Total { get; private set; }

    public void Record(long nanoseconds)
    {
        counts[Bucket(nanoseconds)]++;
        Total++;
    }

    public void Add(Latencies other)
    {
        for (var i = 0; i < counts.Length; i++)
            counts[i] += other.counts[i];
        Total += other.Total;
    }

    /// <param name="share">0.99 for the time that 99 per cent of the answers kept.</param>
    public double Milliseconds(double share)
    {
        var left = (long)Math.Ceiling(Total * share);
        for (var i = 0; i < counts.Length; i++)
        {
            left -= counts[i];
            if (left <= 0 && counts[i] > 0)
                return UpperBound(i) / 1e6;
        }

        return 0;
    }

    static int Bucket(long nanoseconds)
    {
        var doublings = Math.Max(0, BitOperations.Log2((ulong)nanoseconds | 1) - Bits);
        return (doublings * PerDoubling) + (int)(nanoseconds >> doublings);
    }

    static double UpperBound(int bucket)
    {
        var doublings = Math.Max(0, (bucket / PerDoubling) - 1);
        return (double)(bucket - (doublings * PerDoubling) + 1) * (1L << doublings);
    }
}
