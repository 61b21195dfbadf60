using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class RemovingKeyTests
{
    [Theory]
    [InlineData("EMAIL", Email, "+******789")]
    [InlineData("PHONE_NUMBER", Phone, "a***e@example.com")]
    [Trait("ASVS", "6.5.6")]
    [Trait("ASVS", "7.5.3")]
    public async Task A_key_is_removed_with_the_code_that_went_to_it(string keyType, string current, string left)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        var code = await alice.CodeAsync($"userKeys/removing?keyType={keyType}", current);
        var account = (await alice.RedeemAsync("userKeys/removing", new { keyType, oneTimeToken = code })).IsOk();

        Assert.Equal([left], account.Keys());
        (await alice.RedeemAsync("userKeys/removing", new { keyType, oneTimeToken = code })).IsRefused(422, "token-invalid");
    }

    [Fact]
    public async Task The_last_key_stays()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });

        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsRefused(409, "last-key");
        (await alice.IssueAsync("userKeys/removing", new { keyType = "EMAIL" })).IsRefused(409, "last-key");
        Assert.Empty(await server.InboxAsync());
    }

    [Fact]
    public async Task A_missing_key_is_said_before_the_last_and_the_last_before_mfa()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, mfa = new { email = true } });

        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsRefused(409, "key-missing");
        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsRefused(409, "last-key");

        (await server.PutAccountAsync("alice", new { email = Email, phoneNumber = Phone, mfa = new { email = true } })).IsOk();
        var refused = (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsRefused(409, "mfa-enabled");
        Assert.Equal("POST /api/v1/token/mfa/disabling", refused.Body.Text("nextStep"));
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
    }

    [Fact]
    public async Task An_account_without_a_key_has_none_to_remove()
    {
        await using var server = await TestServer.StartAsync();

        (await server.User().IssueAsync("userKeys/removing?keyType=EMAIL")).IsRefused(409, "key-missing");
    }

    [Fact]
    public async Task The_last_key_stays_also_when_it_became_the_last_after_issuing()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var email = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        var phone = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);

        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = email })).IsOk();
        for (var i = 0; i < 6; i++)
            (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = phone })).IsRefused(409, "last-key");

        (await server.PutAccountAsync("alice", BothKeys)).IsOk();
        var account = (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = phone })).IsOk();
        Assert.Equal(["a***e@example.com"], account.Keys());
    }

    [Fact]
    [Trait("ASVS", "8.3.2")]
    [Trait("Attack", "7")]
    public async Task Mfa_that_was_switched_on_after_issuing_refuses_the_redeeming()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        var enabling = await alice.CodeAsync("mfa/enabling", Email, new { destination = "EMAIL" });
        (await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = enabling })).IsOk();

        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsRefused(409, "mfa-enabled");
        Assert.Equal(["a***e@example.com", "+******789"], (await alice.AccountAsync()).Keys());
    }

    [Fact]
    public async Task Removing_the_email_clears_the_anti_phishing_code_for_good()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });

        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        var account = (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsOk();
        Assert.Null(account.AntiPhishing());

        var adding = await alice.CodeAsync("userKeys/adding/email?newEmail=alice@example.com", Email);
        account = (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = adding })).IsOk();
        Assert.Null(account.AntiPhishing());
    }

    [Fact]
    public async Task Removing_the_phone_number_leaves_the_anti_phishing_code()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });

        var code = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        var account = (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = code })).IsOk();
        Assert.Equal("b******y", account.AntiPhishing());
    }

    [Fact]
    [Trait("ASVS", "6.5.6")]
    public async Task Removing_a_key_ends_every_token_that_went_to_it_or_was_about_it_and_no_other()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var newKey = await alice.NewKeyCodeAsync("EMAIL", Email, "new@example.org");
        var antiPhishing = await alice.CodeAsync("antiPhishing/adding", Email);
        var changing = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);
        var mfa = await alice.CodeAsync("mfa/enabling", Email, new { destination = "EMAIL" });
        (await alice.IssueAsync("mfa/enabling", new { destination = "PHONE_NUMBER" })).IsOk();
        var removing = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        Assert.Equal(6, (await alice.AccountAsync()).Pending().Count());

        var account = (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = removing })).IsOk();
        Assert.Equal(["mfa/enabling PHONE_NUMBER"], account.Pending());

        Answer[] refused =
        [
            await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = newKey }),
            await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = changing, newUserKey = "new@example.org" }),
            await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = antiPhishing, antiPhishingCode = "blue4sky" }),
            await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = mfa }),
        ];
        Assert.All(refused, answer => answer.IsRefused(422, "token-invalid"));
    }
}
