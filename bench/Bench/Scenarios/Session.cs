using System.Globalization;
using System.Text;
using Countersign.Bench.Load;
using Countersign.Bench.Systems;

namespace Countersign.Bench.Scenarios;

/// <summary>What the load generator knows of a running system: which codes are out, and how many changes were answered for. It ends with it.</summary>
/// <param name="hasAffinity">Whether the requests for an account go to the same server each time, where there are several.</param>
sealed class Session(RunningSystem running, Sample sample, bool hasAffinity = false) : IDisposable
{
    /// <summary>What is not measured is done with so many.</summary>
    const int UnmeasuredConnections = 16;

    public static readonly TimeSpan Unlimited = TimeSpan.FromMinutes(10);

    readonly List<HttpClient> https =
        [.. running.Servers.Select(server => new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{server.Port}")) })];
    readonly KnownCodes codes = new(sample.Count);
    long changes;
    int values;
    int cursor;

    public RunningSystem Running => running;

    public Sample Sample => sample;

    public Wire Wire => running.System.Wire;

    public KnownCodes Codes => codes;

    /// <summary>Wrong guesses of each account since it last redeemed a token.</summary>
    public int[] WrongGuesses { get; } = new int[sample.Count];

    /// <summary>8 letters and digits that no change has set yet.</summary>
    public string NewValue() => string.Create(CultureInfo.InvariantCulture, $"Code{++values:D4}");

    /// <summary>So many accounts, the next in turn: where they begin.</summary>
    public int TakeAccounts(int count)
    {
        var first = cursor;
        cursor = (cursor + count) % sample.Count;
        return first;
    }

    /// <summary>Each account of a range once.</summary>
    public Tickets Once(int first, int count) => new(first, count, sample.Count, count);

    public LoadResult Run(int connections, Workload work, TimeSpan atMost)
    {
        var servers = running.Servers;
        var piles = hasAffinity ? work.Tickets.Dealt(servers.Count) : work.Tickets.Together();
        return LoadRun.Run([.. servers.Select((server, i) => new Lane(server.Port, piles[i % piles.Count]))], connections, work, atMost);
    }

    public LoadResult RunUnmeasured(Workload work) => Run(UnmeasuredConnections, work, Unlimited);

    /// <summary>Gets each of the accounts a token, and its code.</summary>
    public void Issue(string name, int first, int count, Action<RequestBuffer, int> write)
    {
        DropCodes();
        _ = RunUnmeasured(new Workload($"{name}, issuing before it", Once(first, count), write));
        ExpectCodes(count);
    }

    /// <summary>Takes the codes of requests whose codes nobody needs.</summary>
    public void DropCodes() => _ = FetchCodes();

    public void ExpectCodes(int count)
    {
        if (FetchCodes() is var fetched && fetched != count)
            throw running.Failure($"{count} tokens were issued, and {fetched} codes have arrived.");
    }

    /// <summary>Adds to the changes that were answered for, and asks the database whether it knows of as many.</summary>
    /// <param name="value">What those changes have set.</param>
    public void CheckChanges(int count, string value)
    {
        changes += count;
        if (running.Ledger.Changes() is { } stored && stored != changes)
            throw running.Failure($"{changes} changes were answered for, and {stored} are in the database.");
        if (running.Ledger.Showing(value) is { } showing && showing != count)
            throw running.Failure($"{count} changes to {value} were answered for, and {showing} are in the database.");
    }

    public void Dispose()
    {
        https.ForEach(http => http.Dispose());
        running.Dispose();
    }

    /// <summary>Takes the codes that were sent; how many.</summary>
    int FetchCodes()
    {
        running.Settle();
        var count = 0;
        foreach (var line in https.SelectMany(http => http.GetStringAsync("/bench/codes").GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries)))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            codes.Take(sample.Place(line[..space]), Encoding.ASCII.GetBytes(line[(space + 1)..]));
            count++;
        }

        return count;
    }
}
