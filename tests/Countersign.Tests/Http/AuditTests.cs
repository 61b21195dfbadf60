using System.Text.Json;
using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

/// <summary>Whoever was refused has left a trace, though nothing has changed.</summary>
public sealed class AuditTests
{
    [Fact]
    [Trait("ASVS", "16.3.2")]
    [Trait("ASVS", "16.3.3")]
    public async Task A_request_that_the_account_does_not_allow_is_in_the_trail_with_who_from_where_and_why()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        (await alice.IssueAsync("userKeys/adding/email", new { newEmail = "mallory@example.org" })).IsRefused(409, "key-exists");
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = "123456" })).IsRefused(422, "token-invalid");
        (await alice.ResendAsync("mfa/enabling", "EMAIL")).IsRefused(409, "nothing-pending");

        Assert.Equal(
            [
                "request_refused userKeys/adding EMAIL m***y@example.org key-exists alice 127.0.0.1",
                "request_refused userKeys/removing EMAIL  token-invalid alice 127.0.0.1",
                "request_refused mfa/enabling EMAIL  nothing-pending alice 127.0.0.1",
            ],
            await LaterEventsAsync(server));
    }

    [Fact]
    [Trait("ASVS", "16.3.1")]
    public async Task A_login_that_is_too_old_is_in_the_trail()
    {
        await using var server = await StartWithClockAsync("Countersign:StepUp:0:MaxAge=00:05:00");
        var alice = await server.UserWithAsync(BothKeys);
        // The bearer is made now, and outlives its login's use.
        (await alice.AccountAsync()).IsOk();
        server.Clock!.Advance(TimeSpan.FromMinutes(6));

        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsRefused(401, "insufficient-user-authentication");

        Assert.Equal(
            ["request_refused userKeys/removing   insufficient-user-authentication alice 127.0.0.1"], await LaterEventsAsync(server));
    }

    [Fact]
    public async Task What_the_platform_may_not_do_to_an_account_is_in_its_trail()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(BothKeys);
        await server.UserWithAsync(new { email = "bob@example.com" }, "bob");

        (await server.Service().PutAsync("/api/v1/admin/accounts/bob", BothKeys)).IsRefused(409, "key-taken");
        (await server.Operator().PostAsync("/api/v1/admin/accounts/bob/holds/lifting", new { reason = "recovery", explanation = "Asked." })).IsRefused(409, "not-held");

        Assert.Equal(
            ["request_refused    key-taken platform 127.0.0.1", "request_refused    not-held operator 127.0.0.1"],
            await LaterEventsAsync(server, "bob"));
    }

    [Fact]
    public async Task Refusals_beyond_twenty_in_a_minute_are_answered_and_not_recorded()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);

        for (var i = 0; i < 30; i++)
            (await alice.IssueAsync("userKeys/adding/email", new { newEmail = "mallory@example.org" })).IsRefused(409, "key-exists");
        Assert.Equal(20, (await LaterEventsAsync(server)).Count());

        server.Clock!.Advance(TimeSpan.FromSeconds(61));
        (await alice.IssueAsync("userKeys/adding/email", new { newEmail = "mallory@example.org" })).IsRefused(409, "key-exists");
        Assert.Equal(21, (await LaterEventsAsync(server)).Count());
    }

    /// <summary>All but the first, oldest first.</summary>
    static async Task<IEnumerable<string>> LaterEventsAsync(TestServer server, string userId = "alice") =>
        (await server.EventsAsync(userId)).AsEnumerable().Reverse().Skip(1).Select(Line);

    static string Line(JsonElement e) =>
        string.Join(' ', new[] { "type", "operation", "keyType", "target", "reason", "actor", "ip" }.Select(name => e.TryGetProperty(name, out var value) ? value.GetString() : ""));
}
