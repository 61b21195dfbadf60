using System.Net.Http;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Countersign.Bench.Systems;

namespace Countersign.Bench.Scenarios;

/// <summary>What the load generator knows of a running system: which codes are out, and what its ledger has to say.</summary>
sealed class Session(RunningSystem running, Sample sample) : IDisposable
{
    /// <summary>What is not measured is done with so many.</summary>
    const int RefillConnections = 16;

    static readonly TimeSpan Unlimited = TimeSpan.FromMinutes(10);

    readonly HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{running.Server.Port}") };
    readonly byte[][] codes = new byte[sample.Count][];
    int cursor;

    public RunningSystem Running => running;

    public Sample Sample => sample;

    public Wire Wire => running.System.Wire;

    /// <summary>Tokens that were redeemed so far, by the answers.</summary>
    public long Redeemed { get; set; }

    public ReadOnlySpan<byte> Code(int place) => codes[place];

    public LoadResult Run(int connections, Workload work, TimeSpan atMost) => LoadRun.Run(running.Server.Port, connections, work, atMost);

    /// <summary>So many accounts, the next in turn: where they begin.</summary>
    public int TakeAccounts(int count)
    {
        var first = cursor;
        cursor = (cursor + count) % sample.Count;
        return first;
    }

    /// <summary>Gets each of the accounts a token, and has its code.</summary>
    public void Issue(string name, int first, int count, Action<RequestBuffer, int> write)
    {
        FetchCodes();
        Run(RefillConnections, new Workload($"{name}: issuing before it", new Tickets(first, sample.Count, count), write), Unlimited);
        var fetched = FetchCodes();
        if (fetched != count)
            throw new BenchException($"{running.System.Name}: {count} tokens were issued, and {fetched} codes have arrived.\n{running.Server.Log}");
    }

    /// <summary>Takes the codes that were sent; how many.</summary>
    public int FetchCodes()
    {
        running.Settle();
        var count = 0;
        foreach (var line in http.GetStringAsync("/bench/codes").GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            codes[sample.Place(line[..space])] = System.Text.Encoding.ASCII.GetBytes(line[(space + 1)..]);
            count++;
        }

        return count;
    }

    public void Dispose() => http.Dispose();
}
