using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Countersign.Tests.Faults.Suite;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Enumeration;

/// <summary>
/// Whether answers tell whose an address is. One server process, one connection, one request at a time: in each round, one of each class, in an order that is
/// drawn anew, so that whatever else the machine does befalls all classes alike.
/// </summary>
sealed partial class EnumerationRun(HostProcess host, int accounts, int rounds, Random random, TextWriter output)
{
    /// <summary>What is called certain: once in a hundred runs by chance, shared by the comparisons of a table.</summary>
    const double Certain = 0.01;

    /// <summary>The first rounds are for the compiler and the caches.</summary>
    const int WarmUpShare = 10;

    static readonly AddressClass[] Classes = Enum.GetValues<AddressClass>();

    readonly Callers made = new(host);

    static readonly string[] Settings =
    [
        "Countersign:Limits:ResendAfter:Email=00:00:00", "Countersign:Limits:ResendAfter:Sms=00:00:00", "Countersign:Limits:IssuesPerHour=1000000",
        .. TestServer.NoLimitsOverAllAccounts, "Logging:LogLevel:Default=Warning", "Logging:LogLevel:Microsoft.Hosting.Lifetime=Information",
    ];

    /// <summary>The command: <c>enumeration --rounds 2000 --accounts 40 --engine sqlite --delay-taken 1ms --ask-twice true --seed 1</c>.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var options = new Options(args, "rounds", "accounts", "engine", "delay-taken", "ask-twice", "seed");
        using var folder = new TestFolder();
        var engine = options.Text("engine", "sqlite");
        await using var database = await FaultDatabase.StartAsync(engine, folder);
        var delay = Milliseconds(options.Text("delay-taken", "0ms"));
        await using var host = await HostProcess.StartCommandAsync(
            folder, "Countersign.Tests", "enumeration-node",
            [
                .. Settings, database.Setting, $"EnumerationNode:Parent={Environment.ProcessId}", $"EnumerationNode:DelayTaken={delay:c}",
                $"EnumerationNode:AskTwice={options.Text("ask-twice", "false")}",
            ]);
        var run = new EnumerationRun(host, options.Number("accounts", 40), options.Number("rounds", 2_000), new Random(options.Number("seed", 1)), output);
        output.WriteLine($"One node on {engine}{(delay > TimeSpan.Zero ? $", which is made to take {delay.TotalMilliseconds} ms longer for addresses that are taken" : "")}.");
        var adding = await run.AddAsync();
        var changing = await run.ChangeAsync();
        output.WriteLine(
            $"""

            'longer' is the share of all pairs of a request of the class and one of 'free' in which the former took longer: a half, where they are the same. p is how often
            chance alone moves it as far (Mann-Whitney, two-sided). Below {Certain / (Classes.Length - 1):0.0000}, {Certain} shared by the {Classes.Length - 1} comparisons of a table, a class is told apart. 'free again' are other
            addresses that are free as well: what it shows is noise.
            """);
        return adding && changing ? 0 : 1;
    }

    /// <summary>The code that proves a new email: only the address decides what there is to do.</summary>
    async Task<bool> AddAsync()
    {
        var callers = await CallersAsync();
        return await CompareAsync(
            "adding an email: POST /api/v1/token/userKeys/adding/email", callers, rounds,
            (_, _) => Task.FromResult(""), (caller, _) => ("/api/v1/token/userKeys/adding/email", new { newEmail = caller.Target }));
    }

    /// <summary>Each needs a code to the current email first, so a fourth of the rounds has to do.</summary>
    async Task<bool> ChangeAsync()
    {
        var callers = await CallersAsync();
        return await CompareAsync(
            "changing to an email: POST /api/v1/token/userKeys/changing/newKey", callers, Math.Max(1, rounds / 4),
            (caller, round) => made.FirstStepAsync(caller, isFirst: round < accounts),
            (caller, code) => ("/api/v1/token/userKeys/changing/newKey", new { oneTimeToken = code, newUserKey = caller.Target }));
    }

    async Task<Dictionary<AddressClass, List<Caller>>> CallersAsync()
    {
        var callers = new Dictionary<AddressClass, List<Caller>>();
        foreach (var kind in Classes)
            callers[kind] = await made.MakeAsync(kind, accounts);
        return callers;
    }

    async Task<bool> CompareAsync(
        string what, Dictionary<AddressClass, List<Caller>> callers, int rounds, Func<Caller, int, Task<string>> prepareAsync,
        Func<Caller, string, (string Path, object Body)> request)
    {
        using var connection = await RawConnection.OpenAsync(host.Http.BaseAddress!);
        var times = Classes.ToDictionary(kind => kind, kind => new ClassTimes(kind));
        var warmUp = rounds / WarmUpShare;
        for (var round = 0; round < rounds + warmUp; round++)
        {
            var order = Classes.ToArray();
            random.Shuffle(order);
            foreach (var kind in order)
            {
                var caller = callers[kind][round % accounts];
                var (path, body) = request(caller, await prepareAsync(caller, round));
                var bytes = connection.Request("POST", path, body, caller.Bearer);
                var start = Stopwatch.GetTimestamp();
                var answer = await connection.SendAsync(bytes);
                var elapsed = Stopwatch.GetElapsedTime(start);
                Note(times[kind], answer);
                if (round >= warmUp)
                    times[kind].Milliseconds.Add(elapsed.TotalMilliseconds);
            }
        }

        return Print(what, rounds, times);
    }

    static void Note(ClassTimes times, string answer)
    {
        var parts = answer.Split("\r\n\r\n", 2);
        times.Statuses.Add(answer.Split(' ')[1]);
        times.Headers.Add(Date().Replace(parts[0], "*"));
        times.Bodies.Add(Drawn().Replace(parts[1], "*"));
    }

    bool Print(string what, int rounds, Dictionary<AddressClass, ClassTimes> times)
    {
        var free = times[AddressClass.Free];
        var median = free.Quantile(0.5);
        var isSame = true;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{what}\n{rounds} requests of each class; the median of 'free' is {median:0.000} ms\n"));
        output.WriteLine("class          status  headers  body     quartiles of the time, to the median of 'free'  longer  p");
        foreach (var kind in Classes)
        {
            var one = times[kind];
            var test = MannWhitney.Of(one.Milliseconds, free.Milliseconds);
            var (headers, bodies) = (one.Headers.SetEquals(free.Headers), one.Bodies.SetEquals(free.Bodies));
            var isTold = kind != AddressClass.Free && test.P < Certain / (Classes.Length - 1);
            isSame &= headers && bodies && one.Statuses.SetEquals(free.Statuses) && !isTold;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{one.Name,-14} {string.Join(' ', one.Statuses),-7} {Same(headers),-8} {Same(bodies),-8} {one.Quantile(0.25) / median:0.000}  {one.Quantile(0.5) / median:0.000}  {one.Quantile(0.75) / median:0.000}                            {test.Longer:0.000}   {test.P:0.0000}{(isTold ? "  told apart" : "")}"));
        }

        return isSame;
    }

    static string Same(bool isSame) => isSame ? "same" : "DIFFER";

    static TimeSpan Milliseconds(string text) => text.EndsWith("ms", StringComparison.Ordinal) && double.TryParse(text[..^2], CultureInfo.InvariantCulture, out var value)
        ? TimeSpan.FromMilliseconds(value)
        : throw new ArgumentException($"'{text}' is no time such as 1ms or 0.2ms.", nameof(text));

    [GeneratedRegex("(?<=\r\nDate: )[^\r]{29}")]
    private static partial Regex Date();

    [GeneratedRegex("(?<=\"reference\":\")[A-Z2-9]{3}(?=\")|(?<=\"(expiresAt|resendAt)\":\")[0-9TZ:-]{20}(?=\")")]
    private static partial Regex Drawn();
}
