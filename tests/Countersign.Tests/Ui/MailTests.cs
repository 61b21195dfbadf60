using System.Text.RegularExpressions;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Delivery;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>Mails as a browser lays them out, which is what most mail programs do.</summary>
public sealed class MailTests(Browser browser)
{
    const string NoStyle = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src-attr 'unsafe-inline'\">";

    /// <summary>A mail is shown within the page of a mail program, which has its landmarks and its heading.</summary>
    static readonly string[] OfPages = ["landmark-one-main", "page-has-heading-one", "region"];

    [Theory]
    [InlineData(ColorScheme.Light, "rgb(255, 255, 255)", "rgb(20, 32, 36)")]
    [InlineData(ColorScheme.Dark, "rgb(24, 32, 35)", "rgb(230, 237, 239)")]
    public async Task A_mail_is_light_or_dark_as_its_reader_likes(ColorScheme scheme, string card, string ink)
    {
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions { ColorScheme = scheme });
        var page = await context.NewPageAsync();
        await page.SetContentAsync(Html("en", MessageKind.Code));
        await Expect(page.Locator(".card")).ToHaveCSSAsync("background-color", card);
        await Expect(page.Locator(".card")).ToHaveCSSAsync("color", ink);
    }

    [Fact]
    public async Task Without_its_style_block_a_mail_is_light_all_over_in_the_dark_as_well()
    {
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions { ColorScheme = ColorScheme.Dark });
        var page = await context.NewPageAsync();
        await page.SetContentAsync(Html("en", MessageKind.Code).Replace("<head>", $"<head>{NoStyle}", StringComparison.Ordinal));
        await Expect(page.Locator("body")).ToHaveCSSAsync("background-color", "rgb(244, 246, 247)");
        await Expect(page.Locator(".card")).ToHaveCSSAsync("background-color", "rgb(255, 255, 255)");
        await Expect(page.Locator(".card")).ToHaveCSSAsync("color", "rgb(20, 32, 36)");
        await Expect(page.Locator(".code")).ToHaveCSSAsync("font-size", "32px");
        await Expect(page.Locator(".code")).ToHaveCSSAsync("color", "rgb(15, 118, 110)");
    }

    [Theory]
    [InlineData("en", true)]
    [InlineData("ar", true)]
    [InlineData("de", false)]
    [InlineData("uk", false)]
    public async Task A_mail_fits_320_pixels_and_is_never_wider_than_600(string language, bool withStyle)
    {
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        foreach (var kind in new[] { MessageKind.Code, MessageKind.KeyChanged })
        {
            var html = Html(language, kind);
            await page.SetContentAsync(withStyle ? html : html.Replace("<head>", $"<head>{NoStyle}", StringComparison.Ordinal));
            await page.SetViewportSizeAsync(320, 700);
            Assert.Equal(320, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            Assert.Equal(0, await page.EvaluateAsync<int>("[...document.querySelectorAll('.card *')].filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').length"));
            await page.SetViewportSizeAsync(1280, 700);
            Assert.Equal(600, await page.EvaluateAsync<int>("document.querySelector('.card').offsetWidth"));
        }
    }

    [Theory]
    [InlineData("en", nameof(MessageKind.Code))]
    [InlineData("ar", nameof(MessageKind.KeyChanged))]
    [InlineData("uk", nameof(MessageKind.AddressInUse))]
    public async Task Axe_finds_nothing_in_a_mail_in_light_and_in_dark(string language, string kind)
    {
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            await page.SetContentAsync(Html(language, Enum.Parse<MessageKind>(kind)));
            Assert.DoesNotContain(await Axe.FindAsync(page), finding => !OfPages.Contains(finding.Split(':')[0]));
        }
    }

    [Fact]
    public async Task One_click_selects_the_code_and_what_is_copied_is_the_code_alone()
    {
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        await page.SetContentAsync(Html("ar", MessageKind.Code, CodeFormat.Base32));
        await page.Locator(".code").ClickAsync();
        Assert.Equal("7GX2-M4PQ", await page.EvaluateAsync<string>("getSelection().toString().trim()"));
        Assert.True(await page.EvaluateAsync<bool>("document.querySelector('.code').scrollWidth <= document.querySelector('.code').clientWidth"));
    }

    [Fact]
    public async Task Arabic_begins_at_the_right_and_the_preheader_is_not_seen()
    {
        await using var context = await browser.NewContextAsync(new BrowserNewContextOptions());
        var page = await context.NewPageAsync();
        await page.SetContentAsync(Html("ar", MessageKind.KeyChanged));
        await Expect(page.Locator(".card")).ToHaveCSSAsync("direction", "rtl");
        await Expect(page.Locator(".card")).ToHaveCSSAsync("text-align", new Regex("right$"));
        await Expect(page.Locator("body > div")).ToBeHiddenAsync();
        await Expect(page.Locator("body > div")).ToContainTextAsync("تم تغيير عنوان البريد الإلكتروني");
    }

    static string Html(string language, MessageKind kind, CodeFormat format = CodeFormat.Digits6) => Messages.Templates().Render(
        MessageSample.Of(language, format)
            .First(sample => sample.Message.Content.Kind == kind && sample.Message.Content.Channel == KeyType.Email)
            .Message).Html!;
}
