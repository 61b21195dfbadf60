using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class AddingKeyTests
{
    [Fact]
    public async Task An_email_is_added_with_the_code_that_went_to_it()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        var issued = await alice.PostAsync("/api/v1/token/userKeys/adding/email?newEmail=email@email.com");
        Assert.Equal(200, issued.Status);
        Assert.Equal("30min.", issued.Body.GetProperty("expiration").GetString());
        Assert.Equal("e***l@email.com", issued.Body.GetProperty("destination").GetString());

        var code = await alice.CodeOfAsync(issued, "email@email.com");
        var redeemed = await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code });
        Assert.Equal(200, redeemed.Status);
        Assert.Equal("e***l@email.com", redeemed.Body.GetProperty("userKeys")[0].GetProperty("userKey").GetString());
    }

    [Fact]
    public async Task A_phone_number_is_added_with_the_code_that_went_to_it_by_sms()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        var issued = (await alice.IssueAsync("userKeys/adding/phoneNumber?newPhoneNumber=+123456789")).IsOk();
        Assert.Equal("+******789", issued.Body.Text("destination"));
        var message = await server.MessageAsync("+123456789", item => item.OneTimeToken is not null);
        Assert.Equal("PHONE_NUMBER", message.Channel);
        Assert.Null(message.Subject);
        Assert.Null(message.Html);
        Assert.Equal(issued.Body.Text("reference"), message.Reference);

        var account = (await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = message.OneTimeToken })).IsOk();
        var key = account.Key("PHONE_NUMBER");
        Assert.Equal("+******789", key.Text("userKey"));
        Assert.False(key.GetProperty("mfaEnabled").GetBoolean());
        Assert.Equal(account.Text, (await alice.AccountAsync()).Text);
    }

    [Fact]
    public async Task The_new_key_may_be_named_in_the_body_instead()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        var email = await alice.CodeAsync("userKeys/adding/email", Email, new { newEmail = Email });
        var phone = await alice.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = email })).IsOk();
        var account = (await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = phone })).IsOk();

        Assert.Equal(["a***e@example.com", "+******789"], account.Keys());
    }

    [Fact]
    public async Task The_answer_to_issuing_is_the_one_of_the_contract()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");

        var issued = (await server.User().IssueAsync("userKeys/adding/email?newEmail=email@email.com")).IsOk();

        Assert.Equal("application/json; charset=utf-8", issued.ContentHeaders.ContentType!.ToString());
        Assert.Equal(["expiration", "expiresAt", "resendAt", "destination", "reference"], issued.Body.Members());
        Assert.Equal("30min.", issued.Body.Text("expiration"));
        Assert.Equal("2026-11-22T19:30:00Z", issued.Body.Text("expiresAt"));
        Assert.Equal("2026-11-22T19:00:30Z", issued.Body.Text("resendAt"));
        Assert.Matches("^[A-Z2-9]{3}$", issued.Body.Text("reference"));
    }

    [Theory]
    [InlineData("email?newEmail=other@example.com", "phoneNumber?newPhoneNumber=+123456789", "alice@example.com", null)]
    [InlineData("phoneNumber?newPhoneNumber=+987654321", "email?newEmail=other@example.com", null, "+123456789")]
    public async Task A_second_key_of_a_type_is_refused_and_the_first_of_the_other_is_not(string same, string other, string? email, string? phoneNumber)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email, phoneNumber });

        (await alice.IssueAsync($"userKeys/adding/{same}")).IsRefused(409, "key-exists");
        (await alice.IssueAsync($"userKeys/adding/{other}")).IsOk();
    }

    [Fact]
    [Trait("Attack", "7")]
    public async Task A_key_that_came_in_between_refuses_the_redeeming_and_leaves_the_token()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { phoneNumber = Phone });
        var code = await alice.CodeAsync("userKeys/adding/email?newEmail=mine@example.com", "mine@example.com");

        (await server.PutAccountAsync("alice", BothKeys)).IsOk();
        for (var i = 0; i < 7; i++)
            (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code })).IsRefused(409, "key-exists");
        Assert.Equal(5, (await alice.AccountAsync()).PendingOperation("userKeys/adding").GetProperty("attemptsRemaining").GetInt32());

        (await server.PutAccountAsync("alice", new { phoneNumber = Phone })).IsOk();
        var account = (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code })).IsOk();
        Assert.Equal(["m***e@example.com", "+******789"], account.Keys());
    }

    [Fact]
    public async Task The_new_key_cannot_be_named_again_on_redeeming()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();
        var code = await alice.CodeAsync("userKeys/adding/email?newEmail=mine@example.com", "mine@example.com");

        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code, newEmail = "other@example.com" })).Blames("newEmail");
        var account = (await alice.RedeemAsync("userKeys/adding/email?newEmail=other@example.com", new { oneTimeToken = code })).IsOk();
        Assert.Equal(["m***e@example.com"], account.Keys());
    }

    [Fact]
    public async Task The_code_for_an_email_adds_no_phone_number()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();
        var email = await alice.CodeAsync("userKeys/adding/email", Email, new { newEmail = Email });
        var phone = await alice.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });
        if (email == phone)
            phone = await alice.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });

        (await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = email })).IsRefused(422, "token-invalid");
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = phone })).IsRefused(422, "token-invalid");
        Assert.Empty((await alice.AccountAsync()).Keys());
    }
}
