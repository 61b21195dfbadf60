using Countersign.Tests.Hosting;
using Countersign.Tests.Server;
using Countersign.Tests.Ui;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Console;

/// <summary>A provider that knows operators. One for all tests of a class.</summary>
public sealed class Operators : IAsyncLifetime
{
    internal OpenIdPeer Provider { get; private set; } = default!;

    public async ValueTask InitializeAsync() => Provider = await OpenIdPeer.StartAsync();

    public ValueTask DisposeAsync() => Provider.DisposeAsync();
}

/// <summary>The server on PostgreSQL, where operators sign in at a provider, and a tab of a browser, with all that it complains about.</summary>
sealed class ConsoleSite : IAsyncDisposable
{
    readonly IBrowserContext context;
    readonly List<string> complaints = [];

    ConsoleSite(TestServer server, IBrowserContext context, IPage page)
    {
        Server = server;
        this.context = context;
        Page = page;
        // What a page is that answers 403 or 404 is seen by who looks at it.
        page.Console += (_, message) => Note(message.Type is "error" or "warning" && !message.Text.Contains("status of 40", StringComparison.Ordinal) ? message.Text : null);
        page.PageError += (_, error) => Note(error);
        context.Request += (_, request) => Note(new Uri(request.Url).Host == "127.0.0.1" ? null : $"request to {request.Url}");
    }

    public TestServer Server { get; }

    public IPage Page { get; }

    public ILocator Heading => Page.Locator("h1");

    public static async Task<ConsoleSite> StartAsync(Browser browser, Operators operators, string[]? settings = null, Action<WebApplicationBuilder>? configure = null)
    {
        var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Settings = [$"ConnectionStrings:PostgreSql={await SharedPostgres.NewSchemaAsync()};Maximum Pool Size=10", .. operators.Provider.ConsoleSettings, .. settings ?? []],
            Configure = configure,
        });
        return await OpenAsync(browser, server);
    }

    public static async Task<ConsoleSite> OpenAsync(Browser browser, TestServer server)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 900 } });
        return new ConsoleSite(server, context, await context.NewPageAsync());
    }

    public Task GoAsync(string path) => Page.GotoAsync(new Uri(Server.Url, path).AbsoluteUri);

    public ILocator Section(string name) => Page.GetByRole(AriaRole.Region, new() { Name = name, Exact = true });

    public Task ClickAsync(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public Task FollowAsync(string link) => Page.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).ClickAsync();

    /// <summary>From the page that stands there to the provider and back.</summary>
    public async Task SignInAsync(string user = OpenIdPeer.Operator)
    {
        await Expect(Heading).ToHaveTextAsync("Sign in to the console");
        await FollowAsync("Sign in");
        await Page.GetByLabel("User").FillAsync(user);
        await ClickAsync("Continue");
    }

    /// <summary>Opens what is behind an action within a part of a page, says why, and does it.</summary>
    public static async Task ActAsync(ILocator within, string label, string reason)
    {
        var action = within.Locator("details.act", new() { HasText = label }).First;
        await action.Locator("summary").ClickAsync();
        await action.GetByLabel("Why?").FillAsync(reason);
        await action.Locator("button").ClickAsync();
    }

    public void AssertNoComplaints()
    {
        lock (complaints)
            Assert.Empty(complaints);
    }

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        await Server.DisposeAsync();
    }

    void Note(string? text)
    {
        if (text is null)
            return;
        lock (complaints)
            complaints.Add(text);
    }
}
