using Countersign.Tests.Hosting;
using Microsoft.Playwright;
using static Countersign.Tests.Http.Verbs;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>Every operation of the contract by clicks.</summary>
public sealed class SecurityFlowTests(Browser browser, SecuritySite site) : IClassFixture<SecuritySite>
{
    [Theory]
    [InlineData("Add an email", "New email")]
    [InlineData("Add a phone number", "New phone number")]
    public async Task A_key_is_added(string operation, string label)
    {
        var person = await site.PersonAsync(_ => new { });
        var target = label == "New email" ? person.Email : person.Phone;
        await using var page = await SecurityPage.OpenAsync(browser, person);

        await page.PressAsync(operation);
        await Expect(page.Field(label)).ToBeFocusedAsync();
        await page.FillAsync(label, target);
        await page.PressAsync("Send code");
        await Expect(page.Status).ToContainTextAsync("Its reference is");
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await page.EnterCodeAsync(target);
        await page.PressAsync("Confirm");

        await Expect(page.Text($"{Quoted(operation)}: done. We have told every address of your account.").First).ToBeVisibleAsync();
        await Expect(page.Panel(operation)).ToHaveCountAsync(0);
        var account = await person.AccountAsync();
        Assert.Single(account.Keys());
        await Expect(page.Card(label == "New email" ? "Email" : "Phone number")).ToContainTextAsync(account.Keys().Single()!);
        Assert.Equal(account.Text, Assert.Single(await page.ChangesAsync()));
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData("Email", "Change your email", "New email", "Confirm your current email", "Confirm the new email")]
    [InlineData("Phone number", "Change your phone number", "New phone number", "Confirm your current phone number", "Confirm the new phone number")]
    public async Task A_key_is_changed_in_two_steps(string card, string operation, string label, string first, string second)
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        var (current, target) = card == "Email" ? (person.Email, person.NewEmail) : (person.Phone, person.NewPhone);
        await using var page = await SecurityPage.OpenAsync(browser, person);

        await page.SendCodeAsync(operation);
        var steps = page.Element.GetByRole(AriaRole.List, new() { Name = "Steps" });
        await Expect(steps.GetByRole(AriaRole.Listitem)).ToHaveTextAsync([first, second]);
        await Expect(steps.Locator("[aria-current=step]")).ToHaveTextAsync(first);
        await page.EnterCodeAsync(current);
        await page.FillAsync(label, target);
        await page.PressAsync("Continue");

        await Expect(steps.Locator("[aria-current=step]")).ToHaveTextAsync(second);
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await Expect(page.Field("Code")).ToHaveValueAsync("");
        await page.EnterCodeAsync(target);
        await page.PressAsync("Confirm");

        await Expect(page.Text(": done.").First).ToBeVisibleAsync();
        var account = await person.AccountAsync();
        Assert.Empty(account.Pending());
        var shown = account.Key(card == "Email" ? "EMAIL" : "PHONE_NUMBER").Text("userKey")!;
        await Expect(page.Card(card)).ToContainTextAsync(shown);
        Assert.Equal(1, await person.EventsAsync("user_key_changed"));
        await Expect(page.Card("Safety period")).ToContainTextAsync("An email or phone number was changed: until");
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData("Remove your email", "Email", "No email yet")]
    [InlineData("Remove your phone number", "Phone number", "No phone number yet")]
    public async Task A_key_is_removed(string operation, string card, string after)
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone, antiPhishingCode = "blue4sky" });
        await using var page = await SecurityPage.OpenAsync(browser, person);

        await page.PressAsync(operation);
        await Expect(page.Text("Your anti-phishing code is removed with it.")).ToHaveCountAsync(card == "Email" ? 1 : 0);
        await page.PressAsync("Send code");
        await page.EnterCodeAsync(card == "Email" ? person.Email : person.Phone);
        await page.PressAsync("Remove");

        await Expect(page.Card(card)).ToContainTextAsync(after);
        Assert.Single((await person.AccountAsync()).Keys());
        // What is left is the only one: there is no button to remove it.
        await Expect(page.Button("Remove your email")).ToHaveCountAsync(0);
        await Expect(page.Button("Remove your phone number")).ToHaveCountAsync(0);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task The_anti_phishing_code_is_set_and_changed()
    {
        var person = await site.PersonAsync(person => new { email = person.Email });
        await using var page = await SecurityPage.OpenAsync(browser, person);

        await page.SendCodeAsync("Set an anti-phishing code");
        await page.EnterCodeAsync(person.Email);
        await page.FillAsync("New anti-phishing code", "blue4sky");
        await page.PressAsync("Confirm");
        await Expect(page.Card("Anti-phishing code")).ToContainTextAsync("b******y");

        await page.SendCodeAsync("Change your anti-phishing code");
        await page.EnterCodeAsync(person.Email);
        await page.FillAsync("New anti-phishing code", "grass2green");
        await page.PressAsync("Confirm");
        await Expect(page.Card("Anti-phishing code")).ToContainTextAsync("g*********n");
        Assert.Equal("g*********n", (await person.AccountAsync()).AntiPhishing());
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData("EMAIL", "Email", "your email")]
    [InlineData("PHONE_NUMBER", "Phone number", "your phone number")]
    public async Task MFA_is_turned_on_and_off(string keyType, string card, string what)
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        var destination = keyType == "EMAIL" ? person.Email : person.Phone;
        await using var page = await SecurityPage.OpenAsync(browser, person);

        await page.SendCodeAsync($"Turn on multi-factor authentication for {what}");
        await page.EnterCodeAsync(destination);
        await page.PressAsync("Confirm");
        await Expect(page.Button($"Turn off multi-factor authentication for {what}")).ToBeVisibleAsync();
        await Expect(page.Card(card).GetByText("On", new() { Exact = true })).ToBeVisibleAsync();
        Assert.True((await person.AccountAsync()).HasMfa(keyType));

        await page.SendCodeAsync($"Turn off multi-factor authentication for {what}");
        await page.EnterCodeAsync(destination);
        await page.PressAsync("Confirm");
        await Expect(page.Button($"Turn on multi-factor authentication for {what}")).ToBeVisibleAsync();
        Assert.False((await person.AccountAsync()).HasMfa(keyType));
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_change_that_MFA_forbids_leads_to_turning_it_off_first()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone, mfa = new { email = true } });
        await using var page = await SecurityPage.OpenAsync(browser, person);

        await page.PressAsync("Change your email");
        await Expect(page.Panel("Change your email")).ToContainTextAsync("Turn it off first");
        await Expect(page.Button("Send code")).ToHaveCountAsync(0);
        await page.Panel("Change your email").GetByRole(AriaRole.Button, new() { Name = "Turn off multi-factor authentication for your email" }).ClickAsync();
        await page.PressAsync("Send code");
        await page.EnterCodeAsync(person.Email);
        await page.PressAsync("Confirm");
        await Expect(page.Button("Turn on multi-factor authentication for your email")).ToBeVisibleAsync();
        await page.SendCodeAsync("Change your email");
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData("123 456")]
    [InlineData("123-456")]
    public async Task A_code_is_taken_as_it_is_pasted(string form)
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(
            browser, person, options: new BrowserNewContextOptions { Permissions = ["clipboard-read", "clipboard-write"] });
        await page.SendCodeAsync("Remove your phone number");
        var code = await page.CodeAsync(person.Phone);

        await Expect(page.Field("Code")).ToHaveAttributeAsync("autocomplete", "one-time-code");
        await page.Page.EvaluateAsync("(text) => navigator.clipboard.writeText(text)", $" {code[..3]}{form[3]}{code[3..]}\n");
        await page.Field("Code").PressAsync("Control+V");
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_code_that_is_cancelled_does_not_work_any_more()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync("Remove your phone number");
        var code = await page.CodeAsync(person.Phone);

        await page.PressAsync("Cancel");
        await Expect(page.Panel("Remove your phone number")).ToHaveCountAsync(0);
        await Expect(page.Status).ToContainTextAsync("The code does not work any more.");
        await Expect(page.Button("Remove your phone number")).ToBeVisibleAsync();
        Assert.Empty((await person.AccountAsync()).Pending());
        (await person.User.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = code })).IsRefused(422, "token-invalid");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Opening_and_closing_asks_for_nothing()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.PressAsync("Change your email");
        await Expect(page.Panel("Change your email")).ToBeVisibleAsync();
        await page.PressAsync("Cancel");
        await Expect(page.Panel("Change your email")).ToHaveCountAsync(0);
        await Expect(page.Button("Change your email")).ToBeFocusedAsync();
        Assert.Equal(0, await person.EventsAsync("token_issued"));
        page.AssertNoComplaints();
    }

    /// <summary>Names are kept apart from the direction of the text by marks that nobody sees.</summary>
    static string Quoted(string name) => $"\u2068{name}\u2069";
}
