using System.Text.Json;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Delivery;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Server;
using Countersign.Tests.Stores;
using Countersign.Tests.Ui;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Console;

/// <summary>An operator at work: every search and every action by clicks, and what came of it as the API says it.</summary>
public sealed class ConsoleAccountTests(Browser browser, Operators operators) : IClassFixture<Operators>
{
    const string Email = "alice@example.com";
    const string Number = "+436601234567";

    readonly FakeSender sms = new(KeyType.PhoneNumber, TimeProvider.System);

    [Fact]
    public async Task An_account_is_found_by_its_id_its_email_and_its_number_and_none_of_them_stands_in_an_address()
    {
        await using var site = await StartAsync();
        var urls = new List<string>();
        site.Page.Request += (_, request) => urls.Add(request.Url);
        await site.GoAsync("/console/search");
        await site.SignInAsync();
        foreach (var query in new[] { "alice", " ALICE@example.com ", "+43 660 1234567" })
        {
            await site.GoAsync("/console/search");
            await FindAsync(site, query);
            await Expect(site.Heading).ToHaveTextAsync("Account alice");
            await Expect(site.Page).ToHaveURLAsync(new Uri(site.Server.Url, "/console/accounts/alice").AbsoluteUri);
        }

        await site.GoAsync("/console/search");
        await Axe.AssertFindsNothingAsync(site.Page, "the search");
        await FindAsync(site, "bob@example.com");
        await Expect(site.Page.Locator(".notice.bad")).ToContainTextAsync("There is no account with exactly this");
        await Axe.AssertFindsNothingAsync(site.Page, "nothing found");
        Assert.DoesNotContain(urls, url => url.Contains("example.com", StringComparison.OrdinalIgnoreCase) || url.Contains("1234567", StringComparison.Ordinal));
        site.AssertNoComplaints();
    }

    [Fact]
    public async Task The_page_of_an_account_shows_what_helps_and_masks_what_is_nobody_s_business()
    {
        await using var site = await StartAsync();
        await MakeHistoryAsync(site.Server);
        await OpenAsync(site);

        await Expect(site.Section("Keys")).ToContainTextAsync("a***e@example.com");
        await Expect(site.Section("Keys")).ToContainTextAsync("+*********567");
        await Expect(site.Section("Keys")).ToContainTextAsync("MFA on");
        await Expect(site.Section("Keys")).ToContainTextAsync("G********7");
        await Expect(site.Section("Pending operations")).ToContainTextAsync("Changing the email, first step");
        await Expect(site.Section("Pending operations")).ToContainTextAsync("Not delivered");
        await Expect(site.Section("Holds")).ToContainTextAsync("The anti-phishing code was changed");
        await Expect(site.Section("Limits and locks")).ToContainTextAsync("Locked until");
        await Expect(site.Section("Messages")).ToContainTextAsync("550 ***: no such number");
        await Expect(site.Section("What happened")).ToContainTextAsync("The audit trail is whole.");
        await Expect(site.Section("What happened")).ToContainTextAsync("Changing the anti-phishing code was locked after too many wrong codes");
        await Expect(site.Section("What happened")).ToContainTextAsync("A wrong code for changing the anti-phishing code was entered, 2 times");
        await Expect(site.Page.Locator(".badges")).ToContainTextAsync("Locked");
        await Expect(site.Page.Locator(".badges")).ToContainTextAsync("On hold");

        foreach (var summary in await site.Page.Locator("details.act > summary").AllAsync())
            await summary.ClickAsync();
        await Axe.AssertFindsNothingAsync(site.Page, "an account with all its forms open");
        await site.Page.SetViewportSizeAsync(320, 800);
        Assert.Equal(320, await site.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        site.AssertNoComplaints();
    }

    [Fact]
    public async Task Codes_are_revoked_an_operation_is_unlocked_and_a_hold_is_lifted_each_with_its_reason_in_the_trail()
    {
        await using var site = await StartAsync();
        var alice = await MakeHistoryAsync(site.Server);
        await OpenAsync(site);

        await ConsoleSite.ActAsync(site.Section("Pending operations").Locator("li", new() { HasText = "Changing the email" }), "Revoke", "The caller did not ask for it");
        await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("The codes are revoked. None of them works any more.");
        Assert.Equal(["mfa/disabling PHONE_NUMBER"], (await alice.AccountAsync()).Pending());

        (await alice.IssueAsync("antiPhishing/changing")).IsRefused(429, "too-many-attempts");
        await ConsoleSite.ActAsync(site.Section("Limits and locks").Locator("li", new() { HasText = "Locked until" }), "Unlock", "Typed the code of another account");
        await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("The operation is unlocked, and its wrong tries are forgotten.");
        (await alice.IssueAsync("antiPhishing/changing")).IsOk();

        await ConsoleSite.ActAsync(site.Section("Holds"), "Lift", "Identified on the phone");
        await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("The hold is lifted.");
        Assert.Equal(0, (await alice.AccountAsync()).Body.GetProperty("holds").GetArrayLength());

        var events = await site.Server.EventsAsync("alice");
        foreach (var (type, reason) in new[]
        {
            ("token_revoked", "The caller did not ask for it"), ("operation_unlocked", "Typed the code of another account"), ("hold_lifted", "Identified on the phone"),
        })
            Assert.Single(events, e => e.Text("type") == type && e.Text("actor") == OpenIdPeer.Operator && e.Text("reason")!.EndsWith(reason, StringComparison.Ordinal));
        await Expect(site.Section("What happened")).ToContainTextAsync("Identified on the phone");
        await Expect(site.Section("What happened")).ToContainTextAsync($"by {OpenIdPeer.Operator}");

        // The message is shown once.
        await site.Page.ReloadAsync();
        await Expect(site.Page.Locator(".notice")).ToHaveCountAsync(0);
        site.AssertNoComplaints();
    }

    [Fact]
    public async Task All_codes_are_revoked_at_once_and_what_is_gone_already_is_said_to_be()
    {
        await using var site = await StartAsync();
        var alice = await MakeHistoryAsync(site.Server);
        await OpenAsync(site);
        var pending = site.Section("Pending operations");
        await ConsoleSite.ActAsync(pending, "Revoke all codes", "Phone is stolen");
        await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("The codes are revoked. None of them works any more.");
        Assert.Empty((await alice.AccountAsync()).Pending());

        // Another operator was faster.
        (await alice.IssueAsync("userKeys/changing", new { keyType = "EMAIL" })).IsOk();
        await site.Page.ReloadAsync();
        (await alice.CancelAsync("userKeys/changing", "EMAIL")).IsOk(204);
        await ConsoleSite.ActAsync(pending, "Revoke", "Phone is stolen");
        await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("Nothing was done: no code is pending any more.");
    }

    [Fact]
    public async Task A_dead_message_is_tried_again_or_dropped_from_the_account_and_from_the_list_of_all()
    {
        await using var site = await StartAsync();
        var alice = await MakeHistoryAsync(site.Server);
        await OpenAsync(site);
        await site.FollowAsync("Dead messages");
        await Expect(site.Page.Locator(".cards > li")).ToHaveCountAsync(1);
        await Axe.AssertFindsNothingAsync(site.Page, "a dead message");

        sms.Answer(SendStatus.Accepted);
        await ConsoleSite.ActAsync(site.Page.Locator(".cards > li"), "Retry", "The carrier is back");
        await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("The message is queued again.");
        await Expect(site.Heading).ToHaveTextAsync("Dead messages");
        await Eventually.ThatAsync(
            async () => (await alice.AccountAsync()).PendingOperation("mfa/disabling").Text("delivery") == "SENT", "the message is sent");
        await site.Page.ReloadAsync();
        await Expect(site.Page.Locator("main")).ToContainTextAsync("There is none.");
        await Axe.AssertFindsNothingAsync(site.Page, "no dead message");

        sms.Answer(SendStatus.Rejected, $"550 {Number}: no such number");
        (await alice.ResendAsync("mfa/disabling", "PHONE_NUMBER")).IsOk();
        await Eventually.ThatAsync(async () => (await DeadAsync(site.Server)).GetArrayLength() == 1, "a message is dead");
        await OpenAsync(site);
        var dead = site.Section("Messages").Locator("li", new() { HasText = "Dead" });
        await ConsoleSite.ActAsync(dead, "Drop", "The number is wrong");
        await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("The message is dropped, and what it said is erased.");
        Assert.Equal(0, (await DeadAsync(site.Server)).GetArrayLength());
        var events = await site.Server.EventsAsync("alice");
        Assert.Single(events, e => e.Text("type") == "message_retried" && e.Text("reason")!.EndsWith("The carrier is back", StringComparison.Ordinal));
        Assert.Single(events, e => e.Text("type") == "message_dropped" && e.Text("reason")!.EndsWith("The number is wrong", StringComparison.Ordinal));
        site.AssertNoComplaints();
    }

    [Fact]
    public async Task An_account_is_erased_by_whoever_types_its_id_and_says_why()
    {
        await using var site = await StartAsync();
        await MakeHistoryAsync(site.Server);
        await OpenAsync(site);
        await site.FollowAsync("Erase the account…");
        await Expect(site.Heading).ToHaveTextAsync("Erase the account alice");
        await Axe.AssertFindsNothingAsync(site.Page, "the question whether to erase");

        await EraseAsync(site, "alise", "Asked for by the owner");
        await Expect(site.Page.Locator(".notice.bad")).ToHaveTextAsync("The user id that you typed is not the one of this account.");
        await Axe.AssertFindsNothingAsync(site.Page, "another user id");
        (await site.Server.Service().GetAsync("/api/v1/admin/accounts/alice")).IsOk();

        await EraseAsync(site, "alice", "Asked for by the owner");
        await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("The account is erased. Its audit trail stays.");
        await Expect(site.Page.Locator(".badges")).ToContainTextAsync("Erased");
        await Expect(site.Section("What happened")).ToContainTextAsync("The account was erased");
        await Axe.AssertFindsNothingAsync(site.Page, "an erased account");
        (await site.Server.Service().GetAsync("/api/v1/admin/accounts/alice")).IsRefused(404, "account-not-found");
        Assert.Single(
            await site.Server.EventsAsync("alice"),
            e => e.Text("type") == "account_erased" && e.Text("actor") == OpenIdPeer.Operator && e.Text("reason")!.EndsWith("Asked for by the owner", StringComparison.Ordinal));
        site.AssertNoComplaints();
    }

    [Fact]
    public async Task A_user_id_of_any_characters_has_its_page_and_its_actions()
    {
        await using var site = await StartAsync();
        foreach (var (i, userId) in new[] { "a/b", "100%2F", "x?y=1#z", "<i>é</i> ;:@&=+$,", "..." }.Index())
        {
            var user = site.Server.User(userId);
            (await site.Server.PutAccountAsync(Uri.EscapeDataString(userId), new { email = $"mail{i}@example.com" })).IsOk(201);
            (await user.IssueAsync("userKeys/changing", new { keyType = "EMAIL" })).IsOk();
            await site.GoAsync("/console/search");
            if (i == 0)
                await site.SignInAsync();
            await FindAsync(site, userId);
            await Expect(site.Heading).ToHaveTextAsync($"Account {userId}");
            await ConsoleSite.ActAsync(site.Section("Pending operations"), "Revoke", "A test of names");
            await Expect(site.Page.Locator(".notice")).ToHaveTextAsync("The codes are revoked. None of them works any more.");
            await Expect(site.Heading).ToHaveTextAsync($"Account {userId}");
            Assert.Empty((await user.AccountAsync()).Pending());
        }

        site.AssertNoComplaints();
    }

    async Task<ConsoleSite> StartAsync()
    {
        var site = await ConsoleSite.StartAsync(
            browser, operators,
            ["Countersign:Limits:WrongTriesPerToken=2", "Countersign:Limits:WrongTriesPerDay=2", "Countersign:Holds:AntiPhishingCodeChanged=06:00:00"],
            builder => builder.Services.AddSingleton<IMessageSender>(sms));
        await site.Server.UserWithAsync(new { email = Email, phoneNumber = Number, mfa = new { phoneNumber = true }, antiPhishingCode = "Bluebird9" });
        return site;
    }

    /// <summary>Alice: a hold, a lock, a pending change, and a message that is dead.</summary>
    async Task<TestUser> MakeHistoryAsync(TestServer server)
    {
        var alice = server.User();
        var oneTimeToken = await alice.CodeAsync("antiPhishing/changing", Email);
        (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken, antiPhishingCode = "Greenbird7" })).IsOk();
        await sms.FirstAsync(notice => notice.Message.OneTimeToken is null);
        sms.Answer(SendStatus.Rejected, $"550 {Number}: no such number");
        var code = await alice.CodeAsync("antiPhishing/changing", Email);
        for (var i = 0; i < 2; i++)
            (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = Verbs.Wrong(code), antiPhishingCode = "Redbird77" })).IsRefused(422, "token-invalid");
        (await alice.IssueAsync("userKeys/changing", new { keyType = "EMAIL" })).IsOk();
        (await alice.IssueAsync("mfa/disabling", new { destination = "PHONE_NUMBER" })).IsOk();
        await Eventually.ThatAsync(async () => (await DeadAsync(server)).GetArrayLength() == 1, "a message is dead");
        return alice;
    }

    static async Task<JsonElement> DeadAsync(TestServer server) => (await server.Operator().GetAsync("/api/v1/admin/messages")).IsOk().Body;

    static async Task OpenAsync(ConsoleSite site)
    {
        await site.GoAsync("/console/accounts/alice");
        if (await site.Heading.TextContentAsync() == "Sign in to the console")
            await site.SignInAsync();
        await Expect(site.Heading).ToHaveTextAsync("Account alice");
    }

    static async Task FindAsync(ConsoleSite site, string query)
    {
        await site.Page.GetByLabel("User id, email or phone number").FillAsync(query);
        await site.ClickAsync("Find");
    }

    static async Task EraseAsync(ConsoleSite site, string userId, string reason)
    {
        await site.Page.GetByLabel("Type the user id").FillAsync(userId);
        await site.Page.GetByLabel("Why?").FillAsync(reason);
        await site.ClickAsync("Erase for good");
    }
}
