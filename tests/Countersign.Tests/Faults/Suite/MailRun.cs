using System.Diagnostics;
using System.Globalization;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Countersign.Tests.Smtp;

namespace Countersign.Tests.Faults.Suite;

/// <summary>
/// Messages that leave by a real SMTP server while a node is killed every few seconds: which were acknowledged, which arrived, and which arrived twice,
/// told apart by their Message-ID.
/// </summary>
sealed class MailRun(Cluster cluster, History history, int messages, int clients)
{
    /// <summary>What an account with an email and nothing else can ask for.</summary>
    static readonly Purpose[] Purposes =
        [new(Operation.AddingAntiPhishing, null), new(Operation.ChangingKey, KeyType.Email), new(Operation.EnablingMfa, KeyType.Email)];

    /// <summary>Two of a purpose, and the next account takes over: a third would withdraw the first, where that still waits.</summary>
    static readonly int MessagesPerAccount = 2 * Purposes.Length;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    int begun;
    int acknowledged;
    int lastAccount;

    /// <summary>The command: <c>mail --messages 100000 --kill-every 5 --engine postgres</c>.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var options = new Options(args, "messages", "kill-every", "engine", "clients", "seed");
        using var folder = new TestFolder();
        await using var mail = await SmtpPeer.StartAsync();
        await using var database = await FaultDatabase.StartAsync(options.Text("engine", "postgres"), folder);
        await using var cluster = await Cluster.StartAsync(
            folder, database, "Countersign:Email:Smtp:Host=127.0.0.1", $"Countersign:Email:Smtp:Port={mail.Port}", "Countersign:Email:Smtp:Security=None",
            "Countersign:Tokens:Lifetimes:0:Lifetime=00:30:00",
            "Countersign:Email:Smtp:From=codes@countersign.example");
        using var history = new History(folder.File("history.jsonl"));
        var run = new MailRun(cluster, history, options.Number("messages", 100_000), options.Number("clients", 16));

        var clock = Stopwatch.StartNew();
        using var stopping = new CancellationTokenSource();
        var killing = run.KillAsync(TimeSpan.FromSeconds(options.Number("kill-every", 5.0)), new Random(options.Number("seed", 1)), stopping.Token);
        var loading = run.LoadAsync();
        while (await Task.WhenAny(loading, killing, Task.Delay(TimeSpan.FromSeconds(30))) is var first && first != loading)
        {
            if (first == killing)
                await killing;
            output.WriteLine($"  {run.acknowledged} acknowledged, {clock.Elapsed.TotalSeconds:0} s");
        }

        await loading;
        var loaded = clock.Elapsed;
        await stopping.CancelAsync();
        var kills = await killing;

        var engine = database.NewEngine();
        await using (engine as IAsyncDisposable)
        {
            await FaultRun.DrainAsync(engine);
            var drained = clock.Elapsed;
            await cluster.StopAsync();
            var arrived = mail.Mails().Select(Read).ToList();
            var dump = await Dump.ReadAsync(engine);
            var violations = Checker.Check(Evidence.PerAccount(history.Calls, dump, arrived));
            var ids = arrived.Select(message => message.Id).ToHashSet();
            var lost = dump.Outbox.Count(row => row.State != "WITHDRAWN" && !ids.Contains(row.Id));

            output.WriteLine($"acknowledged    {run.acknowledged} messages, and {history.Calls.Count(call => call.IsUnknown)} requests whose outcome was not known");
            output.WriteLine($"kills           {kills}, of one of {Cluster.Size} nodes every {options.Text("kill-every", "5")} s");
            output.WriteLine($"handed over     {ids.Count}");
            output.WriteLine($"lost            {lost}");
            output.WriteLine($"duplicated      {arrived.Count - ids.Count}");
            output.WriteLine($"violations      {violations.Count}");
            foreach (var violation in violations.Take(50))
                output.WriteLine($"  {violation}");
            output.WriteLine($"seconds         {loaded.TotalSeconds:0} of load, {run.acknowledged / loaded.TotalSeconds:0} messages a second; all handed over {(drained - loaded).TotalSeconds:0} s later");
            return lost == 0 && violations.Count == 0 ? 0 : 1;
        }
    }

    Task LoadAsync() => Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(IssueAsync)));

    async Task IssueAsync()
    {
        while (Volatile.Read(ref begun) < messages)
        {
            var account = new Household(Interlocked.Increment(ref lastAccount));
            var open = new Call { Id = "", UserId = account.UserId, Step = Step.Provision, NewKey = account.FirstEmail };
            await SendAsync(
                open, HttpMethod.Put, $"/api/v1/admin/accounts/{account.UserId}", new { email = account.FirstEmail },
                Cluster.Bearer("platform", "countersign.accounts"));
            for (var i = 0; i < MessagesPerAccount && Interlocked.Increment(ref begun) <= messages; i++)
            {
                var purpose = Purposes[i % Purposes.Length];
                var (path, body) = Requests.Issue(purpose, null);
                await SendAsync(open with { Step = Step.Issue, Purpose = purpose, NewKey = null }, HttpMethod.Post, path, body, account.Bearer);
                Interlocked.Increment(ref acknowledged);
            }
        }
    }

    /// <summary>Until it is acknowledged. One that is not may have been carried out as well.</summary>
    async Task SendAsync(Call call, HttpMethod method, string path, object? body, string bearer)
    {
        while (true)
        {
            var id = history.NextId();
            var node = Random.Shared.Next(Cluster.Size);
            var sent = Moment.Now;
            var (status, answer, error) = await cluster.SendAsync(node, method, path, body, bearer, id, Patience);
            if (error == Cluster.NotSent)
            {
                // The other two carry on; where none does, this must not take all of the machine.
                await Task.Delay(10);
                continue;
            }

            var ended = call with
            {
                Id = id,
                Node = node,
                Sent = sent,
                Ended = Moment.Now,
                Status = status,
                Error = error,
                Reference = status == 200 && call.Issues ? answer.GetProperty("reference").GetString() : null,
                Problem = status >= 400 ? answer.GetProperty("code").GetString() : null,
            };
            history.Add(ended);
            if (ended.IsAcknowledged)
                return;
        }
    }

    /// <returns>How many.</returns>
    async Task<int> KillAsync(TimeSpan every, Random random, CancellationToken ct)
    {
        var kills = 0;
        using var timer = new PeriodicTimer(every);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                var node = cluster.Nodes[random.Next(Cluster.Size)];
                await node.KillAsync();
                await node.StartAsync();
                kills++;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // That was all.
        }

        return kills;
    }

    /// <summary>A mail as the checker knows messages: <c>Your Countersign code (reference K7Q)</c>.</summary>
    static HandedOver Read(Received received, int number)
    {
        var mail = received.Mail;
        var to = received.Envelope.To.Single();
        var words = mail.Subject!.Split(' ', ')');
        var reference = Array.IndexOf(words, "(reference") is >= 0 and var at ? words[at + 1] : null;
        return new HandedOver(
            mail.MessageId!.Split('@')[0], UserOf(to), KeyType.Email, to, mail.Subject, mail.TextBody!, reference is null ? null : "", reference,
            new Moment(number, mail.Date), 0);
    }

    /// <summary>Of <see cref="Household.FirstEmail"/>, the only address that there is here.</summary>
    static string UserOf(string email) => string.Create(CultureInfo.InvariantCulture, $"user-{email.Split('.')[^2]}");
}
