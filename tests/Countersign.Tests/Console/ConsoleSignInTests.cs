using Countersign.Tests.Hosting;
using Countersign.Tests.Server;
using Countersign.Tests.Ui;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Console;

/// <summary>A certified provider, the authorization code flow with PKCE, and somebody who clicks.</summary>
public sealed class ConsoleSignInTests(Browser browser, Operators operators) : IClassFixture<Operators>
{
    [Fact]
    [Trait("ASVS", "7.4.4")]
    [Trait("ASVS", "14.3.1")]
    public async Task An_operator_signs_in_sees_by_which_name_and_signs_out()
    {
        await using var site = await ConsoleSite.StartAsync(browser, operators);
        var urls = new List<string>();
        site.Page.Request += (_, request) => urls.Add(request.Url);
        await site.GoAsync("/console");
        await site.SignInAsync();
        await Expect(site.Heading).ToHaveTextAsync("Activity");
        await Expect(site.Page.Locator(".who")).ToContainTextAsync("Olivia Example");
        // What is asked for was pushed to the provider beforehand (RFC 9126), and does not travel by the browser.
        Assert.Contains(urls, url => url.Contains("request_uri=urn", StringComparison.Ordinal));
        Assert.DoesNotContain(urls, url => url.Contains("code_challenge", StringComparison.Ordinal));

        var cookie = Assert.Single(await site.Page.Context.CookiesAsync(), cookie => cookie.Name == "countersign-console");
        Assert.True(cookie.HttpOnly);
        Assert.Equal(SameSiteAttribute.Lax, cookie.SameSite);

        await site.ClickAsync("Sign out");
        await Expect(site.Heading).ToHaveTextAsync("You are signed out");
        await site.GoAsync("/console/messages");
        await Expect(site.Heading).ToHaveTextAsync("Sign in to the console");
        site.AssertNoComplaints();
    }

    [Fact]
    public async Task Signing_in_leads_to_the_page_that_was_asked_for()
    {
        await using var site = await ConsoleSite.StartAsync(browser, operators);
        await site.GoAsync("/console/messages");
        await site.SignInAsync();
        await Expect(site.Heading).ToHaveTextAsync("Dead messages");
        await Expect(site.Page).ToHaveURLAsync(new Uri(site.Server.Url, "/console/messages").AbsoluteUri);
    }

    [Fact]
    public async Task Whoever_has_not_the_scope_sees_nothing_and_is_told_what_is_missing()
    {
        await using var site = await ConsoleSite.StartAsync(browser, operators);
        await site.GoAsync("/console/messages");
        await site.SignInAsync("mallory");
        await Expect(site.Heading).ToHaveTextAsync("You may not use the console");
        await Expect(site.Page.Locator("main")).ToContainTextAsync("countersign.operator");
        await Expect(site.Page.GetByRole(AriaRole.Navigation)).ToHaveCountAsync(0);
        foreach (var path in new[] { "/console", "/console/search", "/console/messages", "/console/accounts/alice", "/console/accounts/alice/erase", "/console/nothing" })
            Assert.Equal(403, (await site.Page.GotoAsync(new Uri(site.Server.Url, path).AbsoluteUri))!.Status);
        await Axe.AssertFindsNothingAsync(site.Page, "somebody who is no operator");

        // Who signs in then may be another one: the provider asks.
        await site.Page.Locator("main").GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(site.Heading).ToHaveTextAsync("You are signed out");
        await Axe.AssertFindsNothingAsync(site.Page, "signed out");
        await site.FollowAsync("Sign in");
        await site.Page.GetByLabel("User").FillAsync(OpenIdPeer.Operator);
        await site.ClickAsync("Continue");
        await Expect(site.Heading).ToHaveTextAsync("Activity");
    }

    [Theory]
    [InlineData("support", "olivia", 200)]
    [InlineData("support", "mallory", 403)]
    [InlineData("staff", "mallory", 200)]
    [InlineData("sup", "olivia", 403)]
    public async Task A_claim_can_make_an_operator_instead_of_the_scope(string role, string user, int status)
    {
        await using var site = await ConsoleSite.StartAsync(
            browser, operators,
            [
                "Authentication:Schemes:Console:OperatorClaim=roles", $"Authentication:Schemes:Console:OperatorValue={role}",
                "Authentication:Schemes:Console:Scopes:0=openid", "Authentication:Schemes:Console:Scopes:1=profile",
            ]);
        await site.GoAsync("/console/messages");
        await site.SignInAsync(user);
        await Expect(site.Heading).ToHaveTextAsync(status == 200 ? "Dead messages" : "You may not use the console");
    }

    [Fact]
    public async Task Signing_in_begins_at_one_node_and_ends_at_another_and_a_third_one_knows_who_it_is()
    {
        var database = $"{await SharedPostgres.NewDatabaseAsync()};Maximum Pool Size=10";
        string[] settings =
        [
            $"ConnectionStrings:PostgreSql={database}", "Countersign:Keys:0:Id=one", $"Countersign:Keys:0:Value={Convert.ToBase64String(new byte[32])}",
            .. operators.Provider.ConsoleSettings,
        ];
        // All behind one address, where another node answers from one request to the next.
        var address = $"urls=http://127.0.0.1:{Unprivileged.FreePort()}";
        var first = await TestServer.StartAsync([.. settings, address]);
        await using var site = await ConsoleSite.OpenAsync(browser, await TestServer.StartAsync(settings));
        await site.Page.GotoAsync(new Uri(first.Url, "/console/messages").AbsoluteUri);
        await site.FollowAsync("Sign in");
        await Expect(site.Page.GetByLabel("User")).ToBeVisibleAsync();
        await first.DisposeAsync();
        await using var second = await TestServer.StartAsync([.. settings, address]);
        await site.Page.GetByLabel("User").FillAsync(OpenIdPeer.Operator);
        await site.ClickAsync("Continue");
        await Expect(site.Heading).ToHaveTextAsync("Dead messages");
        await Expect(site.Page).ToHaveURLAsync(new Uri(second.Url, "/console/messages").AbsoluteUri);

        // A browser's cookies are those of the host, at every port of it.
        await site.GoAsync("/console/search");
        await Expect(site.Heading).ToHaveTextAsync("Find an account");

        // A form of one node is sent to another: what it carries is sealed under the keys of all of them.
        var token = await site.Page.Locator("form.search input[type=hidden]").InputValueAsync();
        await site.Page.GotoAsync(new Uri(second.Url, "/console/search").AbsoluteUri);
        await site.Page.EvaluateAsync("token => document.querySelector('form.search input[type=hidden]').value = token", token);
        await site.Page.GetByLabel("User id, email or phone number").FillAsync("nobody");
        await site.ClickAsync("Find");
        await Expect(site.Page.Locator(".notice")).ToContainTextAsync("There is no account");
    }
}
