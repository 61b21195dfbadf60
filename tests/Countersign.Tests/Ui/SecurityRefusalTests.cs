using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using Microsoft.Playwright;
using static Countersign.Tests.Http.Verbs;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>What the element says where something cannot be done, and what can be done then.</summary>
public sealed class SecurityRefusalTests(Browser browser, SecuritySite site) : IClassFixture<SecuritySite>
{
    const string RemovePhone = "Remove your phone number";

    [Fact]
    public async Task A_wrong_code_costs_a_try_and_the_right_one_works_after_it()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        await Expect(page.Text("Tries left: 3")).ToBeVisibleAsync();
        var code = await page.CodeAsync(person.Phone);

        await page.FillAsync("Code", Wrong(code));
        await page.PressAsync("Remove");
        await Expect(page.Text("This code is not right. Tries left: 2")).ToBeVisibleAsync();
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await Expect(page.Field("Code")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.Field("Code")).ToHaveAccessibleDescriptionAsync(new Regex("This code is not right"));

        await page.FillAsync("Code", code);
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task When_the_tries_are_spent_the_code_is_over_and_when_too_many_are_the_operation_is_locked()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        var first = await page.CodeAsync(person.Phone);
        await GuessAsync(page, first, "This code is not right. Tries left: 2");
        await GuessAsync(page, first, "This code is not right. Tries left: 1");
        await GuessAsync(page, first, "That was the last try");
        await Expect(page.Panel(RemovePhone)).ToHaveCountAsync(0);

        await page.SendCodeAsync(RemovePhone);
        await Expect(page.Text("Tries left: 2")).ToBeVisibleAsync();
        var second = await page.CodeAsync(person.Phone);
        await GuessAsync(page, second, "This code is not right. Tries left: 1");
        await GuessAsync(page, second, "That was the last try");

        await page.PressAsync(RemovePhone);
        await page.PressAsync("Send code");
        await Expect(page.Text("Too many wrong codes. You can try again from").First).ToBeVisibleAsync();
        await Expect(page.Panel(RemovePhone).GetByRole(AriaRole.Textbox)).ToHaveCountAsync(0);
        // The operation is locked, and nothing else.
        await page.SendCodeAsync("Remove your email");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task An_address_that_somebody_has_proven_meanwhile_stays_with_them()
    {
        var person = await site.PersonAsync(person => new { email = person.Email });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.PressAsync("Add a phone number");
        await page.FillAsync("New phone number", person.Phone);
        await page.PressAsync("Send code");
        await page.EnterCodeAsync(person.Phone);
        await site.Server.UserWithAsync(new { phoneNumber = person.Phone }, $"{person.UserId}-other");

        await page.PressAsync("Confirm");
        await Expect(page.Text("This address belongs to another account. Nothing was changed.").First).ToBeVisibleAsync();
        Assert.Single((await person.AccountAsync()).Keys());
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task An_address_of_somebody_else_looks_as_any_other_and_gets_no_code()
    {
        var (person, other) = (await site.PersonAsync(person => new { email = person.Email }), await site.PersonAsync(person => new { phoneNumber = person.Phone }));
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.PressAsync("Add a phone number");
        await page.FillAsync("New phone number", other.Phone);
        await page.PressAsync("Send code");

        await Expect(page.Panel("Add a phone number").GetByLabel("Code")).ToBeVisibleAsync();
        await Expect(page.Text("Tries left: 3")).ToBeVisibleAsync();
        Assert.Null((await site.Server.MessageAsync(other.Phone, _ => true)).OneTimeToken);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task What_is_switched_off_is_not_there()
    {
        await using var other = await SecuritySite.StartAsync("Countersign:Features:Mfa=false", "Countersign:Features:AntiPhishing=false");
        var person = await other.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);

        await Expect(page.Element.GetByRole(AriaRole.Button)).ToHaveTextAsync(["Change", "Remove", "Change", "Remove"]);
        await Expect(page.Element.GetByRole(AriaRole.Region)).ToHaveCountAsync(2);
        await Expect(page.Element).Not.ToContainTextAsync("Multi-factor");
        await Expect(page.Element).Not.ToContainTextAsync("nti-phishing");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_code_that_could_not_be_delivered_is_said_to_be()
    {
        var person = await site.PersonAsync(person => new { phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.PressAsync("Add an email");
        await page.FillAsync("New email", $"nobody{SecuritySite.Refusing}");
        await page.PressAsync("Send code");

        await Expect(page.Panel("Add an email").GetByText("The code could not be delivered to n***y@refusing.example.")).ToBeVisibleAsync();
        await page.PressAsync("Cancel");
        await Expect(page.Button("Add an email")).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task The_last_key_is_not_removed_also_where_the_other_went_meanwhile()
    {
        var person = await site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.PressAsync(RemovePhone);
        await site.Server.PutAccountAsync(person.UserId, new { phoneNumber = person.Phone });

        await page.PressAsync("Send code");
        await Expect(page.Card("Phone number").GetByText("This is your only one.")).ToBeVisibleAsync();
        await Expect(page.Card("Email")).ToContainTextAsync("No email yet");
        await Expect(page.Button(RemovePhone)).ToHaveCountAsync(0);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task What_was_done_elsewhere_meanwhile_is_shown_and_no_error()
    {
        var person = await site.PersonAsync(person => new { phoneNumber = person.Phone });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.PressAsync("Add an email");
        await page.FillAsync("New email", person.Email);
        await site.Server.PutAccountAsync(person.UserId, new { phoneNumber = person.Phone, email = person.Email });

        await page.PressAsync("Send code");
        await Expect(page.Card("Email").GetByText("This was changed somewhere else in the meantime.")).ToBeVisibleAsync();
        await Expect(page.Button("Change your email")).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData("Add an email", "New email", "alice", "Enter an email such as name@example.com")]
    [InlineData("Add an email", "New email", "", "Enter an email such as name@example.com")]
    [InlineData("Add a phone number", "New phone number", "0660 1234567", "Enter a phone number with its country code")]
    public async Task A_value_that_is_none_is_said_at_its_field(string operation, string label, string value, string error)
    {
        var person = await site.PersonAsync(_ => new { });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.PressAsync(operation);
        await page.FillAsync(label, value);
        await page.PressAsync("Send code");

        await Expect(page.Text(error).First).ToBeVisibleAsync();
        await Expect(page.Field(label)).ToBeFocusedAsync();
        await Expect(page.Field(label)).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(page.Field(label)).ToHaveValueAsync(value);
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_code_or_a_phrase_of_another_form_costs_no_try()
    {
        var person = await site.PersonAsync(person => new { email = person.Email });
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync("Set an anti-phishing code");
        await page.FillAsync("New anti-phishing code", "blue4sky");
        await page.FillAsync("Code", "12");
        await page.PressAsync("Confirm");
        await Expect(page.Text("Enter the code as the message shows it.").First).ToBeVisibleAsync();
        await Expect(page.Field("Code")).ToBeFocusedAsync();

        await page.EnterCodeAsync(person.Email);
        await page.FillAsync("New anti-phishing code", "blé");
        await page.PressAsync("Confirm");
        await Expect(page.Text("Enter 4 to 20 letters and digits, without accents or spaces.").First).ToBeVisibleAsync();
        await Expect(page.Field("New anti-phishing code")).ToBeFocusedAsync();
        await Expect(page.Text("Tries left: 3")).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    static async Task GuessAsync(SecurityPage page, string code, string answer)
    {
        await page.FillAsync("Code", Wrong(code));
        await page.PressAsync("Remove");
        await Expect(page.Text(answer).First).ToBeVisibleAsync();
    }
}
