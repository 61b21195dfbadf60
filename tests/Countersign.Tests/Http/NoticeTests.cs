using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class NoticeTests
{
    const string NewEmail = "new@example.org";
    const string NewPhone = "+4915112345678";

    [Fact]
    public async Task An_added_key_and_the_one_that_was_there_are_told()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        var code = await alice.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });
        (await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk();

        await ExpectNoticesAsync(server, "The phone number +******789 was added", Email, Phone);
    }

    [Fact]
    public async Task The_first_key_of_an_account_is_told()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();
        var code = await alice.CodeAsync("userKeys/adding/email", Email, new { newEmail = Email });
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code })).IsOk();

        await ExpectNoticesAsync(server, "The email address a***e@example.com was added", Email);
    }

    [Theory]
    [InlineData("EMAIL", Email, NewEmail, "changed to n***w@example.org", Phone)]
    [InlineData("PHONE_NUMBER", Phone, NewPhone, "changed to +**********678", Email)]
    [Trait("ASVS", "6.3.7")]
    [Trait("Attack", "24")]
    public async Task The_old_the_new_and_the_other_key_are_told_of_a_change(string keyType, string current, string newKey, string what, string other)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var second = await alice.NewKeyCodeAsync(keyType, current, newKey);
        (await alice.RedeemAsync("userKeys/changing", new { keyType, oneTimeToken = second })).IsOk();

        await ExpectNoticesAsync(server, what, current, newKey, other);
    }

    [Theory]
    [InlineData("EMAIL", Email, "The email address a***e@example.com was removed")]
    [InlineData("PHONE_NUMBER", Phone, "The phone number +******789 was removed")]
    public async Task The_removed_key_and_the_one_that_stays_are_told(string keyType, string current, string what)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync($"userKeys/removing?keyType={keyType}", current);
        (await alice.RedeemAsync("userKeys/removing", new { keyType, oneTimeToken = code })).IsOk();

        await ExpectNoticesAsync(server, what, Email, Phone);
    }

    [Fact]
    public async Task Every_key_is_told_of_mfa_and_of_the_anti_phishing_code()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        var enabling = await alice.CodeAsync("mfa/enabling", Phone, new { destination = "PHONE_NUMBER" });
        (await alice.RedeemAsync("mfa/enabling", new { destination = "PHONE_NUMBER", oneTimeToken = enabling })).IsOk();
        await ExpectNoticesAsync(server, "MFA was switched on for +******789", Email, Phone);

        var disabling = await alice.CodeAsync("mfa/disabling", Phone, new { destination = "PHONE_NUMBER" });
        (await alice.RedeemAsync("mfa/disabling", new { destination = "PHONE_NUMBER", oneTimeToken = disabling })).IsOk();
        await ExpectNoticesAsync(server, "MFA was switched off for +******789", Email, Phone);

        var adding = await alice.CodeAsync("antiPhishing/adding", Email);
        (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = adding, antiPhishingCode = "blue4sky" })).IsOk();
        await ExpectNoticesAsync(server, "anti-phishing code of your account was set to b******y", Email, Phone);
    }

    [Fact]
    public async Task The_notice_of_a_changed_anti_phishing_code_shows_the_old_one_and_masks_the_new()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, antiPhishingCode = "blue4sky" });
        var token = await alice.CodeAsync("antiPhishing/changing", Email);
        (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = token, antiPhishingCode = "green7tree" })).IsOk();

        var notice = await server.MessageAsync(Email, item => item.OneTimeToken is null);
        Assert.Contains("blue4sky", notice.Text, StringComparison.Ordinal);
        Assert.Contains("g********e", notice.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("green7tree", notice.Text + notice.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_said_of_what_was_not_done()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(code) })).IsRefused(422, "token-invalid");
        (await server.PutAccountAsync("alice", new { email = Email, phoneNumber = Phone, mfa = new { email = true } })).IsOk();
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsRefused(409, "mfa-enabled");

        await ExpectNoticesAsync(server, "MFA was switched on", Email, Phone);
        Assert.Equal(3, (await server.InboxAsync()).Count);
    }

    [Fact]
    public async Task The_platforms_changes_are_told_like_the_owners()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(BothKeys);
        // What the platform creates is nobody's change yet.
        Assert.Empty(await server.InboxAsync());

        (await server.PutAccountAsync("alice", new { email = NewEmail, phoneNumber = Phone })).IsOk();
        await ExpectNoticesAsync(server, "changed to n***w@example.org", Email, NewEmail, Phone);
        (await server.PutAccountAsync("alice", new { email = NewEmail })).IsOk();
        await ExpectNoticesAsync(server, "The phone number +******789 was removed", NewEmail, Phone);

        (await server.PutAccountAsync("alice", new { email = NewEmail })).IsOk();
        Assert.Equal(5, (await server.InboxAsync()).Count);
    }

    [Fact]
    public async Task The_anti_phishing_code_stands_in_every_email_to_an_own_proven_address_and_in_no_other_message()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });

        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
        (await alice.IssueAsync("mfa/enabling", new { destination = "EMAIL" })).IsOk();
        (await alice.IssueAsync("mfa/enabling", new { destination = "PHONE_NUMBER" })).IsOk();
        (await alice.IssueAsync("antiPhishing/changing")).IsOk();
        var second = await alice.NewKeyCodeAsync("EMAIL", Email, NewEmail);

        var unproven = await server.MessageAsync(NewEmail, _ => true);
        Assert.DoesNotContain("blue4sky", unproven.Text + unproven.Html + unproven.Subject, StringComparison.Ordinal);
        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).IsOk();
        await ExpectNoticesAsync(server, "changed to n***w@example.org", Email, NewEmail, Phone);

        var own = (await server.InboxAsync(Email)).Concat((await server.InboxAsync(NewEmail)).Where(item => item.OneTimeToken is null)).ToList();
        Assert.Equal(6, own.Count);
        Assert.All(own, item =>
        {
            Assert.Contains("blue4sky", item.Text, StringComparison.Ordinal);
            Assert.Contains("blue4sky", item.Html, StringComparison.Ordinal);
        });
        var texts = await server.InboxAsync(Phone);
        Assert.Equal(3, texts.Count);
        Assert.All(texts, item => Assert.DoesNotContain("blue4sky", item.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_code_to_an_email_that_is_not_yet_proven_shows_no_anti_phishing_code_of_the_account()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });
        // The token for adding outlives the email, and the code goes with the email: there is none left to show.
        var removing = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = removing })).IsOk();
        (await alice.IssueAsync("userKeys/adding/email", new { newEmail = NewEmail })).IsOk();

        var message = await server.MessageAsync(NewEmail, _ => true);
        Assert.DoesNotContain("blue4sky", message.Text + message.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_with_a_code_says_what_it_does_for_how_long_and_its_reference()
    {
        await using var server = await TestServer.StartAsync("Countersign:Messages:Host=accounts.example.com");
        var alice = await server.UserWithAsync(BothKeys);
        var byEmail = (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();
        var bySms = (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();

        var email = await server.MessageAsync(Email, _ => true);
        foreach (var body in new[] { email.Text, email.Html! })
        {
            Assert.Contains(email.OneTimeToken!, body, StringComparison.Ordinal);
            Assert.Contains("remove the email address a***e@example.com", body, StringComparison.Ordinal);
            Assert.Contains(byEmail.Body.Text("reference")!, body, StringComparison.Ordinal);
            Assert.Contains("30 min.", body, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(email.OneTimeToken!, email.Subject, StringComparison.Ordinal);
        var sms = await server.MessageAsync(Phone, _ => true);
        Assert.Contains(bySms.Body.Text("reference")!, sms.Text, StringComparison.Ordinal);
        Assert.EndsWith($"\n@accounts.example.com #{sms.OneTimeToken}", sms.Text, StringComparison.Ordinal);
    }

    /// <summary>A notice of this to each of these addresses and to nobody else, each once, without a code or a reference.</summary>
    static async Task ExpectNoticesAsync(TestServer server, string what, params string[] destinations)
    {
        foreach (var destination in destinations)
            await server.MessageAsync(destination, item => item.Text.Contains(what, StringComparison.Ordinal) && item.OneTimeToken is null);

        var notices = (await server.InboxAsync()).Where(item => item.Text.Contains(what, StringComparison.Ordinal)).ToList();
        Assert.Equal(destinations.Order(), notices.Select(item => item.Destination).Order());
        Assert.All(notices, item =>
        {
            Assert.Null(item.OneTimeToken);
            Assert.Null(item.Reference);
        });
    }
}
