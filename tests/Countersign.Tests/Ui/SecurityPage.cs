using Countersign.Tests.Hosting;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>The element on a team's page, by the roles and names that a user perceives, with all that the browser complains about.</summary>
sealed class SecurityPage : IAsyncDisposable
{
    readonly IBrowserContext context;
    readonly bool ownsContext;
    readonly Person person;
    readonly HashSet<int> ports;
    readonly List<string> complaints = [];

    SecurityPage(IBrowserContext context, bool ownsContext, IPage page, Person person, Uri host)
    {
        this.context = context;
        this.ownsContext = ownsContext;
        this.person = person;
        ports = [person.Site.Server.Url.Port, host.Port];
        Page = page;
        page.Console += (_, message) => Note(message.Type is "error" or "warning" && !IsRefusal(message) ? message.Text : null);
        page.PageError += (_, error) => Note(error);
        page.Request += (_, request) =>
        {
            var url = new Uri(request.Url);
            Note(url.Host == "127.0.0.1" && ports.Contains(url.Port) ? null : $"request to {url}");
        };
    }

    public IPage Page { get; }

    public ILocator Element => Page.Locator("countersign-security");

    public ILocator Status => Element.GetByRole(AriaRole.Status);

    /// <summary>Complaints that the test has brought about.</summary>
    public List<string> Expected { get; } = [];

    /// <param name="lang">Of the page.</param>
    /// <param name="byEvent">Whether the bearer comes by the event, and not by the property.</param>
    /// <param name="bearer">Supplies it, told whether the last one was refused; by default a new one of the server each time.</param>
    /// <param name="host">Another page than the site's own.</param>
    /// <param name="beside">A page in whose browser context this one is another tab.</param>
    public static async Task<SecurityPage> OpenAsync(
        Browser browser, Person person, string lang = "en", bool byEvent = false, Func<bool, Task<string?>>? bearer = null, TeamPage? host = null,
        SecurityPage? beside = null, BrowserNewContextOptions? options = null, Func<IPage, Task>? before = null)
    {
        var context = beside?.context ?? await browser.NewContextAsync(options ?? new BrowserNewContextOptions());
        var url = (host ?? person.Site.Page).Url;
        var page = new SecurityPage(context, beside is null, await context.NewPageAsync(), person, url);
        await page.Page.ExposeFunctionAsync("bearer", bearer ?? (_ => page.NewBearerAsync()));
        await page.Page.ExposeFunctionAsync("signIn", page.NewBearerAsync);
        await page.Page.AddInitScriptAsync("addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))");
        if (before is not null)
            await before(page.Page);
        await page.Page.GotoAsync($"{url}?lang={lang}&byEvent={byEvent}");
        return page;
    }

    public async Task<string?> NewBearerAsync() => await person.Site.Server.BearerAsync(person.UserId, null);

    /// <summary>What belongs to a key, or to the anti-phishing code.</summary>
    public ILocator Card(string name) => Element.GetByRole(AriaRole.Region, new() { Name = name, Exact = true });

    /// <summary>An operation that is under way.</summary>
    public ILocator Panel(string name) => Element.GetByRole(AriaRole.Form, new() { Name = name, Exact = true });

    public ILocator Button(string name) => Element.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Field(string label) => Element.GetByLabel(label, new() { Exact = true });

    public ILocator Text(string text) => Element.GetByText(text);

    public Task PressAsync(string button) => Button(button).ClickAsync();

    public Task FillAsync(string label, string value) => Field(label).FillAsync(value);

    /// <summary>Opens an operation of a key that is there, and has its code sent.</summary>
    public async Task SendCodeAsync(string operation)
    {
        await PressAsync(operation);
        await Panel(operation).GetByRole(AriaRole.Button, new() { Name = "Send code", Exact = true }).ClickAsync();
        await Expect(Panel(operation).GetByLabel("Code", new() { Exact = true })).ToBeVisibleAsync();
    }

    /// <summary>Looks into the inbox for the message whose reference is shown, as a person would, and types its code.</summary>
    public async Task<string> EnterCodeAsync(string destination)
    {
        var code = await CodeAsync(destination);
        await FillAsync("Code", code);
        return code;
    }

    public async Task<string> CodeAsync(string destination)
    {
        var reference = await Element.Locator(".reference").TextContentAsync();
        return (await person.Site.Server.MessageAsync(destination, item => item.Reference == reference)).OneTimeToken!;
    }

    /// <summary>As a user comes back to the tab: the account is looked at again.</summary>
    public Task LookAgainAsync() => Page.EvaluateAsync("document.dispatchEvent(new Event('visibilitychange'))");

    /// <summary>The accounts of the events <c>countersign-changed</c>.</summary>
    public Task<string[]> ChangesAsync() => Page.EvaluateAsync<string[]>("window.changes.map((account) => JSON.stringify(account))");

    /// <summary>Nothing was blocked, nothing failed, nothing went anywhere else.</summary>
    public void AssertNoComplaints()
    {
        lock (complaints)
            Assert.DoesNotContain(complaints, complaint => !Expected.Exists(expected => complaint.Contains(expected, StringComparison.Ordinal)));
    }

    public async ValueTask DisposeAsync()
    {
        if (ownsContext)
            await context.DisposeAsync();
    }

    /// <summary>Chromium reports every answer that is an error of the contract, such as that of a wrong code.</summary>
    bool IsRefusal(IConsoleMessage message) =>
        message.Text.StartsWith("Failed to load resource: the server responded with a status of 4", StringComparison.Ordinal)
        && message.Location.StartsWith($"{person.Site.Server.Url}api/v1/", StringComparison.Ordinal);

    void Note(string? complaint)
    {
        if (complaint is null)
            return;
        lock (complaints)
            complaints.Add(complaint);
    }
}
