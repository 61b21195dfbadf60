using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using Microsoft.Playwright;
using static Countersign.Tests.Http.Verbs;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Ui;

/// <summary>Rarer states, and what stays as it is while the page changes around it.</summary>
public sealed partial class SecurityStateTests(Browser browser, SecuritySite site) : IClassFixture<SecuritySite>
{
    const string RemovePhone = "Remove your phone number";

    [Fact]
    public async Task A_frozen_account_says_so_and_until_when()
    {
        await using var undoing = await SecuritySite.StartAsync("Countersign:PublicUrl=https://accounts.example.com");
        var person = await undoing.PersonAsync(person => new { email = person.Email });
        var oneTimeToken = await person.User.NewKeyCodeAsync("EMAIL", person.Email, person.NewEmail);
        (await person.User.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken })).IsOk();
        var notice = await undoing.Server.MessageAsync(person.Email, item => UndoLink().IsMatch(item.Text));
        using var form = new FormUrlEncodedContent([new("token", UndoLink().Match(notice.Text).Groups[1].Value)]);
        Assert.Equal(200, (int)(await undoing.Server.Http.PostAsync("/undo", form, TestContext.Current.CancellationToken)).StatusCode);

        await using var page = await SecurityPage.OpenAsync(browser, person);
        await Expect(page.Card("Safety period")).ToContainTextAsync("A change was undone: until");
        await page.PressAsync("Change your email");
        await page.PressAsync("Send code");
        await Expect(page.Card("Email").GetByText("A change was undone a short while ago. Nothing can be changed until")).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Somebody_without_an_account_is_told()
    {
        await using var closed = await SecuritySite.StartAsync("Countersign:Accounts:ProvisionFromClaims=false");
        await using var page = await SecurityPage.OpenAsync(browser, new Person(closed, "stranger", "stranger@example.com", "+12025550000"));
        await Expect(page.Text("There are no security settings for you here yet.")).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task Codes_that_are_asked_for_too_often_are_refused_with_a_time()
    {
        await using var strict = await SecuritySite.StartAsync("Countersign:Limits:IssuesPerHour=1");
        var person = await TwoKeysAsync(strict);
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        await page.PressAsync("Cancel");
        await page.PressAsync(RemovePhone);
        await page.PressAsync("Send code");
        await Expect(page.Card("Phone number").GetByText("Too many codes were asked for. You can ask again from")).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_code_of_letters_is_typed_as_it_comes()
    {
        await using var letters = await SecuritySite.StartAsync("Countersign:Tokens:Code=Base32");
        var person = await TwoKeysAsync(letters);
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        await Expect(page.Field("Code")).ToHaveAttributeAsync("inputmode", "text");
        var code = await page.CodeAsync(person.Phone);
        await page.FillAsync("Code", code.ToLowerInvariant().Replace("-", " ", StringComparison.Ordinal));
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        page.AssertNoComplaints();
    }

    [Theory]
    [InlineData(502, "text/html", "<h1>Bad gateway</h1>")]
    [InlineData(200, "text/html", "<h1>Sign in to the hotel's network</h1>")]
    [InlineData(503, "application/problem+json", """{"code":"unavailable","status":503}""")]
    public async Task What_is_not_an_answer_of_the_server_is_none(int status, string contentType, string body)
    {
        var person = await TwoKeysAsync(site);
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await Expect(page.Button(RemovePhone)).ToBeVisibleAsync();
        page.Expected.AddRange([$"the server responded with a status of {status}", "countersign-security: no answer"]);
        await page.Page.RouteAsync("**/api/v1/token/**", route => route.FulfillAsync(new RouteFulfillOptions
        {
            Status = status, ContentType = contentType, Body = body, Headers = new Dictionary<string, string> { ["access-control-allow-origin"] = "*" },
        }));

        await page.PressAsync(RemovePhone);
        await page.PressAsync("Send code");
        await Expect(page.Panel(RemovePhone).GetByText("We cannot reach the server.")).ToBeVisibleAsync();
        await page.Page.UnrouteAsync("**/api/v1/token/**");
        await page.PressAsync("Send code");
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task What_is_being_typed_stays_while_the_account_is_looked_at_again_and_in_another_language()
    {
        var person = await TwoKeysAsync(site);
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        await page.Field("Code").PressSequentiallyAsync("12");
        // Something of the account changes, so that it is seen that it was looked at.
        var oneTimeToken = await person.User.CodeAsync("mfa/enabling", person.Email, new { destination = "EMAIL" });
        (await person.User.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken })).IsOk();
        await page.LookAgainAsync();
        await Expect(page.Button("Turn off multi-factor authentication for your email")).ToBeVisibleAsync();
        await Expect(page.Field("Code")).ToBeFocusedAsync();
        await page.Page.Keyboard.TypeAsync("34");
        await Expect(page.Field("Code")).ToHaveValueAsync("1234");

        await page.Element.EvaluateAsync("(element) => { element.lang = 'de'; }");
        await Expect(page.Field(SecurityTexts.Of("de")["code"])).ToHaveValueAsync("1234");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_page_that_is_loaded_again_goes_on_at_the_second_step()
    {
        var person = await TwoKeysAsync(site);
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync("Change your email");
        await page.EnterCodeAsync(person.Email);
        await page.FillAsync("New email", person.NewEmail);
        await page.PressAsync("Continue");
        await Expect(page.Element.Locator("[aria-current=step]")).ToHaveTextAsync("Confirm the new email");

        // What is asked just then is not answered.
        page.Expected.Add("countersign-security: no answer");
        await page.Page.ReloadAsync();
        await Expect(page.Element.Locator("[aria-current=step]")).ToHaveTextAsync("Confirm the new email");
        await page.EnterCodeAsync(person.NewEmail);
        await page.PressAsync("Confirm");
        await Expect(page.Card("Email").GetByText(": done.")).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task An_element_that_is_moved_on_the_page_is_as_before()
    {
        var person = await TwoKeysAsync(site);
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await page.SendCodeAsync(RemovePhone);
        await page.Page.EvaluateAsync("document.querySelector('main').prepend(document.querySelector('countersign-security'))");
        await page.EnterCodeAsync(person.Phone);
        await page.PressAsync("Remove");
        await Expect(page.Card("Phone number")).ToContainTextAsync("No phone number yet");
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task The_server_is_where_the_page_says_and_nothing_is_shown_of_another()
    {
        var person = await TwoKeysAsync(site);
        await using var page = await SecurityPage.OpenAsync(browser, person);
        await Expect(page.Button(RemovePhone)).ToBeVisibleAsync();
        page.Expected.AddRange(["Content Security Policy", "policy: connect-src", "countersign-security: no answer"]);

        // Which the policy of the page does not allow.
        await page.Element.EvaluateAsync("(element) => element.setAttribute('base-url', 'http://127.0.0.1:9/accounts')");
        await Expect(page.Text("We cannot reach the server.")).ToBeVisibleAsync();
        await Expect(page.Element.GetByRole(AriaRole.Region)).ToHaveCountAsync(0);
        await page.Element.EvaluateAsync("(element, url) => element.setAttribute('base-url', url)", site.Server.Url.GetLeftPart(UriPartial.Authority));
        await Expect(page.Button(RemovePhone)).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    [Fact]
    public async Task A_code_that_the_browser_reads_from_an_SMS_is_filled_in_and_not_sent()
    {
        var person = await TwoKeysAsync(site);
        // Debian's Chromium has the interface on a telephone only.
        await using var page = await SecurityPage.OpenAsync(browser, person, before: page => page.AddInitScriptAsync(
            """
            window.OTPCredential = class {};
            navigator.credentials.get = ({ otp, signal }) => new Promise((resolve, reject) => {
              window.receive = (code) => resolve({ code, transports: otp.transport });
              signal.addEventListener("abort", () => reject(signal.reason));
            });
            """));
        await page.SendCodeAsync("Change your phone number");
        var code = await page.CodeAsync(person.Phone);
        await page.Page.EvaluateAsync("(code) => window.receive(code)", code);
        await Expect(page.Field("Code")).ToHaveValueAsync(code);
        Assert.Single((await person.AccountAsync()).Pending());
        await page.FillAsync("New phone number", person.NewPhone);
        await page.PressAsync("Continue");

        await Expect(page.Element.Locator("[aria-current=step]")).ToHaveTextAsync("Confirm the new phone number");
        var second = await page.CodeAsync(person.NewPhone);
        await page.Page.EvaluateAsync("(code) => window.receive(code)", second);
        await Expect(page.Field("Code")).ToHaveValueAsync(second);
        await page.PressAsync("Confirm");
        await Expect(page.Card("Phone number").GetByText(": done.")).ToBeVisibleAsync();
        page.AssertNoComplaints();
    }

    static Task<Person> TwoKeysAsync(SecuritySite site) => site.PersonAsync(person => new { email = person.Email, phoneNumber = person.Phone });

    [GeneratedRegex("/undo#([A-Za-z0-9_-]{43})")]
    private static partial Regex UndoLink();
}
