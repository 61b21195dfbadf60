using System.Collections.Concurrent;
using System.Diagnostics;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

public sealed class InboxPageTests(Browser browser)
{
    const string AddEmail = "userKeys/adding/email";

    [Fact]
    public async Task A_message_appears_with_its_code_without_a_reload()
    {
        await using var server = await TestServer.StartAsync();
        await using var inbox = await InboxPage.OpenAsync(browser, server);
        await Expect(inbox.Page.Locator("#start-title")).ToHaveTextAsync("Nothing has been sent yet");
        await inbox.Page.EvaluateAsync("window.sameDocument = true");

        var issued = await server.User().PostAsync($"/api/v1/token/{AddEmail}", new { newEmail = "alice@example.com" });
        var code = await server.User().CodeOfAsync(issued, "alice@example.com");

        await Expect(inbox.Messages).ToHaveCountAsync(1);
        await Expect(inbox.Page.Locator(".code")).ToHaveTextAsync(code);
        await Expect(inbox.Page.Locator(".channel")).ToHaveTextAsync("Email");
        await Expect(inbox.Page.Locator(".destination")).ToHaveTextAsync("alice@example.com");
        await Expect(inbox.Page.Locator(".reference strong")).ToHaveTextAsync(issued.Body.GetProperty("reference").GetString()!);
        await Expect(inbox.Page.Locator("#announcement")).ToHaveTextAsync("New message to alice@example.com");
        await Axe.AssertFindsNothingAsync(inbox.Page, "the inbox with a message");
        Assert.True(await inbox.Page.EvaluateAsync<bool>("window.sameDocument"));
        inbox.AssertNoComplaints();
    }

    [Fact]
    public async Task A_newer_message_comes_above_an_older_one_which_stays_as_it_was_left()
    {
        await using var server = await TestServer.StartAsync();
        await server.User("alice").CodeAsync(AddEmail, "alice@example.com", new { newEmail = "alice@example.com" });
        await using var inbox = await InboxPage.OpenAsync(browser, server);
        await inbox.Messages.Locator("summary").ClickAsync();
        await inbox.Page.EvaluateAsync("document.querySelector('#messages > li').isTheSame = true");

        await server.User("bob").CodeAsync("userKeys/adding/phoneNumber", "+436601234567", new { newPhoneNumber = "+436601234567" });

        await Expect(inbox.Page.Locator(".destination")).ToHaveTextAsync(["+436601234567", "alice@example.com"]);
        await Expect(inbox.Page.Locator(".channel")).ToHaveTextAsync(["SMS", "Email"]);
        Assert.True(await inbox.Page.EvaluateAsync<bool>("document.querySelectorAll('#messages > li')[1].isTheSame === true"));
        await Expect(inbox.MessageTo("alice").Locator(".text")).ToBeVisibleAsync();
        inbox.AssertNoComplaints();
    }

    [Fact]
    public async Task Messages_are_filtered_by_destination_also_after_a_reload()
    {
        await using var server = await TestServer.StartAsync();
        await server.User("alice").CodeAsync(AddEmail, "alice@example.com", new { newEmail = "alice@example.com" });
        await server.User("bob").CodeAsync("userKeys/adding/phoneNumber", "+436601234567", new { newPhoneNumber = "+436601234567" });
        await using var inbox = await InboxPage.OpenAsync(browser, server);

        await inbox.Page.Locator("#filter").FillAsync("0660 12");
        await Expect(inbox.Page.Locator("#nothing")).ToContainTextAsync("No message went to 0660 12.");
        await inbox.Page.Locator("#filter").FillAsync("660 123");
        await Expect(inbox.MessageTo("+436601234567")).ToBeVisibleAsync();
        await Expect(inbox.MessageTo("alice@example.com")).ToBeHiddenAsync();
        await Expect(inbox.Page.Locator("#count")).ToHaveTextAsync("1 of 2 messages");

        await inbox.ReloadAsync();
        await Expect(inbox.Page.Locator("#count")).ToHaveTextAsync("1 of 2 messages");

        await inbox.Page.Locator("#filter").FillAsync("nobody");
        await inbox.Page.Locator("#show-all").ClickAsync();
        await Expect(inbox.Page.Locator("#count")).ToHaveTextAsync("2 messages");
        await Expect(inbox.Page.Locator("#filter")).ToBeFocusedAsync();
        inbox.AssertNoComplaints();
    }

    [Fact]
    public async Task Everything_is_reached_with_the_keyboard_and_the_code_is_copied()
    {
        await using var server = await TestServer.StartAsync();
        var code = await server.User().CodeAsync(AddEmail, "alice@example.com", new { newEmail = "alice@example.com" });
        await using var inbox = await InboxPage.OpenAsync(
            browser, server, new BrowserNewContextOptions { Permissions = ["clipboard-read", "clipboard-write"] });
        await Expect(inbox.Messages).ToHaveCountAsync(1);

        await inbox.Page.Keyboard.PressAsync("/");
        await Expect(inbox.Page.Locator("#filter")).ToBeFocusedAsync();
        await inbox.Page.Keyboard.PressAsync("Tab");
        await Expect(inbox.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Copy the code to alice@example.com" })).ToBeFocusedAsync();
        await inbox.Page.Keyboard.PressAsync("Enter");
        await Expect(inbox.Page.Locator(".secret .copy")).ToHaveTextAsync("Copied");
        Assert.Equal(code, await inbox.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));

        await inbox.Page.Keyboard.PressAsync("Tab");
        await inbox.Page.Keyboard.PressAsync("Enter");
        await Expect(inbox.Page.Locator(".text")).ToContainTextAsync("Nobody will ever ask you for this code");
        inbox.AssertNoComplaints();
    }

    [Fact]
    public async Task The_HTML_of_a_message_is_shown_as_a_mail_program_would()
    {
        await using var server = await TestServer.StartAsync();
        var code = await server.User().CodeAsync(AddEmail, "alice@example.com", new { newEmail = "alice@example.com" });
        await using var inbox = await InboxPage.OpenAsync(browser, server);

        await inbox.Messages.Locator("summary").ClickAsync();
        await inbox.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "HTML" }).ClickAsync();

        var shown = inbox.Page.FrameLocator(".rendered").Locator("p", new FrameLocatorLocatorOptions { HasTextString = code });
        await Expect(shown).ToBeVisibleAsync();
        await Expect(shown).ToHaveCSSAsync("font-size", "32px");
        inbox.AssertNoComplaints();
    }

    [Fact]
    [Trait("ASVS", "3.2.2")]
    [Trait("Attack", "12")]
    public async Task Markup_in_a_message_is_shown_and_not_obeyed()
    {
        const string Hostile = "<img src=x onerror=alert(1)>";
        await using var server = await TestServer.StartAsync($"Countersign:Messages:ProductName={Hostile}");
        await server.User().CodeAsync(AddEmail, "alice@example.com", new { newEmail = "alice@example.com" });
        await using var inbox = await InboxPage.OpenAsync(browser, server);

        await Expect(inbox.Page.Locator(".subject")).ToContainTextAsync($"Your {Hostile} code");
        await inbox.Messages.Locator("summary").ClickAsync();
        await Expect(inbox.Page.Locator(".text")).ToContainTextAsync($"not even the staff of {Hostile}.");
        await inbox.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "HTML" }).ClickAsync();
        await Expect(inbox.Page.FrameLocator(".rendered").Locator("body")).ToContainTextAsync($"not even the staff of {Hostile}.");
        Assert.Equal(0, await inbox.Page.Locator("img").CountAsync());
        inbox.AssertNoComplaints();
    }

    [Fact]
    [Trait("Attack", "12")]
    public async Task Hostile_HTML_runs_nothing_and_fetches_nothing()
    {
        // At the server: the browser announces a request that its policy stops as well.
        var asked = new QueryLog();
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Configure = builder => builder.Services.AddSingleton<IStartupFilter>(asked) });
        var html =
            $$"""
            <script>parent.document.title = 'taken'; top.document.title = 'taken';</script>
            <img src="/dev/inbox?picture" onerror="parent.document.title = 'taken'"><link rel="stylesheet" href="/dev/inbox?style">
            <iframe src="/dev/inbox?frame"></iframe><meta http-equiv="refresh" content="0;url={{server.Url}}dev/inbox?refresh">
            <form action="/dev/inbox?form" target="_top"><button>Press</button></form><p>The end</p>
            """;
        await KeepAsync(server, "alice@example.com", "<b>bold</b>", "<script>document.title = 'taken'</script>", html, "<i>1</i>");
        await using var inbox = await InboxPage.OpenAsync(browser, server);

        await Expect(inbox.Page.Locator(".subject")).ToHaveTextAsync("<b>bold</b>");
        await Expect(inbox.Page.Locator(".code")).ToHaveTextAsync("<i>1</i>");
        await inbox.Messages.Locator("summary").ClickAsync();
        await inbox.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "HTML" }).ClickAsync();
        await Expect(inbox.Page.FrameLocator(".rendered").GetByText("The end")).ToBeVisibleAsync();
        await inbox.Page.FrameLocator(".rendered").GetByRole(AriaRole.Button).ClickAsync();

        // The next message comes by the next poll: whatever the frame was up to has happened by then.
        await KeepAsync(server, "bob@example.com", "Next", "Next", null, null);
        await Expect(inbox.Messages).ToHaveCountAsync(2);
        Assert.Equal("Try it · Countersign", await inbox.Page.TitleAsync());
        Assert.Equal(server.Url.ToString(), inbox.Page.Url);
        Assert.All(asked.Queries, query => Assert.Equal("", query));
        inbox.AssertNothingForeign();
    }

    [Fact]
    public async Task A_hidden_page_asks_for_nothing_and_catches_up_when_it_is_seen_again()
    {
        await using var server = await TestServer.StartAsync();
        await using var inbox = await InboxPage.OpenAsync(browser, server);
        await inbox.Page.Clock.InstallAsync();
        await inbox.ReloadAsync();
        await Expect(inbox.Status).ToHaveTextAsync("Live");
        await SetHiddenAsync(inbox.Page, true);
        var polls = 0;
        inbox.Page.Request += (_, request) => _ = request.Url.EndsWith("/dev/inbox", StringComparison.Ordinal) ? Interlocked.Increment(ref polls) : 0;

        await inbox.Page.Clock.RunForAsync(60_000);
        Assert.Equal(0, Volatile.Read(ref polls));

        await server.User().CodeAsync(AddEmail, "alice@example.com", new { newEmail = "alice@example.com" });
        await SetHiddenAsync(inbox.Page, false);
        await Expect(inbox.Messages).ToHaveCountAsync(1);
        Assert.Equal(1, Volatile.Read(ref polls));
        inbox.AssertNoComplaints();
    }

    [Fact]
    public async Task A_server_that_is_away_is_said_to_be_and_found_again()
    {
        await using var server = await TestServer.StartAsync();
        await using var inbox = await InboxPage.OpenAsync(browser, server);

        await inbox.Page.RouteAsync("**/dev/inbox", route => route.AbortAsync("connectionrefused"));
        await Expect(inbox.Status).ToHaveTextAsync("Server is away, trying again");
        await inbox.Page.UnrouteAsync("**/dev/inbox");
        await Expect(inbox.Status).ToHaveTextAsync("Live");
        inbox.AssertNothingForeign();
    }

    [Theory]
    [InlineData(320, ColorScheme.Light)]
    [InlineData(320, ColorScheme.Dark)]
    [InlineData(1280, ColorScheme.Dark)]
    public async Task The_page_fits_its_window(int width, ColorScheme scheme)
    {
        const string Long = "bartholomew.the.very.long.local.part.of.an.address.which.wraps@department-of-long-names.example.org";
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Base32");
        await server.User().CodeAsync(AddEmail, Long, new { newEmail = Long });
        await using var inbox = await InboxPage.OpenAsync(
            browser, server, new BrowserNewContextOptions { ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = 700 } });

        await inbox.Messages.Locator("summary").ClickAsync();
        await inbox.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "HTML" }).ClickAsync();
        Assert.Equal(width, await inbox.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        var ground = scheme == ColorScheme.Dark ? "rgb(15, 20, 22)" : "rgb(244, 246, 247)";
        await Expect(inbox.Page.Locator("body")).ToHaveCSSAsync("background-color", ground);
        inbox.AssertNoComplaints();
    }

    [Fact]
    public async Task The_lines_for_a_newcomer_work_as_they_are_shown()
    {
        await using var server = await TestServer.StartAsync();
        await using var inbox = await InboxPage.OpenAsync(browser, server);
        var token = await inbox.Page.Locator("#step-token").TextContentAsync();
        var issue = await inbox.Page.Locator("#step-issue").TextContentAsync();
        var redeem = await inbox.Page.Locator("#step-redeem").TextContentAsync();

        var issued = await ShellAsync($"{token}\n{issue}");
        Assert.Contains("\"destination\":\"a***e@example.com\"", issued, StringComparison.Ordinal);
        var code = await inbox.Page.Locator(".code").TextContentAsync();
        var redeemed = await ShellAsync($"{token}\n{redeem!.Replace("the code", code, StringComparison.Ordinal)}");
        Assert.Contains("\"userKey\":\"a***e@example.com\"", redeemed, StringComparison.Ordinal);
        inbox.AssertNoComplaints();
    }

    static Task KeepAsync(TestServer server, string destination, string subject, string text, string? html, string? code)
    {
        Assert.True(EmailAddress.TryParse(destination, out var address, out _));
        var inbox = server.Services.GetRequiredService<DevelopmentInbox>();
        return inbox.KeepAsync(new OutgoingMessage($"id-{destination}", "alice", address, subject, text, html, code, "K7Q"), CancellationToken.None);
    }

    static async Task SetHiddenAsync(IPage page, bool isHidden) => await page.EvaluateAsync(
        """
        (isHidden) => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }
        """,
        isHidden);

    static async Task<string> ShellAsync(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return output;
    }

    /// <summary>The query strings of all requests that reach the server.</summary>
    sealed class QueryLog : IStartupFilter
    {
        readonly ConcurrentQueue<string> queries = [];

        public IReadOnlyCollection<string> Queries => queries;

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (http, handle) =>
            {
                queries.Enqueue(http.Request.QueryString.Value ?? "");
                await handle();
            });
            next(app);
        };
    }
}
