namespace Countersign.Tests.Faults.Suite;

/// <summary>A number of accounts at a time, each with two owners who act at once; when an account has seen enough, the next takes its place.</summary>
sealed class Load(Cluster cluster, History history, Sink sink, int accounts)
{
    const int OwnersPerAccount = 2;
    const int MaxActs = 12;

    int lastAccount;

    public Tally Tally { get; } = new();

    public int Accounts => lastAccount;

    public Task RunAsync(CancellationToken ct) => Task.WhenAll(Enumerable.Range(0, accounts).Select(_ => Task.Run(() => LiveAsync(ct), CancellationToken.None)));

    async Task LiveAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref lastAccount);
            var household = new Household(number);
            var owners = Enumerable.Range(0, OwnersPerAccount)
                .Select(_ => new Owner(cluster, history, sink, Tally, household))
                .ToList();
            await owners[0].OpenAsync();
            await Task.WhenAll(owners.Select(owner => ActAsync(owner, ct)));
        }
    }

    static async Task ActAsync(Owner owner, CancellationToken ct)
    {
        for (var act = 0; act < MaxActs && !ct.IsCancellationRequested; act++)
            await owner.ActAsync();
    }
}
