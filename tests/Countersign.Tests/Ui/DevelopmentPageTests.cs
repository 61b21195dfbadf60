using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;
using static Countersign.Tests.Http.Verbs;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>The first minute of a newcomer: the page that users see, and beside it the inbox where its codes arrive.</summary>
public sealed class DevelopmentPageTests(Browser browser)
{
    [Fact]
    public async Task A_newcomer_changes_an_email_with_the_code_arriving_beside_it()
    {
        await using var server = await TestServer.StartAsync();
        await using var page = await InboxPage.OpenAsync(browser, server);
        await ClickAsync(page, "Change your email");
        await ClickAsync(page, "Send code");
        await EnterNewestAsync(page, "alice@demo.example");
        await page.Element.GetByLabel("New email", new() { Exact = true }).FillAsync("alice@new.example");
        await ClickAsync(page, "Continue");
        await EnterNewestAsync(page, "alice@new.example");
        await ClickAsync(page, "Confirm");

        await Expect(page.Element).ToContainTextAsync("a***e@new.example");
        // Both addresses are told.
        await Expect(page.MessageTo("alice@demo.example")).ToHaveCountAsync(2);
        await Expect(page.MessageTo("alice@new.example")).ToHaveCountAsync(2);
        Assert.Equal(["a***e@new.example"], (await server.User("demo-alice").AccountAsync()).Keys());
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_demonstration_user_is_made_when_chosen_and_stays_as_he_was_left_until_it_starts_over()
    {
        await using var server = await TestServer.StartAsync();
        await using var page = await InboxPage.OpenAsync(browser, server);
        await Expect(page.Element).ToContainTextAsync("a***e@demo.example");
        Assert.Equal(404, (await server.Service().GetAsync("/api/v1/admin/accounts/demo-ben")).Status);

        await Person(page, "Ben").CheckAsync();
        await Expect(page.Element).ToContainTextAsync("b***n@demo.example");
        var made = (await server.Service().GetAsync("/api/v1/admin/accounts/demo-ben")).IsOk();
        Assert.Equal(["ben@demo.example", "+12025550143"], made.Keys());
        Assert.Equal((true, false, "blue4sky"), (made.HasMfa("EMAIL"), made.HasMfa("PHONE_NUMBER"), made.AntiPhishing()));

        await server.PutAccountAsync("demo-ben", new { email = "benjamin@demo.example" });
        await page.ReloadAsync();
        await Expect(Person(page, "Ben")).ToBeCheckedAsync();
        await Expect(page.Element).ToContainTextAsync("b***n@demo.example");
        await Expect(page.Element).ToContainTextAsync("No phone number yet");

        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Start over" }).ClickAsync();
        await Expect(page.Page.Locator("#people-status")).ToHaveTextAsync("Ben is as at the beginning.");
        await Expect(page.Element).Not.ToContainTextAsync("No phone number yet");
        Assert.Equal(made.Keys(), (await server.Service().GetAsync("/api/v1/admin/accounts/demo-ben")).Keys());

        await Person(page, "Chloe").CheckAsync();
        await Expect(page.Element).ToContainTextAsync("No email yet");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task The_element_takes_the_language_and_the_appearance_that_are_chosen()
    {
        await using var server = await TestServer.StartAsync();
        await using var page = await InboxPage.OpenAsync(browser, server);
        await page.Page.GetByLabel("Language").SelectOptionAsync("ar");
        await page.Page.GetByLabel("Appearance").SelectOptionAsync("dark");
        await Expect(page.Element.Locator(".all")).ToHaveCSSAsync("direction", "rtl");
        await Expect(page.Element).ToHaveCSSAsync("color-scheme", "dark");
        await Expect(page.Page.Locator("body")).ToHaveCSSAsync("background-color", "rgb(244, 246, 247)");
        await Expect(page.Page.Locator("#stage")).ToHaveCSSAsync("background-color", "rgb(15, 20, 22)");

        await page.ReloadAsync();
        await Expect(page.Page.GetByLabel("Language")).ToHaveValueAsync("ar");
        await Expect(page.Element.Locator(".all")).ToHaveCSSAsync("direction", "rtl");
        await Expect(page.Element).ToHaveCSSAsync("color-scheme", "dark");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task On_a_phone_a_code_shows_itself_while_the_inbox_is_out_of_sight()
    {
        await using var server = await TestServer.StartAsync();
        await using var page = await InboxPage.OpenAsync(
            browser, server, new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 360, Height = 640 }, Permissions = ["clipboard-read", "clipboard-write"] });
        await ClickAsync(page, "Set an anti-phishing code");
        await ClickAsync(page, "Send code");
        var newest = page.Page.GetByRole(AriaRole.Region, new() { Name = "Newest message" });
        await Expect(newest).ToContainTextAsync("New message to alice@demo.example");
        await newest.GetByRole(AriaRole.Button, new() { Name = "Copy the newest code" }).ClickAsync();
        var code = (await server.InboxAsync("alice@demo.example"))[0].OneTimeToken;
        Assert.Equal(code, await page.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));

        await newest.GetByRole(AriaRole.Button, new() { Name = "Show the inbox" }).ClickAsync();
        await Expect(page.MessageTo("alice@demo.example")).ToBeInViewportAsync();
        await Expect(newest).ToBeHiddenAsync();
        // It was looked at, and does not come again.
        await page.Element.GetByLabel("Code", new() { Exact = true }).FocusAsync();
        await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "Inbox" })).Not.ToBeInViewportAsync();
        await Expect(newest).ToBeHiddenAsync();
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData(320)]
    [InlineData(1280)]
    public async Task Axe_finds_nothing_and_the_page_fits(int width)
    {
        await using var server = await TestServer.StartAsync();
        await using var page = await InboxPage.OpenAsync(
            browser, server, new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = 800 }, ReducedMotion = ReducedMotion.Reduce });
        await ClickAsync(page, "Set an anti-phishing code");
        await ClickAsync(page, "Send code");
        await Expect(page.Messages).ToHaveCountAsync(1);
        await page.Page.GetByText("On your own page").ClickAsync();
        await page.Page.GetByText("From a terminal").ClickAsync();
        await Axe.AssertFindsNothingAsync(page.Page, $"the development page, {width} pixels wide");
        Assert.Equal(width, await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_login_that_is_too_old_is_renewed()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Clock = new FakeTimeProvider(DateTimeOffset.UtcNow), Settings = ["Countersign:StepUp:0:MaxAge=00:05:00"],
        });
        await using var page = await InboxPage.OpenAsync(browser, server);
        await ClickAsync(page, "Set an anti-phishing code");
        server.Clock!.Advance(TimeSpan.FromMinutes(6));
        await ClickAsync(page, "Send code");
        await Expect(page.Page.Locator("#people-status")).ToHaveTextAsync("Alice has signed in again.");
        await Expect(page.Element.GetByLabel("Code", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_host_that_makes_no_bearers_has_the_inbox_alone()
    {
        using var folder = new TestFolder();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development", ContentRootPath = folder.Path });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication();
        builder.Services.AddAuthorization();
        builder.Services.AddCountersign().UseSqlite($"Data Source={folder.File("accounts.db")}").AddDevelopmentInbox();
        await using var app = builder.Build();
        app.MapCountersign();
        app.MapCountersignDevelopment();
        await app.StartAsync(TestContext.Current.CancellationToken);
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        await page.GotoAsync(app.Urls.First());

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nothing has been sent yet" })).ToBeVisibleAsync();
        await Expect(page.Locator("#users")).ToBeHiddenAsync();
        await Expect(page.GetByRole(AriaRole.Radio)).ToHaveCountAsync(0);
    }

    static ILocator Person(InboxPage page, string name) => page.Page.GetByRole(AriaRole.Radio, new() { NameRegex = new($"^{name}") });

    static Task ClickAsync(InboxPage page, string button) => page.Element.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    /// <summary>Copies the code that the inbox shows for the reference that the element shows.</summary>
    static async Task EnterNewestAsync(InboxPage page, string destination)
    {
        await Expect(page.Messages.First.Locator(".destination")).ToHaveTextAsync(destination);
        await Expect(page.Element.Locator(".reference")).ToHaveTextAsync((await page.Messages.First.Locator(".reference strong").TextContentAsync())!);
        await page.Element.GetByLabel("Code", new() { Exact = true }).FillAsync((await page.Messages.First.Locator(".code").TextContentAsync())!);
    }
}
