using Countersign.Tests.Hosting;
using Microsoft.Playwright;

namespace Countersign.Tests.Ui;

public sealed class ScalarPageTests(Browser browser)
{
    [Fact]
    [Trait("ASVS", "3.6.1")]
    [Trait("ASVS", "14.2.3")]
    public async Task The_page_shows_the_contract_and_loads_nothing_from_elsewhere()
    {
        await using var server = await TestServer.StartAsync();
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        var requested = new List<Uri>();
        var complaints = new List<string>();
        page.Request += (_, request) => requested.Add(new Uri(request.Url));
        page.Console += (_, message) =>
        {
            // A blocked request is reported here rather than as a request.
            if (message.Type == "error")
                complaints.Add(message.Text);
        };

        await page.GotoAsync(new Uri(server.Url, "/scalar").ToString());
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Countersign", Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Sends a token that adds an email, to that email.").First).ToBeVisibleAsync();
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        Assert.Contains(requested, url => url.AbsolutePath == "/openapi/v1.json");
        Assert.DoesNotContain(requested, url => url.Scheme is "http" or "https" && url.Authority != server.Url.Authority);
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task The_page_forbids_everything_from_elsewhere()
    {
        await using var server = await TestServer.StartAsync();
        var answer = await Answer.OfAsync(await server.Http.GetAsync("/scalar/", TestContext.Current.CancellationToken));

        Assert.Equal(200, answer.Status);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal("same-origin", answer.Headers.GetValues("Cross-Origin-Opener-Policy").Single());
        Assert.StartsWith("default-src 'none'; script-src 'self' 'nonce-", policy, StringComparison.Ordinal);
        Assert.Contains("connect-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", answer.Text, StringComparison.Ordinal);
    }
}
