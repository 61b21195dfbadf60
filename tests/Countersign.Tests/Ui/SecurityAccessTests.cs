using Countersign.Tests.Hosting;
using Microsoft.Playwright;
using static Countersign.Tests.Http.Verbs;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>For everybody: by keyboard, read out, small, dark, from right to left, without motion.</summary>
public sealed class SecurityAccessTests(Browser browser, SecuritySite site) : IClassFixture<SecuritySite>
{
    const string RemovePhone = "Remove your phone number";

    [Fact]
    public async Task Axe_finds_nothing_while_a_key_is_changed_and_the_page_fits_320_pixels()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone, mfa = new { phoneNumber = true }, antiPhishingCode = "blue4sky" });
        await using var page = await OpenSmallAsync(person);
        await Expect(page.Button(RemovePhone)).ToBeVisibleAsync();
        await AssertIsFineAsync(page, "the account");
        await page.PressAsync("Change your phone number");
        await AssertIsFineAsync(page, "MFA first");
        await page.PressAsync("Change your email");
        await AssertIsFineAsync(page, "before the code");
        await page.PressAsync("Send code");
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await AssertIsFineAsync(page, "the first step");
        var code = await page.CodeAsync(person.Email);
        await page.FillAsync("Code", Wrong(code));
        await page.FillAsync("New email", person.NewEmail);
        await page.PressAsync("Continue");
        await Expect(page.Text("This code is not right.").First).ToBeVisibleAsync();
        await AssertIsFineAsync(page, "a wrong code");
        await page.FillAsync("Code", code);
        await page.PressAsync("Continue");
        await Expect(page.Element.Locator("[aria-current=step]")).ToHaveTextAsync("Confirm the new email");
        await AssertIsFineAsync(page, "the second step");
        await page.EnterCodeAsync(person.NewEmail);
        await page.PressAsync("Confirm");
        await Expect(page.Card("Safety period")).ToBeVisibleAsync();
        await AssertIsFineAsync(page, "done, with a hold");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Axe_finds_nothing_where_something_is_missing_or_refused_and_the_page_fits_320_pixels()
    {
        var person = await site.PersonAsync(_ => new { });
        await using var page = await OpenSmallAsync(person);
        await Expect(page.Button("Add an email")).ToBeVisibleAsync();
        await AssertIsFineAsync(page, "an account without keys");
        await page.PressAsync("Add an email");
        await page.PressAsync("Send code");
        await Expect(page.Text("Enter an email such as").First).ToBeVisibleAsync();
        await AssertIsFineAsync(page, "no value");
        await page.FillAsync("New email", $"a.long.name.that.has.to.be.wrapped.somewhere.because.it.is{SecuritySite.Refusing}");
        await page.PressAsync("Send code");
        await Expect(page.Text("could not be delivered").First).ToBeVisibleAsync();
        await AssertIsFineAsync(page, "a failed delivery");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await page.FillAsync("Code", "000000");
            await page.PressAsync("Confirm");
            await Expect(page.Text(attempt == 2 ? "That was the last try" : $"Tries left: {2 - attempt}").First).ToBeVisibleAsync();
        }

        await AssertIsFineAsync(page, "the last try");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Axe_finds_nothing_where_there_is_nothing_to_show_and_the_page_fits_320_pixels()
    {
        var person = await site.PersonAsync(person => new { email = person.Email });
        var bearer = (string?)null;
        await using var page = await OpenSmallAsync(person, _ => Task.FromResult(bearer));
        await Expect(page.Text("You are not signed in.")).ToBeVisibleAsync();
        await AssertIsFineAsync(page, "signed out");

        bearer = await page.NewBearerAsync();
        var go = new TaskCompletionSource();
        await page.Page.RouteAsync("**/api/v1/account", async route =>
        {
            await go.Task;
            await route.AbortAsync();
        });
        page.Expected.AddRange(["net::ERR_FAILED", "countersign-security: no answer"]);
        await page.Page.EvaluateAsync("void document.querySelector('countersign-security').refresh()");
        go.SetResult();
        await Expect(page.Text("We cannot reach the server.")).ToBeVisibleAsync();
        await AssertIsFineAsync(page, "a server that is away");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Everything_is_done_by_keyboard_and_each_step_leads_to_the_next()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        var keyboard = page.Page.Keyboard;
        await Expect(page.Button("Change your email")).ToBeVisibleAsync();

        await TabToAsync(page, page.Button("Change your email"));
        await keyboard.PressAsync("Enter");
        await Expect(page.Panel("Change your email").GetByRole(AriaRole.Heading)).ToBeFocusedAsync();
        await TabToAsync(page, page.Button("Send code"));
        await keyboard.PressAsync("Space");
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await keyboard.TypeAsync(await page.CodeAsync(person.Email));
        await keyboard.PressAsync("Tab");
        await Expect(page.Field("New email")).ToBeFocusedAsync();
        await keyboard.TypeAsync(person.NewEmail);
        await keyboard.PressAsync("Enter");

        await Expect(page.Element.Locator("[aria-current=step]")).ToHaveTextAsync("Confirm the new email");
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await keyboard.TypeAsync(await page.CodeAsync(person.NewEmail));
        await keyboard.PressAsync("Enter");
        await Expect(page.Card("Email").GetByRole(AriaRole.Heading, new() { Name = "Email", Exact = true })).ToBeFocusedAsync();
        Assert.Equal(1, await person.EventsAsync("user_key_changed"));
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task What_happens_is_read_out()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        var reference = await page.Element.Locator(".reference").TextContentAsync();
        var masked = (await person.AccountAsync()).PendingOperation("userKeys/removing").Text("destination");
        Assert.Equal($"A code is on its way to {masked}. Its reference is {reference}.", await HeardAsync(page));

        await page.EnterCodeAsync(person.Phone);
        await page.PressAsync("Remove");
        await Expect(page.Status).ToContainTextAsync("done");
        Assert.Equal("Remove your phone number: done. We have told every address of your account.", await HeardAsync(page));
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData("en", "en", "ltr")]
    [InlineData("de-AT", "de", "ltr")]
    [InlineData("fr", "fr", "ltr")]
    [InlineData("es-419", "es", "ltr")]
    [InlineData("uk", "uk", "ltr")]
    [InlineData("ar", "ar", "rtl")]
    [InlineData("ja", "en", "ltr")]
    public async Task It_speaks_the_language_of_its_page(string asked, string lang, string direction)
    {
        var person = await site.PersonAsync(person => new { email = person.Email, antiPhishingCode = "blue4sky" });
        await using var page = await OpenSmallAsync(person, lang: asked);
        var all = page.Element.Locator(".all");
        await Expect(all).ToHaveAttributeAsync("lang", lang);
        await Expect(all).ToHaveCSSAsync("direction", direction);
        var texts = SecurityTexts.Of(lang);
        await page.PressAsync(texts["antiPhishing/changing"]);
        await page.PressAsync(texts["sendCode"]);
        await Expect(page.Field(texts["code"])).ToBeFocusedAsync();

        // Of texts in other letters, what is in Latin ones is addresses and codes.
        var shown = await page.Element.Locator("h2, h3, label, button").AllInnerTextsAsync();
        Assert.InRange(shown.Count, 8, 30);
        Assert.All(shown, text => Assert.DoesNotContain("undefined", text, StringComparison.Ordinal));
        if (lang is "uk" or "ar")
            Assert.All(shown, text => Assert.DoesNotMatch("[A-Za-z]{3}", text));
        await AssertIsFineAsync(page, lang);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task An_address_stays_from_left_to_right_in_a_text_from_right_to_left()
    {
        var person = await site.PersonAsync(person => new { phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person, lang: "ar");
        var number = page.Element.GetByText((await person.AccountAsync()).Keys().Single()!, new() { Exact = true });
        await Expect(number).ToHaveCSSAsync("direction", "ltr");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Nothing_moves_for_whom_motion_is_reduced()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person, options: new BrowserNewContextOptions { ReducedMotion = ReducedMotion.Reduce });
        await page.SendCodeAsync(RemovePhone);
        var moving = await page.Page.EvaluateAsync<string[]>(
            """
            [...document.querySelector("countersign-security").shadowRoot.querySelectorAll("*")]
              .filter((node) => { const style = getComputedStyle(node); return parseFloat(style.transitionDuration) > 0.01 || style.animationName !== "none"; })
              .map((node) => node.outerHTML)
            """);
        Assert.Empty(moving);
        page.AssertNoComplaints();
    }

    Task<SecurityPage> OpenSmallAsync(Person person, Func<bool, Task<string?>>? bearer = null, string lang = "en") => SecurityPage.OpenAsync(
        browser, person, lang, bearer: bearer,
        options: new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 320, Height = 700 }, ReducedMotion = ReducedMotion.Reduce });

    static async Task AssertIsFineAsync(SecurityPage page, string state)
    {
        var width = await page.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(width == 320, $"{state} is {width} pixels wide.");
        await Axe.AssertFindsNothingAsync(page.Page, state);
    }

    /// <summary>What the live region says, without the marks that keep values apart from the direction of a text.</summary>
    static async Task<string> HeardAsync(SecurityPage page) =>
        (await page.Status.TextContentAsync())!.Replace("\u2068", "", StringComparison.Ordinal).Replace("\u2069", "", StringComparison.Ordinal);

    static async Task TabToAsync(SecurityPage page, ILocator target)
    {
        for (var presses = 0; presses < 40; presses++)
        {
            await page.Page.Keyboard.PressAsync("Tab");
            if (await target.EvaluateAsync<bool>("(node) => node.getRootNode().activeElement === node"))
                return;
        }

        Assert.Fail("It is not reached with the keyboard.");
    }
}
