using Countersign.Tests.Hosting;
using Microsoft.Playwright;

namespace Countersign.Tests.Ui;

/// <summary>The development page in a browser tab, with all that the browser complains about.</summary>
sealed class InboxPage : IAsyncDisposable
{
    readonly IBrowserContext context;
    readonly List<string> complaints = [];
    readonly List<string> foreign = [];

    InboxPage(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
        page.Console += (_, message) => Note(message.Type is "error" or "warning" && !AsksForSomebodyNew(message) ? message.Text : null);
        page.PageError += (_, error) => Note(error);
        page.Dialog += (_, dialog) => Note($"dialog: {dialog.Message}");
        context.Request += (_, request) =>
        {
            var url = new Uri(request.Url);
            if (url.Scheme is "http" or "https" && url.Host != "127.0.0.1")
                Note($"request to {url.Host}", foreign);
        };
    }

    public IPage Page { get; }

    public ILocator Messages => Page.Locator("#messages > li");

    public ILocator Element => Page.Locator("countersign-security");

    public ILocator Status => Page.Locator("#status");

    public static async Task<InboxPage> OpenAsync(Browser browser, TestServer server, BrowserNewContextOptions? options = null)
    {
        var context = await browser.NewContextAsync(options ?? new BrowserNewContextOptions());
        var page = new InboxPage(context, await context.NewPageAsync());
        await page.Page.GotoAsync(server.Url.ToString());
        await page.SettleAsync();
        return page;
    }

    public async Task ReloadAsync()
    {
        await Page.ReloadAsync();
        await SettleAsync();
    }

    public ILocator MessageTo(string destination) =>
        Messages.Filter(new LocatorFilterOptions { Has = Page.Locator(".destination", new PageLocatorOptions { HasTextString = destination }) });

    /// <summary>Nothing was blocked, nothing failed, nothing went anywhere else.</summary>
    public void AssertNoComplaints()
    {
        lock (complaints)
            Assert.Empty(complaints);
        AssertNothingForeign();
    }

    public void AssertNothingForeign()
    {
        lock (foreign)
            Assert.Empty(foreign);
    }

    public async ValueTask DisposeAsync() => await context.DisposeAsync();

    /// <summary>Both sides have asked, and were answered: what is under way when a page is left, or its clock is moved, fails.</summary>
    async Task SettleAsync()
    {
        await Assertions.Expect(Status).ToHaveTextAsync("Live");
        await Assertions.Expect(Element.GetByRole(AriaRole.Region).First).ToBeVisibleAsync();
    }

    /// <summary>Chromium reports every 404, and that a demonstration user is not there yet is one.</summary>
    static bool AsksForSomebodyNew(IConsoleMessage message) =>
        message.Text.Contains("status of 404", StringComparison.Ordinal) && message.Location.Contains("/api/v1/admin/accounts/demo-", StringComparison.Ordinal);

    void Note(string? text, List<string>? list = null)
    {
        list ??= complaints;
        if (text is null)
            return;
        lock (list)
            list.Add(text);
    }
}
