using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class ChangingKeyTests
{
    [Theory]
    [InlineData("EMAIL", Email, "new@example.org", "n***w@example.org", "+******789")]
    [InlineData("PHONE_NUMBER", Phone, "+4915112345678", "a***e@example.com", "+**********678")]
    public async Task A_key_is_replaced_in_two_steps(string keyType, string current, string newUserKey, params string[] keysAfter)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        var first = await alice.CodeAsync($"userKeys/changing?keyType={keyType}", current);
        var issued = (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey })).IsOk();
        Assert.Equal(keysAfter.Single(key => key != "+******789" && key != "a***e@example.com"), issued.Body.Text("destination"));
        Assert.Equal(["expiration", "expiresAt", "resendAt", "destination", "reference"], issued.Body.Members());

        var second = await alice.CodeOfAsync(issued, newUserKey);
        Assert.Equal(["a***e@example.com", "+******789"], (await alice.AccountAsync()).Keys());
        var account = (await alice.RedeemAsync("userKeys/changing", new { keyType, oneTimeToken = second })).IsOk();
        Assert.Equal(keysAfter, account.Keys());
        Assert.Empty(account.Pending());
    }

    [Fact]
    public async Task The_second_step_consumes_the_token_of_the_first()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);
        Assert.Equal(["userKeys/changing EMAIL"], (await alice.AccountAsync()).Pending());

        (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = "new@example.org" })).IsOk();
        Assert.Equal(["userKeys/changing/newKey EMAIL"], (await alice.AccountAsync()).Pending());

        var again = await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = "new@example.org" });
        again.IsRefused(422, "token-invalid");
        Assert.Null(again.AttemptsRemaining);
    }

    [Fact]
    [Trait("ASVS", "2.3.1")]
    [Trait("Attack", "5")]
    public async Task The_token_of_the_first_step_changes_nothing_by_itself()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);

        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = first })).IsRefused(422, "token-invalid");
        Assert.Equal(["a***e@example.com", "+******789"], (await alice.AccountAsync()).Keys());
    }

    [Fact]
    public async Task A_second_target_ends_the_token_that_went_to_the_first()
    {
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Base32");
        var alice = await server.UserWithAsync(BothKeys);
        var toFirst = await alice.NewKeyCodeAsync("EMAIL", Email, "first@example.org");
        var toSecond = await alice.NewKeyCodeAsync("EMAIL", Email, "second@example.org");

        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = toFirst })).IsRefused(422, "token-invalid");
        var account = (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = toSecond })).IsOk();
        Assert.Equal(["s***d@example.org", "+******789"], account.Keys());
    }

    [Fact]
    [Trait("ASVS", "15.3.3")]
    [Trait("Attack", "6")]
    [Trait("Attack", "8")]
    public async Task The_new_key_cannot_be_named_again_on_redeeming()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var second = await alice.NewKeyCodeAsync("EMAIL", Email, "new@example.org");

        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second, newUserKey = "evil@example.org" }))
            .Blames("newUserKey");
    }

    [Theory]
    [InlineData("EMAIL", Email, "alice@example.com")]
    [InlineData("EMAIL", Email, "ALICE@EXAMPLE.COM")]
    [InlineData("PHONE_NUMBER", Phone, "+1 (234) 567-89")]
    public async Task A_new_key_equal_to_the_current_one_is_a_bad_request_and_consumes_nothing(string keyType, string current, string newUserKey)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync($"userKeys/changing?keyType={keyType}", current);

        for (var i = 0; i < 6; i++)
            (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey })).Blames("newUserKey");
        Assert.Equal(5, (await alice.AccountAsync()).PendingOperation("userKeys/changing").GetProperty("attemptsRemaining").GetInt32());

        var other = keyType == "EMAIL" ? "new@example.org" : "+4915112345678";
        (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = other })).IsOk();
    }

    [Fact]
    public async Task The_code_to_the_email_is_no_way_to_another_phone_number()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);

        var refused = await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = "+4915112345678" });
        refused.IsRefused(422, "token-invalid");
        Assert.Null(refused.AttemptsRemaining);
        Assert.Equal(["userKeys/changing EMAIL"], (await alice.AccountAsync()).Pending());
        Assert.Empty(await server.InboxAsync("+4915112345678"));
    }

    [Fact]
    public async Task A_new_key_of_neither_form_is_a_bad_request()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        foreach (var newUserKey in new[] { "", "example.org", "4915112345678", " +4915112345678", "a@b@example.org", "+49151-abc", "+49151@example.org@" })
            (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = "123456", newUserKey })).Blames("newUserKey");
    }

    [Fact]
    public async Task A_wrong_code_in_the_second_step_counts_against_the_first_and_sends_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);

        for (var left = 4; left >= 0; left--)
        {
            var refused = await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = Wrong(first), newUserKey = "new@example.org" });
            Assert.Equal(left, refused.IsRefused(422, "token-invalid").AttemptsRemaining);
        }

        (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = "new@example.org" }))
            .IsRefused(429, "too-many-attempts");
        Assert.Empty(await server.InboxAsync("new@example.org"));
    }

    [Fact]
    public async Task A_key_that_is_not_there_cannot_be_changed()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });

        (await alice.IssueAsync("userKeys/changing?keyType=PHONE_NUMBER")).IsRefused(409, "key-missing");
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
    }

    [Fact]
    [Trait("Attack", "7")]
    public async Task Mfa_stands_in_the_way_of_each_step_and_consumes_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var withMfa = new { email = Email, phoneNumber = Phone, mfa = new { email = true } };
        var first = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);

        (await server.PutAccountAsync("alice", withMfa)).IsOk();
        var refused = (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsRefused(409, "mfa-enabled");
        Assert.Equal("POST /api/v1/token/mfa/disabling", refused.Body.Text("nextStep"));
        refused = (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = "new@example.org" })).IsRefused(409, "mfa-enabled");
        Assert.Equal("POST /api/v1/token/mfa/disabling", refused.Body.Text("nextStep"));
        (await alice.IssueAsync("userKeys/changing?keyType=PHONE_NUMBER")).IsOk();

        (await server.PutAccountAsync("alice", BothKeys)).IsOk();
        var second = await alice.CodeAsync("userKeys/changing/newKey", "new@example.org", new { oneTimeToken = first, newUserKey = "new@example.org" });

        (await server.PutAccountAsync("alice", withMfa)).IsOk();
        for (var i = 0; i < 6; i++)
            (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).IsRefused(409, "mfa-enabled");

        (await server.PutAccountAsync("alice", BothKeys)).IsOk();
        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).IsOk();
    }

    [Fact]
    public async Task A_wrong_code_is_said_to_be_wrong_before_mfa_is_spoken_of()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);
        (await server.PutAccountAsync("alice", new { email = Email, phoneNumber = Phone, mfa = new { email = true } })).IsOk();

        var refused = await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = Wrong(first), newUserKey = "new@example.org" });
        Assert.Equal(4, refused.IsRefused(422, "token-invalid").AttemptsRemaining);
    }

    [Fact]
    public async Task Replacing_the_email_keeps_the_anti_phishing_code_and_ends_every_token_that_went_to_it()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });
        var removing = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        var antiPhishing = await alice.CodeAsync("antiPhishing/changing", Email);
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
        var second = await alice.NewKeyCodeAsync("EMAIL", Email, "new@example.org");

        var account = (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).IsOk();
        Assert.Equal("b******y", account.AntiPhishing());
        Assert.Equal(["userKeys/removing PHONE_NUMBER"], account.Pending());
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = removing })).IsRefused(422, "token-invalid");
        (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = antiPhishing, antiPhishingCode = "evil1234" })).IsRefused(422, "token-invalid");
    }

    [Fact]
    public async Task A_pause_between_messages_refuses_the_second_step_and_leaves_the_first()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");
        var alice = await server.UserWithAsync(BothKeys);
        await alice.NewKeyCodeAsync("EMAIL", Email, "first@example.org");
        // Redeeming the first step owes no pause, so that a change of mind is possible at once up to here.
        var first = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);

        var refused = (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = "second@example.org" }))
            .IsRefused(429, "rate-limited");
        Assert.Equal(30, refused.RetryAfter());

        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = "second@example.org" })).IsOk();
    }
}
