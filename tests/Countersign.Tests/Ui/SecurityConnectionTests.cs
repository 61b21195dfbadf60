using Countersign.Tests.Hosting;
using Microsoft.Playwright;
using static Countersign.Tests.Http.Verbs;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>A network that fails or dawdles, tabs that race, and bearers that come, expire and are too old.</summary>
public sealed class SecurityConnectionTests(Browser browser, SecuritySite site) : IClassFixture<SecuritySite>
{
    const string RemovePhone = "Remove your phone number";
    const string Unreachable = "We cannot reach the server. Nothing is half done";
    const string SignedOut = "You are not signed in.";

    [Fact]
    public async Task A_server_that_is_away_is_said_to_be_and_asked_again()
    {
        var person = await TwoKeysAsync();
        await using var page = await SecurityPage.OpenAsync(browser, person, before: page => page.RouteAsync("**/api/v1/**", route => route.AbortAsync("connectionrefused")));
        page.Expected.AddRange(["net::ERR_CONNECTION_REFUSED", "countersign-security: no answer"]);
        await Expect(page.Text(Unreachable)).ToBeVisibleAsync();

        await page.Page.UnrouteAsync("**/api/v1/**");
        await page.PressAsync("Try again");
        await Expect(page.Button(RemovePhone)).ToBeVisibleAsync();
        await Expect(page.Text(Unreachable)).ToHaveCountAsync(0);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_slow_answer_is_waited_for_and_what_is_pressed_twice_is_sent_once()
    {
        var person = await TwoKeysAsync();
        await using var page = await SecurityPage.OpenAsync(browser, person);
        var (asked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var requests = 0;
        await page.Page.RouteAsync("**/api/v1/token/**", async route =>
        {
            Interlocked.Increment(ref requests);
            asked.TrySetResult();
            await go.Task;
            await route.ContinueAsync();
        });

        await page.PressAsync(RemovePhone);
        await page.PressAsync("Send code");
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await Expect(page.Button("Send code")).ToHaveAttributeAsync("aria-disabled", "true");
        // Not even by force.
        await page.Button("Send code").DispatchEventAsync("click");
        await page.Button("Send code").PressAsync("Enter");
        go.SetResult();
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        Assert.Equal(1, Volatile.Read(ref requests));
        Assert.Equal(1, await person.EventsAsync("token_issued"));
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_change_whose_answer_is_lost_is_shown_when_it_is_asked_for_again_and_is_made_once()
    {
        var person = await TwoKeysAsync();
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync("Change your email");
        await page.EnterCodeAsync(person.Email);
        await page.FillAsync("New email", person.NewEmail);
        await page.PressAsync("Continue");
        await Expect(page.Element.Locator("[aria-current=step]")).ToHaveTextAsync("Confirm the new email");
        await page.EnterCodeAsync(person.NewEmail);

        page.Expected.AddRange(["net::ERR_FAILED", "countersign-security: no answer"]);
        // The server has done it when the line breaks.
        await LoseAnswerAsync(page, "**/api/v1/userKeys/changing");
        await page.PressAsync("Confirm");
        await Expect(page.Panel("Change your email").GetByText(Unreachable)).ToBeVisibleAsync();
        Assert.Equal(1, await person.EventsAsync("user_key_changed"));
        await page.PressAsync("Confirm");

        await Expect(page.Card("Email").GetByText(": done.")).ToBeVisibleAsync();
        Assert.Equal(1, await person.EventsAsync("user_key_changed"));
        Assert.Equal(0, await person.EventsAsync("token_refused"));
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_code_whose_answer_is_lost_is_sent_once()
    {
        var person = await TwoKeysAsync();
        await using var page = await SecurityPage.OpenAsync(browser, person);
        page.Expected.AddRange(["net::ERR_FAILED", "countersign-security: no answer"]);
        await LoseAnswerAsync(page, "**/api/v1/token/userKeys/removing");
        await page.PressAsync(RemovePhone);
        await page.PressAsync("Send code");
        await Expect(page.Panel(RemovePhone).GetByText(Unreachable)).ToBeVisibleAsync();
        await page.PressAsync("Send code");
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await page.EnterCodeAsync(person.Phone);
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        Assert.Equal(1, await person.EventsAsync("token_issued"));
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Of_two_tabs_with_one_code_one_wins_and_the_other_shows_how_things_stand()
    {
        var person = await TwoKeysAsync();
        await using var first = await SecurityPage.OpenAsync(browser, person);
        await first.SendCodeAsync(RemovePhone);
        var code = await first.CodeAsync(person.Phone);
        await using var second = await SecurityPage.OpenAsync(browser, person, beside: first);
        SecurityPage[] tabs = [first, second];

        // Neither goes before both are there.
        var (waiting, both) = (0, new TaskCompletionSource());
        foreach (var tab in tabs)
        {
            await tab.FillAsync("Code", code);
            await tab.Page.RouteAsync("**/api/v1/userKeys/removing", async route =>
            {
                if (Interlocked.Increment(ref waiting) == 2)
                    both.SetResult();
                await both.Task;
                await route.ContinueAsync();
            });
        }

        await Task.WhenAll(tabs.Select(tab => tab.PressAsync("Remove")));
        foreach (var tab in tabs)
            await Expect(tab.Card("Phone number")).ToContainTextAsync("No phone number yet");
        var won = await Task.WhenAll(tabs.Select(async tab => (await tab.ChangesAsync()).Length));
        Assert.Equal([0, 1], won.Order());
        var loser = tabs[Array.IndexOf(won, 0)];
        await Expect(loser.Card("Phone number").GetByText("Below is how things stand now.")).ToBeVisibleAsync();
        Assert.Equal(1, await person.EventsAsync("user_key_removed"));
        first.AssertNoComplaints();
        second.AssertNoComplaints();
    }

    [Fact]
    public async Task What_another_tab_has_asked_for_is_there_when_this_one_is_looked_at_again()
    {
        var person = await TwoKeysAsync();
        await using var first = await SecurityPage.OpenAsync(browser, person);
        await Expect(first.Button(RemovePhone)).ToBeVisibleAsync();
        await using var second = await SecurityPage.OpenAsync(browser, person, beside: first);
        await second.SendCodeAsync(RemovePhone);

        await first.LookAgainAsync();
        await first.EnterCodeAsync(person.Phone);
        await first.PressAsync("Remove");
        await Expect(first.Card("Phone number")).ToContainTextAsync("No phone number yet");
        await second.LookAgainAsync();
        await Expect(second.Card("Phone number").GetByText("This was changed somewhere else in the meantime.")).ToBeVisibleAsync();
        await Expect(second.Card("Phone number")).ToContainTextAsync("No phone number yet");
        first.AssertNoComplaints();
        second.AssertNoComplaints();
    }

    [Fact]
    public async Task A_bearer_comes_by_the_event_as_well()
    {
        var person = await TwoKeysAsync();
        await using var page = await SecurityPage.OpenAsync(browser, person, byEvent: true);
        await page.SendCodeAsync(RemovePhone);
        await page.EnterCodeAsync(person.Phone);
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_bearer_that_has_expired_is_replaced_in_the_midst_of_it()
    {
        var person = await TwoKeysAsync();
        var wishes = new List<bool>();
        var isOld = false;
        await using var page = await SecurityPage.OpenAsync(browser, person, bearer: async isFresh =>
        {
            lock (wishes)
                wishes.Add(isFresh);
            return await site.Server.BearerAsync(person.UserId, null);
        });
        await page.PressAsync(RemovePhone);
        await page.Page.RouteAsync("**/api/v1/token/userKeys/removing", async route =>
        {
            // As a bearer that ran out while the page was open: once.
            if (isOld)
            {
                await route.ContinueAsync();
                return;
            }

            isOld = true;
            var headers = new Dictionary<string, string>(route.Request.Headers) { ["authorization"] = $"Bearer {Expired(person)}" };
            await route.ContinueAsync(new RouteContinueOptions { Headers = headers });
        });
        await page.PressAsync("Send code");
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        Assert.True(isOld);
        Assert.Equal([false, true], wishes);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Without_a_bearer_nothing_is_shown_until_there_is_one()
    {
        var person = await TwoKeysAsync();
        var isSignedIn = false;
        await using var page = await SecurityPage.OpenAsync(
            browser, person, bearer: async _ => Volatile.Read(ref isSignedIn) ? await site.Server.BearerAsync(person.UserId, null) : Expired(person));
        await Expect(page.Text(SignedOut)).ToBeVisibleAsync();
        await Expect(page.Element.GetByRole(AriaRole.Region)).ToHaveCountAsync(0);

        Volatile.Write(ref isSignedIn, true);
        await page.Page.EvaluateAsync("document.querySelector('countersign-security').refresh()");
        await Expect(page.Button(RemovePhone)).ToBeVisibleAsync();
        await Expect(page.Text(SignedOut)).ToHaveCountAsync(0);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Another_bearer_is_another_account()
    {
        var (person, other) = (await TwoKeysAsync(), await site.PersonAsync(person => new { email = person.Email }));
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.PressAsync(RemovePhone);
        var bearer = await site.Server.BearerAsync(other.UserId, null);
        await page.Page.EvaluateAsync("(bearer) => { document.querySelector('countersign-security').bearer = () => bearer; }", bearer);
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        await Expect(page.Panel(RemovePhone)).ToHaveCountAsync(0);
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_login_that_is_too_old_is_asked_for_again_and_the_operation_goes_on(bool atOnce)
    {
        await using var strict = await SecuritySite.StartAsync("Countersign:StepUp:0:MaxAge=00:05:00");
        var person = await strict.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person, bearer: _ => Task.FromResult<string?>(strict.Server.BearerWith(new() { ["sub"] = person.UserId, ["auth_time"] = 1 })));
        await Expect(page.Button(RemovePhone)).ToBeVisibleAsync();
        if (atOnce)
            await page.Page.EvaluateAsync("window.signsInAtOnce = true");

        await page.PressAsync(RemovePhone);
        await page.PressAsync("Send code");
        if (!atOnce)
        {
            await Expect(page.Panel(RemovePhone).GetByText("This needs to be sure that it is you.")).ToBeVisibleAsync();
            await Expect(page.Button("Sign in again")).ToBeFocusedAsync();
            Assert.Empty((await person.AccountAsync()).Pending());
            await page.Page.EvaluateAsync("window.signsInAtOnce = true");
            await page.PressAsync("Sign in again");
        }

        await Expect(page.Field("Code")).ToBeFocusedAsync();
        Assert.Equal(300, await page.Page.EvaluateAsync<int>("window.stepUps[0].maxAge"));
        await page.EnterCodeAsync(person.Phone);
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_page_of_an_origin_that_is_not_allowed_is_told_and_its_developer_why()
    {
        var person = await TwoKeysAsync();
        await using var foreign = await TeamPage.StartAsync();
        foreign.Server = site.Server.Url;
        var said = new List<string>();
        await using var page = await SecurityPage.OpenAsync(browser, person, host: foreign, before: page =>
        {
            page.Console += (_, message) => said.Add(message.Text);
            return Task.CompletedTask;
        });
        page.Expected.AddRange(["blocked by CORS policy", "net::ERR_FAILED", "countersign-security: no answer"]);

        await Expect(page.Text(Unreachable)).ToBeVisibleAsync();
        await Expect(page.Button("Try again")).ToBeEnabledAsync();
        Assert.Contains(said, text => text.Contains($"this origin ({foreign.Origin}) has to be among the server's Countersign:AllowedOrigins", StringComparison.Ordinal));
        page.AssertNoComplaints();
    }

    Task<Person> TwoKeysAsync() => site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });

    static string Expired(Person person) =>
        person.Site.Server.BearerWith(new() { ["sub"] = person.UserId }, token => token.Expires = DateTime.UtcNow.AddHours(-1));

    /// <summary>The server gets the request and answers, and the answer does not arrive.</summary>
    static async Task LoseAnswerAsync(SecurityPage page, string requests) => await page.Page.RouteAsync(
        requests,
        async route =>
        {
            await route.FetchAsync();
            await route.AbortAsync();
        },
        new PageRouteOptions { Times = 1 });
}
