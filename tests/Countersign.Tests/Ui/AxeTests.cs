using Microsoft.Playwright;

namespace Countersign.Tests.Ui;

/// <summary>What finds nothing anywhere has to have found something once.</summary>
public sealed class AxeTests(Browser browser)
{
    [Fact]
    public async Task Axe_finds_what_is_wrong_also_in_a_shadow_root_and_in_the_dark()
    {
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        await page.SetContentAsync(
            """
            <!doctype html><html lang="en"><head><title>Page</title><meta name="color-scheme" content="light dark"></head>
            <body style="background: light-dark(#fff, #111); color: light-dark(#000, #fff)"><main><h1>Page</h1><div id="host"></div></main></body></html>
            """);
        await Axe.AssertFindsNothingAsync(page, "a page without faults");

        await page.EvaluateAsync(
            """
            document.getElementById("host").attachShadow({ mode: "open" }).innerHTML =
              `<input type="text"><p style="color: light-dark(#000, #222)">Dark on dark</p>`;
            """);
        var found = await Axe.FindAsync(page);
        Assert.Contains(found, finding => finding.StartsWith("label: ", StringComparison.Ordinal) && finding.Contains("#host >>> input", StringComparison.Ordinal));
        Assert.DoesNotContain(found, finding => finding.StartsWith("color-contrast: ", StringComparison.Ordinal));

        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        Assert.Contains(await Axe.FindAsync(page), finding => finding.StartsWith("color-contrast: ", StringComparison.Ordinal));
    }
}
