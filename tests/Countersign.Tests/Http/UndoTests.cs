using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.Time.Testing;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed partial class UndoTests
{
    const string PublicUrl = "https://accounts.example.com/security";
    const string Mallory = "mallory@example.org";
    const string MallorysPhone = "+4915187654321";

    [Fact]
    [Trait("ASVS", "6.3.7")]
    public async Task A_notice_to_a_key_of_before_the_change_has_a_link_and_one_to_a_new_key_has_none()
    {
        await using var server = await StartAsync();
        await ChangeAsync(await server.UserWithAsync(BothKeys), "EMAIL", Email, Mallory);

        var token = await TokenAsync(server, Email);
        var mail = await NoticeAsync(server, Email, "changed to m***y@example.org");
        Assert.Contains($"by 2026-11-29 19:00 UTC:\n\n{PublicUrl}/undo#{token}\n", mail.Text, StringComparison.Ordinal);
        Assert.Matches($"<a [^>]*href=\"{PublicUrl}/undo#{token}\"[^>]*>{PublicUrl}/undo#{token}</a>", mail.Html);
        Assert.Contains($"Not you? Undo it: {PublicUrl}/undo#{token} and tell our support.", (await NoticeAsync(server, Phone, "changed to")).Text, StringComparison.Ordinal);
        var toMallory = await NoticeAsync(server, Mallory, "changed to");
        Assert.DoesNotContain("undo", toMallory.Text + toMallory.Html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("tell the support of Countersign at once", toMallory.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_public_URL_notices_say_whom_to_tell_and_offer_no_link()
    {
        await using var server = await TestServer.StartAsync();
        await ChangeAsync(await server.UserWithAsync(BothKeys), "EMAIL", Email, Mallory);
        var notice = await NoticeAsync(server, Email, "changed to");
        Assert.DoesNotContain("undo", notice.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("If this was not you, tell the support of Countersign at once.", notice.Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("ASVS", "1.2.2")]
    [Trait("ASVS", "4.1.3")]
    [Trait("Attack", "13")]
    public async Task The_base_of_a_link_is_the_configured_one_whatever_a_request_says_of_its_host()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/userKeys/removing")
        {
            Content = Content($$"""{"keyType":"EMAIL","oneTimeToken":"{{code}}"}"""),
        };
        request.Headers.Host = "evil.example";
        foreach (var (name, value) in new[]
        {
            ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Prefix", "/evil"), ("X-Original-Host", "evil.example"),
            ("Forwarded", "host=evil.example;proto=http"), ("X-Host", "evil.example"),
        })
            request.Headers.Add(name, value);
        (await alice.SendAsync(request)).IsOk();

        foreach (var address in new[] { Email, Phone })
        {
            var notice = await NoticeAsync(server, address, "was removed");
            Assert.DoesNotContain("evil", notice.Text + notice.Html, StringComparison.Ordinal);
            Assert.Contains($"{PublicUrl}/undo#", notice.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("ASVS", "3.5.3")]
    [Trait("Attack", "16")]
    public async Task Reading_the_page_does_nothing_however_often_and_whatever_the_query()
    {
        await using var server = await StartAsync();
        await ChangeAsync(await server.UserWithAsync(BothKeys), "EMAIL", Email, Mallory);
        var token = await TokenAsync(server, Email);
        var before = await server.EventsAsync("alice");

        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await server.SendAsync("GET", $"/undo?token={token}")).Status);
            Assert.Equal(200, (await server.SendAsync("HEAD", $"/undo?token={token}")).Status);
        }

        foreach (var method in new[] { "PUT", "DELETE", "PATCH" })
            (await server.SendAsync(method, $"/undo?token={token}")).IsRefused(405, "method-not-allowed");
        Assert.Equal(422, (await server.SendAsync("POST", $"/undo?token={token}")).Status);
        Assert.Equal(before.Count, (await server.EventsAsync("alice")).Count);
        Assert.Equal(200, (await UndoAsync(server, token)).Status);
    }

    [Fact]
    [Trait("ASVS", "3.4.3")]
    [Trait("ASVS", "3.4.4")]
    [Trait("ASVS", "3.4.5")]
    [Trait("ASVS", "3.4.6")]
    [Trait("ASVS", "1.2.1")]
    [Trait("ASVS", "3.4.8")]
    [Trait("ASVS", "4.1.1")]
    [Trait("ASVS", "14.3.2")]
    [Trait("Attack", "12")]
    public async Task Every_answer_of_the_page_is_kept_nowhere_framed_nowhere_and_runs_nothing_of_others()
    {
        await using var server = await StartAsync("Countersign:Messages:ProductName=<b>A&B</b>");
        var nonces = new List<string>();
        foreach (var answer in new[] { await server.SendAsync("GET", "/undo"), await server.SendAsync("HEAD", "/undo"), await UndoAsync(server, new string('A', 43)) })
        {
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.Equal("same-origin", answer.Headers.GetValues("Cross-Origin-Opener-Policy").Single());
            Assert.Equal("same-origin", answer.Headers.GetValues("Cross-Origin-Resource-Policy").Single());
            Assert.Equal("noindex, nofollow", answer.Headers.GetValues("X-Robots-Tag").Single());
            Assert.Equal("text/html; charset=utf-8", answer.ContentHeaders.ContentType?.ToString());
            var policy = Policy().Match(answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.True(policy.Success, answer.Headers.GetValues("Content-Security-Policy").Single());
            nonces.Add(policy.Groups[1].Value);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
            Assert.DoesNotContain("<b>", answer.Text, StringComparison.Ordinal);
        }

        Assert.Equal(3, nonces.Distinct().Count());
    }

    [Fact]
    [Trait("Attack", "24")]
    public async Task The_button_takes_the_account_back_freezes_it_and_tells_everybody()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });
        var before = (await alice.AccountAsync()).Body;
        await ChangeAsync(alice, "EMAIL", Email, Mallory);
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();

        var undone = await UndoAsync(server, await TokenAsync(server, Email));
        Assert.Equal(200, undone.Status);
        Assert.Contains("<h1>The change is undone</h1>", undone.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("example.com", undone.Text, StringComparison.Ordinal);

        var after = (await alice.AccountAsync()).Body;
        Assert.Equal(before.GetProperty("userKeys").GetRawText(), after.GetProperty("userKeys").GetRawText());
        Assert.Equal("b******y", after.Text("antiPhishingCode"));
        Assert.Equal("[]", after.GetProperty("pendingOperations").GetRawText());
        Assert.Equal(
            ["userKeys/changing 2026-11-23T19:00:00Z", "recovery 2026-11-24T19:00:00Z"],
            after.GetProperty("holds").EnumerateArray().Select(hold => $"{hold.Text("reason")} {hold.Text("until")}"));
        foreach (var address in new[] { Email, Phone, Mallory })
        {
            var notice = await NoticeAsync(server, address, "was undone by the link");
            Assert.DoesNotContain("/undo#", notice.Text, StringComparison.Ordinal);
        }

        var e = (await server.EventsAsync("alice")).Single(entry => entry.Text("type") == "change_undone");
        Assert.Equal(("undo-link", "userKeys/changing/newKey", "EMAIL", "127.0.0.1"), (e.Text("actor"), e.Text("operation"), e.Text("keyType"), e.Text("ip")));

        var frozen = (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsRefused(409, "account-frozen");
        Assert.Equal(48 * 3600, frozen.RetryAfter());
        Assert.Equal(48 * 3600, (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = "123456" })).IsRefused(409, "account-frozen").RetryAfter());
        server.Clock!.Leap(TimeSpan.FromHours(48));
        (await server.User().IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
    }

    [Fact]
    [Trait("Attack", "24")]
    public async Task Two_changes_in_a_row_lead_back_to_the_first_holder_and_nobody_undoes_that()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        await ChangeAsync(alice, "EMAIL", Email, Mallory);
        var owners = await TokenAsync(server, Email);
        await ChangeAsync(alice, "PHONE_NUMBER", Phone, MallorysPhone);
        var mallorys = await TokenAsync(server, Mallory);
        Assert.Equal(["m***y@example.org", "+**********321"], (await alice.AccountAsync()).Keys());

        Assert.Equal(200, (await UndoAsync(server, owners)).Status);
        Assert.Equal(["a***e@example.com", "+******789"], (await alice.AccountAsync()).Keys());
        foreach (var token in new[] { mallorys, owners })
        {
            var again = await UndoAsync(server, token);
            Assert.Equal(422, again.Status);
            Assert.Contains("<h1>This link does nothing any more</h1>", again.Text, StringComparison.Ordinal);
        }

        Assert.Equal(["a***e@example.com", "+******789"], (await alice.AccountAsync()).Keys());
    }

    [Fact]
    [Trait("Attack", "17")]
    [Trait("Attack", "24")]
    public async Task What_the_attacker_had_before_does_not_become_anothers_meanwhile()
    {
        await using var server = await StartAsync();
        await ChangeAsync(await server.UserWithAsync(BothKeys), "EMAIL", Email, Mallory);
        (await server.User("mallory").IssueAsync("userKeys/adding/email", new { newEmail = Email })).IsOk();
        var kept = await server.MessageAsync(Email, item => item.Text.Contains("a short while ago", StringComparison.Ordinal));
        Assert.Null(kept.OneTimeToken);
        Assert.Equal(200, (await UndoAsync(server, await TokenAsync(server, Email))).Status);
    }

    [Fact]
    public async Task An_address_that_the_platform_has_given_to_another_account_does_not_come_back()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        await ChangeAsync(alice, "EMAIL", Email, Mallory);
        (await server.PutAccountAsync("bob", new { email = Email })).IsOk(201);

        var refused = await UndoAsync(server, await TokenAsync(server, Email));
        Assert.Equal(409, refused.Status);
        Assert.Contains("<h1>This cannot be undone here</h1>", refused.Text, StringComparison.Ordinal);
        Assert.Equal(["m***y@example.org", "+******789"], (await alice.AccountAsync()).Keys());
    }

    [Theory]
    [InlineData("token=", "application/x-www-form-urlencoded")]
    [InlineData("", "application/x-www-form-urlencoded")]
    [InlineData("token=%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F%2F", "application/x-www-form-urlencoded")]
    [InlineData("{token}", "application/x-www-form-urlencoded")]
    [InlineData("token={token}&token={token}", "application/x-www-form-urlencoded")]
    [InlineData("token={token}&x=1", "application/x-www-form-urlencoded")]
    [InlineData("Token={token}", "application/x-www-form-urlencoded")]
    [InlineData("token={token}", "text/plain")]
    [InlineData("{\"token\":\"{token}\"}", "application/json")]
    [Trait("ASVS", "3.5.1")]
    [Trait("Attack", "16")]
    public async Task A_form_that_is_not_that_of_the_page_does_nothing(string body, string contentType)
    {
        await using var server = await StartAsync();
        await ChangeAsync(await server.UserWithAsync(BothKeys), "EMAIL", Email, Mallory);
        var token = await TokenAsync(server, Email);
        var answer = await server.SendAsync("POST", "/undo", null, Content(body.Replace("{token}", token, StringComparison.Ordinal), contentType));
        Assert.Equal(422, answer.Status);
        Assert.DoesNotContain(token, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(await server.EventsAsync("alice"), entry => entry.Text("type") == "change_undone");
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_not_read_to_its_end()
    {
        await using var server = await StartAsync();
        Assert.Equal(422, (await server.SendAsync("POST", "/undo", null, Content($"token={new string('x', 20_000)}", "application/x-www-form-urlencoded"))).Status);
    }

    [Fact]
    public async Task How_long_a_link_and_a_freeze_last_are_settings()
    {
        await using var server = await StartAsync("Countersign:Undo:Lifetime=01:00:00", "Countersign:Undo:FreezeFor=00:00:00");
        var alice = await server.UserWithAsync(BothKeys);
        await ChangeAsync(alice, "EMAIL", Email, Mallory);
        Assert.Equal(200, (await UndoAsync(server, await TokenAsync(server, Email))).Status);
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();

        await ChangeAsync(alice, "PHONE_NUMBER", Phone, MallorysPhone);
        var token = await TokenAsync(server, Phone, "phone number of your account was changed");
        server.Clock!.Advance(TimeSpan.FromHours(1));
        Assert.Equal(422, (await UndoAsync(server, token)).Status);
    }

    [Fact]
    public async Task Sixty_four_clicks_at_once_undo_once()
    {
        await using var server = await StartAsync();
        await ChangeAsync(await server.UserWithAsync(BothKeys), "EMAIL", Email, Mallory);
        var token = await TokenAsync(server, Email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => UndoAsync(server, token)));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(63, answers.Count(answer => answer.Status == 422));
        Assert.Single(await server.EventsAsync("alice"), entry => entry.Text("type") == "change_undone");
    }

    static Task<TestServer> StartAsync(params string[] settings) => TestServer.StartAsync(new TestServer.Setup
    {
        Clock = new FakeTimeProvider(Start),
        Settings = [$"Countersign:PublicUrl={PublicUrl}", .. settings],
    });

    static async Task ChangeAsync(TestUser user, string keyType, string current, string newKey)
    {
        var oneTimeToken = await user.NewKeyCodeAsync(keyType, current, newKey);
        (await user.RedeemAsync("userKeys/changing", new { keyType, oneTimeToken })).IsOk();
    }

    static Task<InboxItem> NoticeAsync(TestServer server, string destination, string what) =>
        server.MessageAsync(destination, item => item.OneTimeToken is null && item.Text.Contains(what, StringComparison.Ordinal));

    /// <summary>What the newest link to an address ends with.</summary>
    static async Task<string> TokenAsync(TestServer server, string destination, string what = "was changed") => Link().Match(
        (await server.MessageAsync(destination, item => Link().IsMatch(item.Text) && item.Text.Contains(what, StringComparison.Ordinal))).Text).Groups[1].Value;

    static async Task<Answer> UndoAsync(TestServer server, string token)
    {
        using var form = new FormUrlEncodedContent([new("token", token)]);
        return await server.SendAsync("POST", "/undo", null, form);
    }

    [GeneratedRegex("/undo#([A-Za-z0-9_-]{43})")]
    private static partial Regex Link();

    [GeneratedRegex(@"\Adefault-src 'none'; script-src 'nonce-([0-9A-F]{64})'; style-src 'nonce-\1'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\z")]
    private static partial Regex Policy();
}
