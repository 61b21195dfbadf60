using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Faults.Suite;

/// <summary>
/// Tokens, each of them redeemed by several at the same moment over three nodes: one of them has to succeed, and no more. All requests for a token are
/// sent before any of their answers is waited for; as many tokens are raced at a time as there are redeemers for.
/// </summary>
sealed partial class RaceRun(Cluster cluster, Sink sink, int tokens, int redeemers, int perToken, TextWriter output)
{
    /// <summary>Then the next account takes over: what is kept of one does not grow with the run.</summary>
    const int TokensPerAccount = 100;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly ConcurrentDictionary<string, long> answers = [];
    int lastToken;
    int lastAccount;
    int done;
    int doubles;
    int without;

    /// <summary>The command: <c>races --tokens 100000 --redeemers 64 --per-token 8 --engine postgres</c>.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var options = new Options(args, "tokens", "redeemers", "per-token", "engine");
        using var folder = new TestFolder();
        await using var database = await FaultDatabase.StartAsync(options.Text("engine", "postgres"), folder);
        await using var cluster = await Cluster.StartAsync(folder, database, "Countersign:Tokens:Lifetimes:0:Lifetime=00:30:00");
        await using var sink = new Sink(cluster.Nodes.Select(node => node.Sink));
        var run = new RaceRun(
            cluster, sink, options.Number("tokens", 100_000), options.Number("redeemers", 64), options.Number("per-token", 8), output);
        return await run.RunAsync(database);
    }

    async Task<int> RunAsync(FaultDatabase database)
    {
        var clock = Stopwatch.StartNew();
        var racing = Task.WhenAll(Enumerable.Range(0, redeemers / perToken).Select(_ => Task.Run(RaceAsync)));
        while (await Task.WhenAny(racing, Task.Delay(TimeSpan.FromSeconds(30))) != racing)
            output.WriteLine($"  {done} tokens, {answers.Values.Sum()} requests, {doubles} doubles, {clock.Elapsed.TotalSeconds:0} s");
        await racing;
        var seconds = clock.Elapsed.TotalSeconds;

        var engine = database.NewEngine();
        long stored;
        await using (engine as IAsyncDisposable)
            stored = await CountRedeemedAsync(engine);
        var lost = await LostCommitsAsync();
        output.WriteLine($"tokens          {done}, raced by {redeemers} redeemers, each by {perToken} of them at the same moment over {Cluster.Size} nodes");
        output.WriteLine($"requests        {answers.Values.Sum()}: {string.Join(", ", answers.OrderByDescending(answer => answer.Value).Select(answer => $"{answer.Key} {answer.Value}"))}");
        output.WriteLine($"successes       {answers.GetValueOrDefault("200")} answered, {stored} in the audit trails");
        output.WriteLine($"lost commits    {lost} decisions that somebody else's was faster than");
        output.WriteLine($"doubles         {doubles}");
        output.WriteLine($"without success {without}");
        output.WriteLine($"seconds         {seconds:0}, {answers.Values.Sum() / seconds:0} requests a second");
        return doubles == 0 && without == 0 && stored <= done && stored >= answers.GetValueOrDefault("200") ? 0 : 1;
    }

    async Task RaceAsync()
    {
        while (Volatile.Read(ref lastToken) < tokens)
        {
            var account = new Household(Interlocked.Increment(ref lastAccount));
            await SendAsync(
                HttpMethod.Put, $"/api/v1/admin/accounts/{account.UserId}", new { email = account.FirstEmail },
                Cluster.Bearer("platform", "countersign.accounts"));
            for (var i = 0; i < TokensPerAccount && Interlocked.Increment(ref lastToken) <= tokens; i++)
                await RaceAsync(account, new Purpose(i % 2 == 0 ? Operation.EnablingMfa : Operation.DisablingMfa, KeyType.Email));
        }
    }

    async Task RaceAsync(Household account, Purpose purpose)
    {
        var code = await CodeAsync(account, purpose);
        var (path, body) = Requests.Redeem(purpose, code);
        var sending = Enumerable.Range(0, perToken)
            .Select(number => cluster.SendAsync(number % Cluster.Size, HttpMethod.Post, path, body, account.Bearer, "race", Patience))
            .ToList();
        var (successes, unknown) = (0, 0);
        foreach (var (status, _, error) in await Task.WhenAll(sending))
        {
            answers.AddOrUpdate(status?.ToString(CultureInfo.InvariantCulture) ?? error!, 1, (_, count) => count + 1);
            successes += status == 200 ? 1 : 0;
            unknown += status is null or >= 500 ? 1 : 0;
        }

        Interlocked.Increment(ref done);
        if (successes > 1)
            Interlocked.Increment(ref doubles);
        if (successes == 0 && unknown == 0)
            Interlocked.Increment(ref without);
    }

    async Task<string> CodeAsync(Household account, Purpose purpose)
    {
        var (path, body) = Requests.Issue(purpose, null);
        var issued = await SendAsync(HttpMethod.Post, path, body, account.Bearer);
        var message = await sink.TakeAsync(account.UserId, issued.GetProperty("reference").GetString()!, Patience);
        return message?.Code ?? throw new InvalidOperationException($"The code of {account.UserId} did not come.");
    }

    /// <summary>Until it is done: what is raced has to be there.</summary>
    async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, string bearer)
    {
        while (true)
        {
            var (status, answer, error) = await cluster.SendAsync(done % Cluster.Size, method, path, body, bearer, "race", Patience);
            if (status is 200 or 201)
                return answer;
            if (status is not (null or 503))
                throw new InvalidOperationException($"{path} was answered {status} {error} {answer}.");
        }
    }

    static Task<long> CountRedeemedAsync(ISqlEngine engine) =>
        engine.ReadAsync(
            new SqlStatement("SELECT COUNT(*) FROM audit_events WHERE type = 'token_redeemed'"), reader => reader.Read() ? reader.GetInt64(0) : 0, CancellationToken.None);

    async Task<long> LostCommitsAsync()
    {
        using var http = new HttpClient();
        var lost = 0L;
        foreach (var node in cluster.Nodes)
        {
            foreach (Match match in LostCommits().Matches(await http.GetStringAsync(new Uri(node.Url, "/metrics"))))
                lost += long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        }

        return lost;
    }

    [GeneratedRegex(@"(?m)^countersign_commits_lost[^ ]* (\d+)")]
    private static partial Regex LostCommits();
}
