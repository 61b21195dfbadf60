using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using Microsoft.Playwright;
using static Countersign.Tests.Http.Verbs;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

public sealed partial class UndoPageTests(Browser browser)
{
    [Fact]
    [Trait("ASVS", "14.2.1")]
    public async Task The_link_opens_a_page_whose_button_undoes_and_what_comes_after_the_hash_is_sent_by_the_button_alone()
    {
        await using var server = await StartAsync();
        var token = await ChangeAsync(server);
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        var (urls, complaints) = (new List<string>(), new List<string>());
        context.Request += (_, request) => urls.Add($"{request.Method} {request.Url}");
        page.Console += (_, message) => complaints.Add(message.Text);

        await page.GotoAsync($"{server.Url}undo#{token}");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Undo a change to your Countersign account");
        await Expect(page.GetByLabel("The end of the link")).ToBeHiddenAsync();
        // Nor does it stay in the bar and the history, for whoever looks there next.
        await Expect(page).ToHaveURLAsync($"{server.Url}undo");
        Assert.Equal(["m***y@example.org"], (await server.User().AccountAsync()).Keys());

        await page.GetByRole(AriaRole.Button, new() { Name = "Undo the change" }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("The change is undone");
        Assert.Equal(["a***e@example.com"], (await server.User().AccountAsync()).Keys());
        Assert.Empty(complaints);
        Assert.DoesNotContain(urls, url => url.Contains(token, StringComparison.Ordinal));
        Assert.Equal([$"GET {server.Url}undo", $"POST {server.Url}undo"], urls.Where(url => !url.EndsWith("favicon.ico", StringComparison.Ordinal)).Select(url => url.Split('#')[0]));
    }

    [Fact]
    public async Task Without_scripts_the_end_of_the_link_is_typed_or_the_whole_link_pasted()
    {
        await using var server = await StartAsync();
        var token = await ChangeAsync(server);
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions { JavaScriptEnabled = false });
        var page = await context.NewPageAsync();

        await page.GotoAsync($"{server.Url}undo#{token}");
        await page.GetByLabel("The end of the link").FillAsync($"https://accounts.example.com/undo#{token}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo the change" }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("The change is undone");
        Assert.Equal(["a***e@example.com"], (await server.User().AccountAsync()).Keys());
    }

    static Task<TestServer> StartAsync() => TestServer.StartAsync("Countersign:PublicUrl=https://accounts.example.com");

    static async Task<string> ChangeAsync(TestServer server)
    {
        var alice = await server.UserWithAsync(new { email = Email });
        var oneTimeToken = await Http.Verbs.NewKeyCodeAsync(alice, "EMAIL", Email, "mallory@example.org");
        Assert.Equal(200, (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken })).Status);
        var notice = await server.MessageAsync(Email, item => Link().IsMatch(item.Text));
        return Link().Match(notice.Text).Groups[1].Value;
    }

    [GeneratedRegex("/undo#([A-Za-z0-9_-]{43})")]
    private static partial Regex Link();
}
