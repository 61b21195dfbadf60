using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

/// <summary>
/// Attack 15: whoever names an address learns nothing of it. It may be free, another account's, kept for another account that has given it up, or kept
/// for the caller: every answer to all that can be done with it is the same, to the byte and the order of headers. How long answers take is measured by
/// <c>bench/enumeration</c>.
/// </summary>
public sealed partial class EnumerationTests : IDisposable
{
    /// <summary>While somebody listens, every request has a trace id of the same form, whatever other tests listen to.</summary>
    readonly ActivityListener listener = new()
    {
        ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
        Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    /// <summary>Of one length, and of one mask.</summary>
    static readonly Dictionary<string, string[]> Addresses = new()
    {
        ["EMAIL"] = ["target1x@example.com", "target2x@example.com", "target3x@example.com", "target4x@example.com"],
        ["PHONE_NUMBER"] = ["+4915100001678", "+4915100002678", "+4915100003678", "+4915100004678"],
    };

    static readonly string[] Settings =
    [
        "Countersign:Limits:ResendAfter:Email=00:00:30", "Countersign:Limits:ResendAfter:Sms=00:00:30", "Countersign:Limits:IssuesPerHour=4",
        "Countersign:Limits:Client:IssuesPerHour=1000", "Countersign:Limits:Client:RedeemsPerFiveMinutes=1000", "Countersign:TrustedProxies:0=127.0.0.0/8",
        "Countersign:Limits:Recipient:Email:TenMinutes=10", "Countersign:Limits:Recipient:Sms:TenMinutes=10", "Countersign:Limits:Sms:PrefixDay=1000",
        "Countersign:Messages:NotifyRequests=true", "Countersign:PublicUrl=https://accounts.example.com",
    ];

    public EnumerationTests() => ActivitySource.AddActivityListener(listener);

    public void Dispose() => listener.Dispose();

    [Theory]
    [InlineData("EMAIL")]
    [InlineData("PHONE_NUMBER")]
    [Trait("Attack", "15")]
    [Trait("ASVS", "6.3.8")]
    public async Task Adding_an_address_looks_the_same_at_every_step_whosever_it_is(string keyType)
    {
        await using var server = await StartAsync();
        var callers = await CallersAsync(server, keyType);
        var (path, field) = keyType == "EMAIL" ? ("email", "newEmail") : ("phoneNumber", "newPhoneNumber");
        var wrong = new { oneTimeToken = "000000" };

        await SameAsync(server, callers, 200, caller => ("POST", $"/api/v1/token/userKeys/adding/{path}", new Dictionary<string, string> { [field] = caller.Target }));
        await SameWhenSentAsync(server, callers, keyType, "userKeys/adding");
        await SameAsync(server, callers, 429, _ => ("POST", "/api/v1/token/resending", new { operation = "userKeys/adding", keyType }));
        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        await SameAsync(server, callers, 200, _ => ("POST", "/api/v1/token/resending", new { operation = "userKeys/adding", keyType }));
        await SameAsync(server, callers, 422, _ => ("POST", $"/api/v1/userKeys/adding/{path}", wrong));
        await SameAsync(server, callers, 400, _ => ("POST", $"/api/v1/userKeys/adding/{path}", new { oneTimeToken = "x" }));
        await SameWhenSentAsync(server, callers, keyType, "userKeys/adding");

        await SameAsync(server, callers, 204, _ => ("POST", "/api/v1/token/cancelling", new { operation = "userKeys/adding", keyType }));
        await SameAsync(server, callers, 409, _ => ("POST", "/api/v1/token/resending", new { operation = "userKeys/adding", keyType }));
        await SameAsync(server, callers, 422, _ => ("POST", $"/api/v1/userKeys/adding/{path}", wrong));
        await SameAsync(server, callers, 200, _ => ("GET", "/api/v1/account", null));

        // In a query string this time; then guessed at until there is nothing to guess at, and asked for once more than is allowed.
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        await SameAsync(server, callers, 200, caller => ("POST", $"/api/v1/token/userKeys/adding/{path}?{field}={caller.Target}", null));
        for (var i = 0; i < 5; i++)
            await SameAsync(server, callers, 422, _ => ("POST", $"/api/v1/userKeys/adding/{path}", wrong));
        await SameAsync(server, callers, 429, _ => ("POST", $"/api/v1/userKeys/adding/{path}", wrong));
        await SameAsync(server, callers, 200, _ => ("GET", "/api/v1/account", null));
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        await SameAsync(server, callers, 200, caller => ("POST", $"/api/v1/token/userKeys/adding/{path}?{field}={caller.Target}", null));
        await SameWhenSentAsync(server, callers, keyType, "userKeys/adding");
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        await SameAsync(server, callers, 429, caller => ("POST", $"/api/v1/token/userKeys/adding/{path}?{field}={caller.Target}", null));
        await SameAsync(server, callers, 200, _ => ("GET", "/api/v1/account", null));

        // And when it has expired.
        server.Clock.Advance(TimeSpan.FromMinutes(29));
        await SameAsync(server, callers, 200, _ => ("GET", "/api/v1/account", null));
        await SameAsync(server, callers, 422, _ => ("POST", $"/api/v1/userKeys/adding/{path}", wrong));
    }

    [Theory]
    [InlineData("EMAIL")]
    [InlineData("PHONE_NUMBER")]
    [Trait("Attack", "15")]
    [Trait("ASVS", "6.3.8")]
    public async Task Changing_to_an_address_looks_the_same_at_every_step_whosever_it_is(string keyType)
    {
        await using var server = await StartAsync();
        var callers = await CallersAsync(server, keyType, hasKey: true);
        var codes = new Dictionary<string, string>();
        foreach (var caller in callers)
            codes[caller.UserId] = await server.User(caller.UserId).CodeAsync($"userKeys/changing?keyType={keyType}", caller.Current!);
        var wrong = new { keyType, oneTimeToken = "000000" };

        await SameAsync(server, callers, 200, caller => ("POST", "/api/v1/token/userKeys/changing/newKey", new { oneTimeToken = codes[caller.UserId], newUserKey = caller.Target }));
        await SameWhenSentAsync(server, callers, keyType, "userKeys/changing/newKey");
        await SameAsync(server, callers, 422, caller => ("POST", "/api/v1/token/userKeys/changing/newKey", new { oneTimeToken = codes[caller.UserId], newUserKey = caller.Target }));
        await SameAsync(server, callers, 422, _ => ("POST", "/api/v1/userKeys/changing", wrong));
        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        await SameAsync(server, callers, 200, _ => ("POST", "/api/v1/token/resending", new { operation = "userKeys/changing/newKey", keyType }));
        await SameWhenSentAsync(server, callers, keyType, "userKeys/changing/newKey");
        await SameAsync(server, callers, 204, _ => ("POST", "/api/v1/token/cancelling", new { operation = "userKeys/changing/newKey", keyType }));
        await SameAsync(server, callers, 422, _ => ("POST", "/api/v1/userKeys/changing", wrong));
        await SameAsync(server, callers, 200, _ => ("GET", "/api/v1/account", null));
    }

    [Fact]
    [Trait("Attack", "15")]
    public async Task What_an_address_has_been_sent_already_is_told_to_nobody_and_what_is_full_is_full_for_all()
    {
        await using var server = await StartAsync("Countersign:Limits:Recipient:Sms:TenMinutes=1", "Countersign:Limits:Sms:PrefixDay=5");
        var callers = await CallersAsync(server, "PHONE_NUMBER", kept: false);
        async Task IssueAsync(int status)
        {
            await SameAsync(server, callers, status, caller => ("POST", "/api/v1/token/userKeys/adding/phoneNumber", new { newPhoneNumber = caller.Target }));
            server.Clock!.Advance(TimeSpan.FromSeconds(30));
        }

        // The first is sent, the second is not. All numbers are of blocks of their own: of the third, one message is left, be it a code or a notice.
        await IssueAsync(200);
        await IssueAsync(200);
        server.Clock!.Advance(TimeSpan.FromMinutes(10));
        for (var i = 0; i < 4; i++)
        {
            server.Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMinutes(10));
            await SameAsync(server, callers, 200, caller => ("POST", "/api/v1/token/userKeys/adding/phoneNumber", new { newPhoneNumber = caller.Target }));
        }

        server.Clock.Advance(TimeSpan.FromHours(1));
        await IssueAsync(429);
    }

    [Theory]
    [InlineData("EMAIL")]
    [InlineData("PHONE_NUMBER")]
    [Trait("Attack", "15")]
    [Trait("ASVS", "6.3.8")]
    public async Task How_far_a_message_came_is_shown_alike_also_while_none_can_be_sent_and_when_all_are_refused(string keyType)
    {
        var senders = new ConcurrentBag<ObedientSender>();
        await using var server = await StartAsync([], builder =>
        {
            foreach (var channel in Enum.GetValues<KeyType>())
            {
                builder.Services.AddSingleton<IMessageSender>(provider =>
                {
                    var sender = new ObedientSender(channel, provider.GetRequiredService<DevelopmentInbox>());
                    senders.Add(sender);
                    return sender;
                });
            }
        });
        var callers = await CallersAsync(server, keyType, hasKey: true);
        var codes = new Dictionary<string, string>();
        foreach (var caller in callers)
            codes[caller.UserId] = await server.User(caller.UserId).CodeAsync($"userKeys/changing?keyType={keyType}", caller.Current!);

        void Answer(SendStatus status)
        {
            foreach (var sender in senders)
                sender.Answer = new SendResult(status, "as it was told");
        }

        var tries = senders.Sum(sender => sender.Tries);
        Answer(SendStatus.Deferred);
        await SameAsync(server, callers, 200, caller => ("POST", "/api/v1/token/userKeys/changing/newKey", new { oneTimeToken = codes[caller.UserId], newUserKey = caller.Target }));
        await Eventually.ThatAsync(() => senders.Sum(sender => sender.Tries) >= tries + callers.Count, "all are tried");
        await SameWhenAsync("QUEUED", server, callers, keyType, "userKeys/changing/newKey");
        Answer(SendStatus.Rejected);
        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        await SameAsync(server, callers, 200, _ => ("POST", "/api/v1/token/resending", new { operation = "userKeys/changing/newKey", keyType }));
        await SameWhenAsync("FAILED", server, callers, keyType, "userKeys/changing/newKey");
    }

    [Fact]
    [Trait("Attack", "15")]
    public async Task Where_the_account_has_a_key_it_says_so_whatever_address_is_named_and_only_the_own_one_is_named_the_own_one()
    {
        await using var server = await StartAsync();
        var callers = await CallersAsync(server, "EMAIL", hasKey: true);
        await SameAsync(server, callers, 409, caller => ("POST", "/api/v1/token/userKeys/adding/email", new { newEmail = caller.Target }));
        await SameAsync(server, callers, 409, caller => ("POST", "/api/v1/token/userKeys/adding/email", new { newEmail = caller.Current! }));

        var code = await server.User(callers[0].UserId).CodeAsync("userKeys/changing?keyType=EMAIL", callers[0].Current!);
        (await server.User(callers[0].UserId).IssueAsync("userKeys/changing/newKey", new { oneTimeToken = code, newUserKey = callers[0].Current })).Blames("newUserKey");
    }

    static Task<TestServer> StartAsync(params string[] settings) => StartAsync(settings, null);

    static Task<TestServer> StartAsync(string[] settings, Action<WebApplicationBuilder>? configure) => TestServer.StartAsync(
        new TestServer.Setup { Clock = new FakeTimeProvider(Start), Settings = [.. Settings, .. settings], Configure = configure });

    /// <summary>
    /// Callers with the same past, and the address that each of them names: free, another account's, kept for another account, and kept for the caller.
    /// </summary>
    /// <param name="hasKey">Whether they have a key of this type now.</param>
    /// <param name="kept">Whether addresses that were given up are among what they name; they have been sent something to.</param>
    static async Task<List<Caller>> CallersAsync(TestServer server, string keyType, bool hasKey = false, bool kept = true)
    {
        var targets = Addresses[keyType];
        await server.UserWithAsync(Profile(keyType, targets[1]), "owner");
        if (kept)
            await GiveUpAsync(await server.UserWithAsync(Profile(keyType, targets[2], other: 7), "gone"), keyType, targets[2]);

        var callers = new List<Caller>();
        for (var i = 0; i < (kept ? 4 : 2); i++)
        {
            var past = i == 3 ? targets[3] : keyType == "EMAIL" ? $"former{i}x@example.com" : $"+491510000{i}999";
            var user = await server.UserWithAsync(Profile(keyType, past, other: i), $"caller{i}");
            if (kept)
                await GiveUpAsync(user, keyType, past);
            else
                (await server.PutAccountAsync(user.UserId, Profile("none", "", other: i, except: keyType))).IsOk();
            string? current = null;
            if (hasKey)
            {
                current = keyType == "EMAIL" ? $"current{i}x@example.com" : $"+491510000{i}888";
                var (path, field) = keyType == "EMAIL" ? ("email", "newEmail") : ("phoneNumber", "newPhoneNumber");
                var code = await user.CodeAsync($"userKeys/adding/{path}", current, new Dictionary<string, string> { [field] = current });
                (await user.RedeemAsync($"userKeys/adding/{path}", new { oneTimeToken = code })).IsOk();
            }

            callers.Add(new Caller(user.UserId, targets[i], current));
        }

        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        return callers;
    }

    /// <summary>An address of the type, and a key of the other type to prove who it is.</summary>
    static object Profile(string keyType, string address, int other = 9, string? except = null)
    {
        var (email, number) = ($"keeper{other}x@example.org", $"+43660000{other}999");
        return (keyType, except) switch
        {
            ("EMAIL", _) => new { email = address, phoneNumber = number },
            ("PHONE_NUMBER", _) => new { email, phoneNumber = address },
            (_, "EMAIL") => new { phoneNumber = number },
            _ => new { email },
        };
    }

    static async Task GiveUpAsync(TestUser user, string keyType, string address)
    {
        var code = await user.CodeAsync($"userKeys/removing?keyType={keyType}", address);
        (await user.RedeemAsync("userKeys/removing", new { keyType, oneTimeToken = code })).IsOk();
    }

    /// <summary>The pending operation in the account, when its message has gone.</summary>
    static Task SameWhenSentAsync(TestServer server, List<Caller> callers, string keyType, string operation) =>
        SameWhenAsync("SENT", server, callers, keyType, operation);

    static async Task SameWhenAsync(string delivery, TestServer server, List<Caller> callers, string keyType, string operation)
    {
        foreach (var caller in callers)
        {
            await Eventually.ThatAsync(
                async () => (await server.User(caller.UserId).AccountAsync()).IsOk().PendingOperation(operation).Text("delivery") == delivery, $"it is {delivery}");
        }

        var answers = await SameAsync(server, callers, 200, _ => ("GET", "/api/v1/account", null));
        Assert.Contains($"\"operation\":\"{operation}\",\"keyType\":\"{keyType}\"", answers, StringComparison.Ordinal);
    }

    /// <summary>Asks for each of the callers, and compares what comes, whole; the answer to the first.</summary>
    static async Task<string> SameAsync(TestServer server, List<Caller> callers, int status, Func<Caller, (string Method, string Path, object? Body)> request)
    {
        var answers = new List<string>();
        foreach (var (caller, i) in callers.Select((caller, i) => (caller, i)))
        {
            using var connection = await RawConnection.OpenAsync(server.Url);
            var (method, path, body) = request(caller);
            // A client of its own: what is left of its limits is in the headers.
            var answer = await connection.SendAsync(connection.Request(method, path, body, await server.BearerAsync(caller.UserId, null), $"X-Forwarded-For: 203.0.113.{i}"));
            answers.Add(Random().Replace(answer, "*").Replace(caller.UserId, "caller", StringComparison.Ordinal));
        }

        Assert.StartsWith($"HTTP/1.1 {status} ", answers[0], StringComparison.Ordinal);
        foreach (var answer in answers)
            Assert.Equal(answers[0], answer);
        if (status is 200 or 422 && request(callers[0]).Method == "POST")
            Assert.Contains("\r\nRateLimit: \"client-", answers[0], StringComparison.Ordinal);
        return answers[0];
    }

    /// <summary>What is drawn anew for each answer, and the time of day.</summary>
    [GeneratedRegex("(?<=\"reference\":\")[A-Z2-9]{3}(?=\")|(?<=\"traceId\":\")[^\"]{55}(?=\")|(?<=\r\nDate: )[^\r]{29}")]
    private static partial Regex Random();

    /// <summary>The inbox, until it is told to say something else.</summary>
    sealed class ObedientSender(KeyType channel, DevelopmentInbox inbox) : IMessageSender
    {
        int tries;

        public KeyType Channel => channel;

        public SendResult? Answer { get; set; }

        public int Tries => Volatile.Read(ref tries);

        public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
        {
            Interlocked.Increment(ref tries);
            if (Answer is { } answer)
                return answer;
            await inbox.KeepAsync(message, ct);
            return SendResult.Accepted;
        }
    }

    sealed record Caller(string UserId, string Target, string? Current);
}
