namespace Countersign.Tests.Faults.Suite;

/// <summary>Kills, stops and starts again whatever the service is made of, one blow after the other, sometimes two at once.</summary>
sealed class Nemesis(Cluster cluster, FaultDatabase database, int seed)
{
    static readonly TimeSpan MaxRest = TimeSpan.FromSeconds(1);

    readonly Random random = new(seed);
    readonly Dictionary<string, int> struck = [];

    /// <summary>How often each blow was struck.</summary>
    public IReadOnlyDictionary<string, int> Struck => struck;

    public async Task RageAsync(CancellationToken ct)
    {
        var blows = cluster.Nodes.SelectMany(Blows).Concat(database.Blows).ToList();
        while (!ct.IsCancellationRequested)
        {
            var first = Draw(blows);
            // Never the same victim twice at once: a blow ends with its victim running.
            var second = Draw(blows);
            await Task.WhenAll(random.Next(4) == 0 && second.Victim != first.Victim ? [StrikeAsync(first), StrikeAsync(second)] : [StrikeAsync(first)]);
            await Task.Delay(MaxRest * random.NextDouble(), CancellationToken.None);
        }
    }

    Task StrikeAsync(Blow blow)
    {
        struck[blow.Name] = struck.GetValueOrDefault(blow.Name) + 1;
        return blow.StrikeAsync(new Random(random.Next()));
    }

    Blow Draw(List<Blow> blows)
    {
        var number = random.Next(blows.Sum(blow => blow.Weight));
        foreach (var blow in blows)
        {
            number -= blow.Weight;
            if (number < 0)
                return blow;
        }

        throw new InvalidOperationException("There is no blow to strike.");
    }

    static IEnumerable<Blow> Blows(Node node) =>
    [
        new("kill", node.Number, 4, async random =>
        {
            await node.KillAsync();
            await Task.Delay(random.Next(500));
            await node.StartAsync();
        }),
        new("pause", node.Number, 2, random => node.PauseAsync(TimeSpan.FromMilliseconds(random.Next(1_000, 8_000)))),
        new("restart", node.Number, 1, async _ =>
        {
            await node.StopAsync();
            await node.StartAsync();
        }),
    ];
}
