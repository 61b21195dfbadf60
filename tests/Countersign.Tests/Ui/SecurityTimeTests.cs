using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using Microsoft.Playwright;
using static Countersign.Tests.Http.Verbs;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>What time does: the clock is the test's, and what the page counts down by is the server's.</summary>
public sealed class SecurityTimeTests(Browser browser)
{
    const string RemovePhone = "Remove your phone number";

    [Fact]
    public async Task A_code_is_sent_again_after_a_while()
    {
        await using var site = await SecuritySite.StartWithClockAsync("Countersign:Limits:ResendAfter:Sms=00:01:00");
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        var again = page.Panel(RemovePhone).GetByRole(AriaRole.Button, new() { NameRegex = new("^Send again") });
        await Expect(again).ToContainTextAsync("Send again in");
        await Expect(again).ToHaveAttributeAsync("aria-disabled", "true");
        var reference = await page.Element.Locator(".reference").TextContentAsync();

        site.Server.Clock!.Advance(TimeSpan.FromSeconds(61));
        await page.LookAgainAsync();
        await page.PressAsync("Send again");
        await Expect(page.Element.Locator(".reference")).Not.ToHaveTextAsync(reference!);
        await Expect(again).ToContainTextAsync("Send again in");
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await page.EnterCodeAsync(person.Phone);
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        Assert.Equal(2, await person.EventsAsync("token_issued"));
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_code_that_has_expired_is_said_to_have()
    {
        await using var site = await SecuritySite.StartWithClockAsync();
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        await Expect(page.Panel(RemovePhone).GetByText("Expires in")).ToContainTextAsync(new Regex("Expires in (30:0|29:[2-5])"));

        site.Server.Clock!.Advance(TimeSpan.FromMinutes(31));
        await page.LookAgainAsync();
        await Expect(page.Card("Phone number").GetByText("The code has expired.")).ToBeVisibleAsync();
        await Expect(page.Panel(RemovePhone)).ToHaveCountAsync(0);
        await page.SendCodeAsync(RemovePhone);
        await Expect(page.Text("The code has expired.")).ToHaveCountAsync(0);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_code_that_is_typed_too_late_is_over()
    {
        await using var site = await SecuritySite.StartWithClockAsync();
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        await page.EnterCodeAsync(person.Phone);

        site.Server.Clock!.Advance(TimeSpan.FromMinutes(31));
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("expired");
        await Expect(page.Panel(RemovePhone)).ToHaveCountAsync(0);
        Assert.Equal(2, (await person.AccountAsync()).Keys().Count());
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_locked_operation_says_until_when_and_is_open_after_it()
    {
        await using var site = await SecuritySite.StartWithClockAsync("Countersign:Limits:WrongTriesPerDay=3");
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        var code = await person.User.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", person.Phone);
        for (var attempt = 0; attempt < 3; attempt++)
            await person.User.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = Wrong(code) });
        await using var page = await SecurityPage.OpenAsync(browser, person, options: new BrowserNewContextOptions { Locale = "en-GB", TimezoneId = "Europe/Vienna" });

        await page.PressAsync(RemovePhone);
        await page.PressAsync("Send code");
        var vienna = TimeZoneInfo.ConvertTime(site.Server.Clock!.GetUtcNow().AddMinutes(15), TimeZoneInfo.FindSystemTimeZoneById("Europe/Vienna"));
        var locked = page.Card("Phone number").GetByText("Too many wrong codes. You can try again from");
        // A date of HTTP has no milliseconds, and a time that is shown no seconds.
        await Expect(locked).ToContainTextAsync(new Regex($" ({vienna.AddMinutes(-1):h:mm}|{vienna:h:mm}|{vienna.AddMinutes(1):h:mm})"));

        site.Server.Clock.Advance(TimeSpan.FromMinutes(16));
        await page.LookAgainAsync();
        await page.SendCodeAsync(RemovePhone);
        await Expect(locked).ToHaveCountAsync(0);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_hold_is_shown_for_as_long_as_it_lasts()
    {
        await using var site = await SecuritySite.StartWithClockAsync();
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        var oneTimeToken = await person.User.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", person.Phone);
        (await person.User.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken })).IsOk();
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await Expect(page.Card("Safety period").GetByRole(AriaRole.Listitem)).ToContainTextAsync("An email or phone number was removed: until");

        site.Server.Clock!.Leap(TimeSpan.FromHours(25));
        await page.LookAgainAsync();
        await Expect(page.Card("Safety period")).ToHaveCountAsync(0);
        page.AssertNoComplaints();
    }
}
