using System.Net;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Http;

/// <summary>Limits that hold over all accounts, and over all nodes.</summary>
public sealed class LimitTests
{
    const string Victim = "victim@example.org";
    const string Number = "+4915112345678";

    [Fact]
    [Trait("ASVS", "2.4.1")]
    [Trait("ASVS", "2.3.2")]
    [Trait("Attack", "14")]
    public async Task An_address_gets_so_many_codes_and_no_more_whoever_asks_and_nobody_is_told()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:Recipient:Email:TenMinutes=3");
        await server.UserWithAsync(new { email = Victim }, "victim");
        for (var i = 0; i < 6; i++)
        {
            var user = await server.UserWithAsync(new { phoneNumber = $"+49151000000{i:00}" }, $"user-{i}");
            var answer = await user.IssueAsync("userKeys/adding/email", new { newEmail = i % 2 == 0 ? Victim : "VICTIM@example.org" });
            answer.IsOk();
        }

        await Eventually.ThatAsync(async () => (await server.InboxAsync(Victim)).Count == 3, "three are sent");
        Assert.Equal("token_issued", (await server.EventsAsync("user-5"))[0].Text("type"));
        Assert.Equal("not sent: recipient", (await server.EventsAsync("user-5"))[0].Text("reason"));
        // What is held back looks like what was sent.
        Assert.Equal("SENT", (await server.User("user-5").AccountAsync()).Body.GetProperty("pendingOperations")[0].GetProperty("delivery").GetString());
    }

    [Fact]
    public async Task The_limit_of_ten_minutes_is_over_after_ten_minutes_and_that_of_the_day_after_a_day()
    {
        var clock = new FakeTimeProvider(Verbs.Start);
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Clock = clock,
            Settings = ["Countersign:Limits:Recipient:Email:TenMinutes=2", "Countersign:Limits:Recipient:Email:Day=3", "Countersign:Tokens:Lifetime=1.00:00:00"],
        });
        var alice = await server.UserWithAsync(new { email = Victim });
        await SentAsync(3, 2);
        clock.Advance(TimeSpan.FromMinutes(10));
        await SentAsync(2, 3);
        clock.Leap(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(10));
        await SentAsync(3, 5);

        async Task SentAsync(int issued, int sent)
        {
            for (var i = 0; i < issued; i++)
                (await server.User().IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
            await Eventually.ThatAsync(async () => (await server.InboxAsync(Victim)).Count == sent, $"{sent} are sent");
        }
    }

    [Fact]
    [Trait("ASVS", "2.4.1")]
    [Trait("ASVS", "8.2.4")]
    [Trait("ASVS", "15.2.2")]
    [Trait("Attack", "14")]
    public async Task A_client_has_so_many_tokens_issued_and_tries_as_many_and_is_told_what_is_left()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:Client:IssuesPerHour=3", "Countersign:Limits:Client:RedeemsPerFiveMinutes=2");
        for (var i = 0; i < 3; i++)
        {
            var user = await server.UserWithAsync(new { email = $"user{i}@example.com" }, $"user-{i}");
            var issued = await user.IssueAsync("userKeys/changing?keyType=EMAIL");
            issued.IsOk();
            Assert.Equal("\"client-issues\";q=3;w=3600", issued.Headers.GetValues("RateLimit-Policy").Single());
            Assert.StartsWith($"\"client-issues\";r={2 - i};t=", issued.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        }

        // Another account, the same client. A conflict comes first, and costs nothing.
        var other = await server.UserWithAsync(new { email = "other@example.com" }, "other");
        (await other.IssueAsync("antiPhishing/changing")).IsRefused(409, "anti-phishing-missing");
        var limited = await other.IssueAsync("userKeys/changing?keyType=EMAIL");
        limited.IsRefused(429, "rate-limited");
        Assert.InRange(limited.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 3_500, 3_600);
        Assert.StartsWith("\"client-issues\";r=0;t=", limited.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);

        // To guess is to redeem, also where nothing is pending.
        var guess = new { keyType = "EMAIL", oneTimeToken = "000000" };
        (await other.RedeemAsync("userKeys/removing", guess)).IsRefused(422, "token-invalid");
        (await server.User("user-0").RedeemAsync("userKeys/changing", guess)).IsRefused(422, "token-invalid");
        (await server.User("user-1").RedeemAsync("userKeys/changing", guess)).IsRefused(429, "rate-limited");
    }

    [Fact]
    public async Task What_the_limits_would_do_can_be_found_out_first()
    {
        await using var server = await TestServer.StartAsync(
            "Countersign:Limits:Client:IssuesPerHour=1", "Countersign:Limits:Recipient:Email:TenMinutes=1", "Countersign:Limits:DryRun=true");
        var alice = await server.UserWithAsync(new { email = Victim });
        for (var i = 0; i < 3; i++)
            (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
        await Eventually.ThatAsync(async () => (await server.InboxAsync(Victim)).Count == 3, "all are sent");
        var metrics = await server.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("countersign_limits_exceeded_total{", metrics, StringComparison.Ordinal);
        Assert.Contains("dry_run=\"true\"", metrics, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Numbers_of_a_country_that_is_not_served_are_refused_and_those_of_others_are_not()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:Sms:Countries:0=DE", "Countersign:Limits:Sms:Countries:1=AT");
        var alice = await server.UserWithAsync(new { email = Victim });
        (await alice.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = Number })).IsOk();
        (await alice.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+436641234567" })).IsOk();
        var refused = await alice.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+447400123456" });
        refused.IsRefused(400, "validation");
        Assert.Equal("Phone numbers of this country are not served.", refused.Body.GetProperty("errors").GetProperty("newPhoneNumber")[0].GetString());
    }

    [Theory]
    [InlineData("PrefixDay=2", "+49151123456", "+49151123999")]
    [InlineData("CountryDay=2", "+4915112345", "+4917099999")]
    [InlineData("Day=2", "+4915112345", "+4366412345")]
    [Trait("Attack", "14")]
    [Trait("ASVS", "2.4.1")]
    public async Task Sms_to_many_numbers_of_one_block_one_country_or_anywhere_end_at_their_limit(string limit, string within, string without)
    {
        await using var server = await TestServer.StartAsync($"Countersign:Limits:Sms:{limit}");
        for (var i = 0; i < 2; i++)
            (await IssueAsync($"user-{i}", $"{within}{i}1")).IsOk();
        var refused = await IssueAsync("user-2", $"{within}21");
        refused.IsRefused(429, "rate-limited");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 86_000, 86_400);
        // Only a number outside of it is served: of another block, of another country, or none.
        var outside = await IssueAsync("user-3", $"{without}21");
        Assert.Equal(limit.StartsWith("Prefix", StringComparison.Ordinal) ? 200 : 429, outside.Status);

        async Task<Answer> IssueAsync(string userId, string number)
        {
            var user = await server.UserWithAsync(new { email = $"{userId}@example.com" }, userId);
            return await user.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = number });
        }
    }

    [Fact]
    [Trait("Attack", "14")]
    public async Task A_country_where_nobody_redeems_gets_no_more_codes_until_somebody_does()
    {
        var clock = new FakeTimeProvider(Verbs.Start);
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Clock = clock, Settings = ["Countersign:Limits:Sms:RedeemedPercent=20", "Countersign:Limits:Sms:RedeemedPercentFrom=10", "Countersign:Tokens:Lifetime=01:00:00"],
        });
        var codes = new List<(TestUser User, string Code)>();
        for (var i = 0; i < 12; i++)
        {
            var user = await server.UserWithAsync(new { email = $"user{i}@example.com" }, $"user-{i}");
            codes.Add((user, await user.CodeAsync("userKeys/adding/phoneNumber", $"+4915100000{i:000}", new { newPhoneNumber = $"+4915100000{i:000}" })));
        }

        // They may still be typed; and ten minutes later they are not.
        var late = await server.UserWithAsync(new { email = "late@example.com" }, "late");
        (await late.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+4915100000900" })).IsOk();
        clock.Advance(TimeSpan.FromMinutes(10));
        (await late.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+4915100000901" })).IsRefused(429, "rate-limited");
        (await late.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+436641234567" })).IsOk();

        foreach (var (user, code) in codes.Take(3))
            (await user.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk();
        (await late.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+4915100000901" })).IsOk();
    }

    [Fact]
    [Trait("ASVS", "4.1.3")]
    [Trait("ASVS", "15.3.4")]
    [Trait("Attack", "13")]
    [Trait("Attack", "14")]
    public async Task The_address_of_a_client_is_its_own_behind_a_proxy_that_is_trusted_and_that_of_the_proxy_behind_any_other()
    {
        await using var behind = await TestServer.StartAsync("Countersign:Limits:Client:IssuesPerHour=1", "Countersign:TrustedProxies:0=127.0.0.0/8");
        await behind.UserWithAsync(new { email = Victim });
        (await IssueAsync(behind, "203.0.113.7")).IsOk();
        (await IssueAsync(behind, "203.0.113.7")).IsRefused(429, "rate-limited");
        (await IssueAsync(behind, "198.51.100.9, 203.0.113.8")).IsOk();
        // What the client itself has written there is not believed.
        (await IssueAsync(behind, "198.51.100.10, 203.0.113.8")).IsRefused(429, "rate-limited");
        // A /64 is one client.
        (await IssueAsync(behind, "2001:db8:1:2::1")).IsOk();
        (await IssueAsync(behind, "2001:db8:1:2:ffff::2")).IsRefused(429, "rate-limited");
        Assert.Equal(["2001:db8:1:2:ffff::2", "2001:db8:1:2::1"], (await behind.EventsAsync("alice")).Take(2).Select(e => e.Text("ip")));

        await using var alone = await TestServer.StartAsync("Countersign:Limits:Client:IssuesPerHour=1");
        await alone.UserWithAsync(new { email = Victim });
        (await IssueAsync(alone, "203.0.113.7")).IsOk();
        (await IssueAsync(alone, "203.0.113.8")).IsRefused(429, "rate-limited");
        Assert.Equal(IPAddress.Loopback.ToString(), (await alone.EventsAsync("alice"))[0].Text("ip"));
    }

    [Fact]
    [Trait("Attack", "14")]
    [Trait("ASVS", "2.3.2")]
    [Trait("ASVS", "2.4.1")]
    public async Task Three_nodes_keep_the_limits_exactly()
    {
        using var folder = new TestFolder();
        var setup = new TestServer.Setup
        {
            Folder = folder, Settings = ["Countersign:Limits:Recipient:Email:TenMinutes=7", "Countersign:Limits:Client:IssuesPerHour=40", "Countersign:Limits:Client:RedeemsPerFiveMinutes=25"],
        };
        await using var first = await TestServer.StartAsync(setup);
        await using var second = await TestServer.StartAsync(setup);
        await using var third = await TestServer.StartAsync(setup);
        TestServer[] nodes = [first, second, third];
        for (var i = 0; i < 60; i++)
            await first.UserWithAsync(new { phoneNumber = $"+49151000000{i:00}" }, $"user-{i}");

        var issued = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => AskAsync(() =>
            nodes[i % 3].User($"user-{i}").IssueAsync("userKeys/adding/email", new { newEmail = Victim }))));
        Assert.Equal((40, 20), (issued.Count(answer => answer.Status == 200), issued.Count(answer => answer.Status == 429)));
        await Eventually.ThatAsync(async () => (await first.InboxAsync(Victim)).Count == 7, "seven are sent");

        var redeemed = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => AskAsync(() =>
            nodes[i % 3].User($"user-{i}").RedeemAsync("userKeys/adding/email", new { oneTimeToken = "000000" }))));
        Assert.Equal((25, 35), (redeemed.Count(answer => answer.Status == 422), redeemed.Count(answer => answer.Status == 429)));
        Assert.Equal(7, (await first.InboxAsync(Victim)).Count);
    }

    /// <summary>
    /// Asks again where a node has waited in vain for the file that it shares with two others: nothing was done then, or more would be counted than are allowed.
    /// </summary>
    static async Task<Answer> AskAsync(Func<Task<Answer>> ask)
    {
        var answer = await ask();
        for (var again = 0; answer.Status == 503 && again < 10; again++)
            answer = await ask();
        return answer;
    }

    static async Task<Answer> IssueAsync(TestServer server, string forwardedFor)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/token/userKeys/changing?keyType=EMAIL");
        request.Headers.Add("X-Forwarded-For", forwardedFor);
        return await server.User().SendAsync(request);
    }
}
