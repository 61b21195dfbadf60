using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Microsoft.Extensions.Time.Testing;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Events;

public sealed class EventReplayTests
{
    const string Replays = "/api/v1/admin/events/replays";

    [Fact]
    public async Task A_replay_sends_again_from_its_point_in_time_and_nothing_before()
    {
        await using var platform = await Platform.StartAsync();
        var clock = new FakeTimeProvider(Start);
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Settings = platform.Settings, Clock = clock });
        foreach (var userId in new[] { "alice", "bob", "carol" })
        {
            (await server.PutAccountAsync(userId, new { email = $"{userId}@example.com" })).IsOk(201);
            // The receiver's time to answer is of the same clock.
            await Platform.TakenAsync(server);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        var first = platform.Requests;
        Assert.Equal(["alice", "bob", "carol"], first.Select(one => one.UserId));

        var answer = (await server.Operator().PostAsync(Replays, new { from = "2026-11-22T20:01:00+01:00" })).IsOk();
        Assert.Equal("""{"queued":2}""", answer.Text);
        var again = (await platform.RequestsAsync(5)).Skip(3).ToList();
        await Platform.TakenAsync(server);
        Assert.Equal(first.Skip(1), again.OrderBy(one => one.UserId));

        Assert.Equal("""{"queued":1}""", (await server.Operator().PostAsync(Replays, new { from = Start, to = Start.AddMinutes(1) })).IsOk().Text);
        Assert.Equal(first[0], (await platform.RequestsAsync(6))[5]);
        Assert.Equal("""{"queued":1}""", (await server.Operator().PostAsync(Replays, new { from = Start, userId = "carol" })).IsOk().Text);
        Assert.Equal(first[2], (await platform.RequestsAsync(7))[6]);
        Assert.Equal("""{"queued":0}""", (await server.Operator().PostAsync(Replays, new { from = Start.AddHours(1) })).IsOk().Text);
        await Platform.TakenAsync(server);
        Assert.Equal(7, platform.Requests.Count);
    }

    [Fact]
    public async Task Only_the_types_that_are_asked_for_come_and_come_again()
    {
        await using var platform = await Platform.StartAsync();
        await using var server = await TestServer.StartAsync(
            [.. platform.Settings, "Countersign:Events:Webhook:Types:0=user_key_removed", "Countersign:Events:Webhook:Types:1=token_redeemed"]);
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = code })).IsOk();
        await platform.RequestsAsync(2);
        await Platform.TakenAsync(server);
        Assert.Equal(2, (await server.Operator().PostAsync(Replays, new { from = "2020-01-01T00:00:00Z" })).IsOk().Body.GetProperty("queued").GetInt32());
        var received = await platform.RequestsAsync(4);
        await Platform.TakenAsync(server);
        Assert.Equal(["token_redeemed", "user_key_removed", "token_redeemed", "user_key_removed"], received.Select(one => one.Type["countersign.".Length..]));
    }

    [Fact]
    public async Task Without_a_webhook_nothing_is_queued_and_nothing_can_be_replayed()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(BothKeys);
        Assert.Equal(0, await Platform.QueuedAsync(server));
        (await server.Operator().PostAsync(Replays, new { from = Start })).IsRefused(404, "feature-disabled");
        Assert.Equal(0, await Platform.QueuedAsync(server));
    }

    [Fact]
    public async Task What_is_malformed_is_named_as_the_request_names_it()
    {
        await using var platform = await Platform.StartAsync();
        await using var server = await TestServer.StartAsync(platform.Settings);
        Task<Answer> PostAsync(object body) => server.Operator().PostAsync(Replays, body);

        (await PostAsync(new { })).Blames("from");
        foreach (var time in new[] { "", "yesterday", "2026-11-22", "2026-11-22T19:00:00", "2026-13-22T19:00:00Z", "1795374000", "2026-11-22T19:00:00Z " })
            (await PostAsync(new { from = time })).Blames("from");
        (await PostAsync(new { from = Start, to = "now", userId = "" })).Blames("to", "userId");
        (await PostAsync(new { from = Start, since = Start })).Blames("since");
        (await PostAsync(new { from = 1795374000 })).Blames("from");
        (await PostAsync("[]")).Blames("body");
    }

    [Fact]
    [Trait("ASVS", "8.2.1")]
    public async Task Operators_and_they_alone_may()
    {
        await using var platform = await Platform.StartAsync();
        await using var server = await TestServer.StartAsync(platform.Settings);
        (await server.Operator().PostAsync(Replays, new { from = Start })).IsOk();
        (await server.Service().PostAsync(Replays, new { from = Start })).IsRefused(403, "forbidden");
        (await server.User().PostAsync(Replays, new { from = Start })).IsRefused(403, "forbidden");
        (await server.SendAsync("POST", Replays)).IsRefused(401, "unauthenticated");
        var wrongMethod = (await server.Operator().GetAsync(Replays)).IsRefused(405, "method-not-allowed");
        Assert.Equal(["POST"], wrongMethod.ContentHeaders.Allow);
    }

    [Fact]
    [Trait("ASVS", "7.4.3")]
    public async Task Holds_say_since_when_sessions_may_have_begun()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var before = (await server.Service().GetAsync("/api/v1/admin/accounts/alice/holds")).IsOk();
        Assert.Equal(["userId", "holds", "statement"], before.Body.Members());

        server.Clock!.Advance(TimeSpan.FromMilliseconds(60_123));
        var code = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = code })).IsOk();
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        code = await alice.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });
        (await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk();

        var holds = (await server.Service().GetAsync("/api/v1/admin/accounts/alice/holds")).IsOk().Body;
        Assert.Equal("2026-11-22T19:01:00.123Z", holds.Text("sessionsNotBefore"));
        var claims = System.Buffers.Text.Base64Url.DecodeFromChars(holds.Text("statement")!.Split('.')[1]);
        Assert.Equal("2026-11-22T19:01:00.123Z", System.Text.Json.JsonDocument.Parse(claims).RootElement.Text("sessionsNotBefore"));

        // Also after its hold was lifted, and without a webhook.
        var lifted = await server.Operator().PostAsync("/api/v1/admin/accounts/alice/holds/lifting", new { reason = "userKeys/removing", explanation = "ticket 4711" });
        Assert.Equal("2026-11-22T19:01:00.123Z", lifted.IsOk().Body.Text("sessionsNotBefore"));
    }
}
