using System.Diagnostics.Metrics;
using System.Globalization;
using Countersign.Tests.Delivery;
using Countersign.Tests.Faults;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Sms;
using Countersign.Tests.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Events;

public sealed class EventDeliveryTests
{
    const string Other = "mallory@example.org";

    static readonly string[] EndingSessions = ["user_key_changed", "user_key_removed", "mfa_disabled", "change_undone", "account_erased"];

    [Fact]
    [Trait("ASVS", "7.4.3")]
    [Trait("ASVS", "16.4.3")]
    public async Task The_library_of_Standard_Webhooks_takes_the_events_of_a_tour_and_they_are_the_trail()
    {
        await using var platform = await Platform.StartAsync();
        await using var server = await TestServer.StartAsync([.. platform.Settings, "Countersign:PublicUrl=https://accounts.example.com"]);
        var codes = await EventTour.RunAsync(server);
        await Platform.TakenAsync(server);

        var received = platform.Requests;
        foreach (var userId in new[] { "alice", "bob" })
        {
            var trail = (await server.EventsAsync(userId)).AsEnumerable().Reverse().ToList();
            var told = received.Where(one => one.UserId == userId).ToList();
            Assert.Equal(trail.Select(e => $"{e.Text("id")} countersign.{e.Text("type")} {e.Text("at")}"), told.Select(one => $"{one.Id} {one.Type} {one.Timestamp}"));
            Assert.Equal(
                trail.Select(e => EndingSessions.Contains(e.Text("type")) ? e.Text("at") : null), told.Select(one => one.SessionsNotBefore));
        }

        Assert.Equal(received.Count, received.Select(one => one.WebhookId).Distinct().Count());
        Assert.All(EndingSessions, type => Assert.Contains(received, one => one.Type == $"countersign.{type}"));
        Assert.All(await Platform.VerdictsAsync(platform.Gateway.Requests, platform.Secret), Assert.Null);
        Assert.All(await Platform.VerdictsAsync(platform.Gateway.Requests, Platform.NewSecret()), error => Assert.Equal("No matching signature found", error));
        // No address, no code.
        foreach (var told in codes.Append(Email).Append(Other).Append(Phone).Append(Phone[1..]))
            Assert.DoesNotContain(received, one => one.Body.Contains(told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_event_says_who_changed_what_from_where()
    {
        await using var platform = await Platform.StartAsync();
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Settings = platform.Settings, Clock = new FakeTimeProvider(Start) });
        var alice = await server.UserWithAsync(BothKeys, "alice@the platform");
        var code = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/userKeys/removing") { Content = Content($$"""{"keyType":"PHONE_NUMBER","oneTimeToken":"{{code}}"}""") };
        request.Headers.TryAddWithoutValidation("User-Agent", "Mozilla/5.0 <b>");
        (await alice.SendAsync(request)).IsOk();

        var last = (await platform.RequestsAsync(4))[3];
        Assert.Equal(
            """
            {"type":"countersign.user_key_removed","timestamp":"2026-11-22T19:00:00.000Z","data":{"userId":"alice@the platform","id":"3.1","operation":"userKeys/removing","keyType":"PHONE_NUMBER","target":"\u002B******789","actor":"alice@the platform","ip":"127.0.0.1","userAgent":"Mozilla/5.0 \u003Cb\u003E","sessionsNotBefore":"2026-11-22T19:00:00.000Z"}}
            """,
            last.Body);
        Assert.Matches("^evt_[0-9a-f]{32}$", last.WebhookId);
        var wire = platform.Gateway.Requests[3];
        Assert.Equal(("POST", "/events", "application/json"), (wire.Method, wire.Path, wire.Headers["Content-Type"]));
        Assert.Equal(Start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), wire.Headers["webhook-timestamp"]);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(302)]
    [InlineData(307)]
    [Trait("ASVS", "15.3.2")]
    public async Task What_is_not_taken_comes_again_with_the_same_id_before_what_comes_after_it_and_nowhere_else(int status)
    {
        await using var elsewhere = await Gateway.StartAsync();
        await using var platform = await Platform.StartAsync();
        var refusals = 2;
        platform.Gateway.Answer = http =>
        {
            http.Response.StatusCode = Interlocked.Decrement(ref refusals) >= 0 ? status : 204;
            http.Response.Headers.Location = elsewhere.Url;
            return Task.CompletedTask;
        };
        await using var server = await TestServer.StartAsync(platform.Settings);
        var alice = await server.UserWithAsync(BothKeys);
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
        await Platform.TakenAsync(server);

        var received = platform.Requests;
        Assert.Equal(["account_provisioned", "account_provisioned", "account_provisioned", "token_issued"], received.Select(one => one.Type["countersign.".Length..]));
        Assert.Single(received.Take(3).Select(one => (one.WebhookId, one.Body)).Distinct());
        Assert.All(await Platform.VerdictsAsync(platform.Gateway.Requests, platform.Secret), Assert.Null);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task A_repetition_is_signed_anew_at_its_own_time()
    {
        await using var platform = await Platform.StartAsync();
        platform.Gateway.Refuse(503, "");
        var clock = new FakeTimeProvider(Start);
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Settings = platform.Settings, Clock = clock });
        await server.UserWithAsync(BothKeys);
        await Eventually.ThatAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return platform.Gateway.Requests.Count >= 3;
            },
            "it is tried three times");

        var tries = platform.Gateway.Requests.Take(3).ToList();
        Assert.Single(tries.Select(request => request.Headers["webhook-id"]).Distinct());
        Assert.Equal(3, tries.Select(request => request.Headers["webhook-timestamp"]).Distinct().Count());
        Assert.Equal(3, tries.Select(request => request.Headers["webhook-signature"]).Distinct().Count());
    }

    [Fact]
    public async Task Of_two_secrets_each_signs()
    {
        await using var platform = await Platform.StartAsync();
        var next = Platform.NewSecret();
        await using var server = await TestServer.StartAsync([.. platform.Settings, $"Countersign:Events:Webhook:Secrets:1={next}"]);
        await server.UserWithAsync(BothKeys);
        await platform.RequestsAsync(1);
        Assert.Equal([null], await Platform.VerdictsAsync(platform.Gateway.Requests, platform.Secret));
        Assert.Equal([null], await Platform.VerdictsAsync(platform.Gateway.Requests, next));
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_in_time_holds_up_no_other_account()
    {
        await using var platform = await Platform.StartAsync();
        var hangs = true;
        platform.Gateway.Answer = http =>
            hangs && http.Request.Headers["webhook-id"] == platform.Requests[0].WebhookId ? Task.Delay(Timeout.Infinite, http.RequestAborted) : Gateway.Accept(http);
        await using var server = await TestServer.StartAsync([.. platform.Settings, "Countersign:Events:Webhook:Timeout=00:00:01"]);
        await server.UserWithAsync(BothKeys);
        await platform.RequestsAsync(1);
        await server.UserWithAsync(new { email = Other }, "bob");
        await Eventually.ThatAsync(() => platform.Requests.Any(one => one.UserId == "bob"), "bob's event comes while alice's is not taken");
        await Eventually.ThatAsync(() => platform.Requests.Count(one => one.UserId == "alice") > 1, "alice's comes again");
        hangs = false;
        await Platform.TakenAsync(server);
    }

    [Fact]
    public async Task What_is_not_taken_for_too_long_is_given_up_for_all_to_see_and_a_replay_brings_it()
    {
        await using var platform = await Platform.StartAsync();
        platform.Gateway.Refuse(403, $"{Email} is not welcome");
        using var log = new LogLines();
        var clock = new FakeTimeProvider(Start);
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Settings = [.. platform.Settings, "Countersign:Events:Webhook:GiveUpAfter=00:01:00"],
            Clock = clock,
            Configure = builder => builder.Logging.AddProvider(log),
        });
        using var metrics = new Metrics(server.Services.GetRequiredService<IMeterFactory>());
        await server.UserWithAsync(BothKeys);
        await Eventually.ThatAsync(
            async () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return await Platform.QueuedAsync(server, "DEAD") == 1;
            },
            "it is given up",
            TimeSpan.FromSeconds(60));

        Assert.True(clock.GetUtcNow() - Start >= TimeSpan.FromMinutes(1));
        var id = platform.Requests[0].WebhookId;
        await Eventually.ThatAsync(() => log.Texts.Any(line => line.StartsWith($"Event {id} is given up after ", StringComparison.Ordinal)), "the log says so");
        Assert.DoesNotContain(log.Texts, line => line.Contains(Email, StringComparison.Ordinal) || line.Contains(platform.Secret, StringComparison.Ordinal));
        await metrics.CountsAsync("countersign.events.given_up", 1);
        await Eventually.ThatAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return metrics.Observed("countersign.events.dead") == 1;
            },
            "the gauge says so");
        Assert.Equal(0, metrics.Observed("countersign.events.depth"));

        platform.Gateway.Answer = Gateway.Accept;
        var tries = platform.Gateway.Requests.Count;
        Assert.Equal(1, (await server.Operator().PostAsync("/api/v1/admin/events/replays", new { from = Start })).IsOk().Body.GetProperty("queued").GetInt32());
        Assert.Equal(id, (await platform.RequestsAsync(tries + 1))[^1].WebhookId);
        await Platform.TakenAsync(server);
        Assert.Equal(0, await Platform.QueuedAsync(server, "DEAD"));
    }

    [Fact]
    public async Task A_node_that_is_stopped_gives_back_what_is_not_taken()
    {
        using var folder = new TestFolder();
        await using var platform = await Platform.StartAsync();
        platform.Gateway.Answer = http => platform.Requests.Count == 1 ? Task.Delay(Timeout.Infinite, http.RequestAborted) : Gateway.Accept(http);
        string[] settings = [.. platform.Settings, "Countersign:Events:Webhook:Timeout=00:00:30"];
        await using (var first = await TestServer.StartAsync(new TestServer.Setup { Folder = folder, Settings = settings }))
        {
            await first.UserWithAsync(BothKeys);
            await platform.RequestsAsync(1);
        }

        // Not when the lease has run out: at once.
        await using (var onlooker = await TestServer.StartAsync(new TestServer.Setup { Folder = folder }))
            Assert.Equal(1, await Platform.QueuedAsync(onlooker, "QUEUED", "leased_until = 0"));

        await using var second = await TestServer.StartAsync(new TestServer.Setup { Folder = folder, Settings = settings });
        var requests = await platform.RequestsAsync(2);
        Assert.Equal(requests[0], requests[1]);
        await Platform.TakenAsync(second);
    }

    [Fact]
    public async Task Logs_at_their_loudest_hold_no_secret_and_nothing_of_the_URL()
    {
        await using var platform = await Platform.StartAsync();
        platform.Gateway.Refuse(500, "");
        using var log = new LogLines();
        await using (var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Settings =
            [
                .. platform.Settings, $"Countersign:Events:Webhook:Url={platform.Gateway.Url}/events?key=a-key-of-the-url", "Logging:LogLevel:Default=Trace",
                "Logging:LogLevel:Microsoft.AspNetCore=Trace",
            ],
            Configure = builder => builder.Logging.AddProvider(log),
        }))
        {
            await server.UserWithAsync(BothKeys);
            Assert.Equal("/events?key=a-key-of-the-url", (await platform.Gateway.RequestAsync(1)).Path);
        }

        Assert.Contains(log.Texts, line => line.Contains("was not taken at try 1: http 500", StringComparison.Ordinal));
        foreach (var told in new[] { "a-key-of-the-url", platform.Secret["whsec_".Length..], Email, Phone })
            Assert.DoesNotContain(log.Texts, line => line.Contains(told, StringComparison.Ordinal));
    }
}
