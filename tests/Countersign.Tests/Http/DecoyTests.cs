using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class DecoyTests
{
    [Fact]
    [Trait("ASVS", "6.3.8")]
    [Trait("Attack", "15")]
    public async Task A_key_of_another_account_gets_the_same_answer_as_any_other()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");
        await server.UserWithAsync(new { email = Email });
        var bob = server.User("bob");
        var carol = server.User("carol");

        var decoy = (await bob.IssueAsync("userKeys/adding/email", new { newEmail = "Alice@example.com" })).IsOk();
        var real = (await carol.IssueAsync("userKeys/adding/email", new { newEmail = "carol@example.com" })).IsOk();

        Assert.Equal(real.Body.Members(), decoy.Body.Members());
        Assert.Equal("A***e@example.com", decoy.Body.Text("destination"));
        Assert.Matches("^[A-Z2-9]{3}$", decoy.Body.Text("reference"));
        foreach (var member in new[] { "expiration", "expiresAt", "resendAt" })
            Assert.Equal(real.Body.Text(member), decoy.Body.Text(member));
        Assert.Equal(HeaderNames(real), HeaderNames(decoy));

        // Nor do the account, a guess, the pause between messages or a second token tell them apart.
        await server.MessageAsync(Email, _ => true);
        await server.MessageAsync("carol@example.com", _ => true);
        foreach (var user in new[] { bob, carol })
        {
            Assert.Equal(["userKeys/adding EMAIL"], (await user.AccountAsync()).Pending());
            Assert.Equal(4, (await user.RedeemAsync("userKeys/adding/email", new { oneTimeToken = Wrong(await CodeOrNoneAsync(server, user)) }))
                .IsRefused(422, "token-invalid").AttemptsRemaining);
            Assert.Equal(30, (await user.ResendAsync("userKeys/adding", "EMAIL")).IsRefused(429, "rate-limited").RetryAfter());
        }

        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        foreach (var user in new[] { bob, carol })
        {
            (await user.ResendAsync("userKeys/adding", "EMAIL")).IsOk();
            Assert.Equal(4, (await user.AccountAsync()).PendingOperation("userKeys/adding").GetProperty("attemptsRemaining").GetInt32());
        }
    }

    [Fact]
    public async Task The_owner_gets_a_notice_at_the_stored_address_with_the_owners_anti_phishing_code()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = "Alice@example.com", antiPhishingCode = "blue4sky" });
        var bob = await server.UserWithAsync(new { phoneNumber = Phone }, "bob");

        (await bob.IssueAsync("userKeys/adding/email", new { newEmail = "aLICE@EXAMPLE.COM" })).IsOk();
        var notice = await server.MessageAsync(Email, _ => true);

        Assert.Equal("Alice@example.com", notice.Destination);
        Assert.Null(notice.OneTimeToken);
        Assert.Null(notice.Reference);
        Assert.Contains("blue4sky", notice.Text, StringComparison.Ordinal);
        Assert.Contains("blue4sky", notice.Html, StringComparison.Ordinal);
        Assert.Contains("A***e@example.com", notice.Text, StringComparison.Ordinal);
        Assert.DoesNotMatch("[0-9]{6}", notice.Text);
        Assert.DoesNotContain(await server.InboxAsync(), item => item.OneTimeToken is not null);
    }

    [Fact]
    [Trait("ASVS", "6.3.8")]
    [Trait("Attack", "15")]
    public async Task The_second_step_of_a_change_to_anothers_key_is_a_decoy_too()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = Email });
        var bob = await server.UserWithAsync(new { email = "bob@example.com", antiPhishingCode = "bobs1234" }, "bob");
        var first = await bob.CodeAsync("userKeys/changing?keyType=EMAIL", "bob@example.com");

        var issued = (await bob.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = Email })).IsOk();
        Assert.Equal("a***e@example.com", issued.Body.Text("destination"));
        Assert.Equal(["userKeys/changing/newKey EMAIL"], (await bob.AccountAsync()).Pending());
        (await bob.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = "other@example.org" })).IsRefused(422, "token-invalid");

        var notice = await server.MessageAsync(Email, _ => true);
        Assert.Null(notice.OneTimeToken);
        // The owner has no anti-phishing code, and the requester's is the requester's own.
        Assert.DoesNotContain("bobs1234", notice.Text + notice.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("anti-phishing", notice.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_owner_of_a_phone_number_gets_the_notice_by_sms()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });

        (await server.User("bob").IssueAsync("userKeys/adding/phoneNumber?newPhoneNumber=%2B1-234-567-89")).IsOk();
        var notice = await server.MessageAsync(Phone, _ => true);
        Assert.Equal("PHONE_NUMBER", notice.Channel);
        Assert.Null(notice.OneTimeToken);
        Assert.Contains("+******789", notice.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("blue4sky", notice.Text, StringComparison.Ordinal);
        // At the address that was named, and at no other.
        Assert.Single(await server.InboxAsync());
    }

    [Fact]
    public async Task No_token_of_a_decoy_is_ever_redeemable_and_one_that_is_issued_after_the_owner_left_is()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = Email });
        var bob = server.User("bob");
        (await bob.IssueAsync("userKeys/adding/email", new { newEmail = Email })).IsOk();

        (await server.PutAccountAsync("alice", new { email = "moved@example.com" })).IsOk();
        var code = await bob.CodeAfterAsync(bob.ResendAsync("userKeys/adding", "EMAIL"), Email);
        Assert.Equal(["a***e@example.com"], (await bob.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code })).IsOk().Keys());
    }

    [Fact]
    public async Task A_resend_to_a_key_that_was_taken_meanwhile_is_a_decoy()
    {
        await using var server = await TestServer.StartAsync();
        var bob = server.User("bob");
        var code = await bob.CodeAsync("userKeys/adding/email", Email, new { newEmail = Email });
        await server.UserWithAsync(new { email = Email });

        (await bob.ResendAsync("userKeys/adding", "EMAIL")).IsOk();
        await server.MessageAsync(Email, item => item.OneTimeToken is null);
        Assert.Equal(code, Assert.Single(await server.InboxAsync(Email), item => item.OneTimeToken is not null).OneTimeToken);
    }

    [Fact]
    [Trait("Attack", "17")]
    public async Task A_key_that_became_anothers_in_the_meantime_is_taken_and_the_token_stays()
    {
        await using var server = await TestServer.StartAsync();
        var bob = server.User("bob");
        var code = await bob.CodeAsync("userKeys/adding/email", Email, new { newEmail = Email });
        var alice = server.User();
        var alices = await alice.CodeAsync("userKeys/adding/email", Email, new { newEmail = "ALICE@example.com" });
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = alices })).IsOk();

        for (var i = 0; i < 6; i++)
            (await bob.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code })).IsRefused(409, "key-taken");
        Assert.Empty((await bob.AccountAsync()).Keys());
        // A wrong code is a wrong code first.
        Assert.Equal(4, (await bob.RedeemAsync("userKeys/adding/email", new { oneTimeToken = Wrong(code) })).IsRefused(422, "token-invalid").AttemptsRemaining);

        (await server.Service().DeleteAsync("/api/v1/admin/accounts/alice")).IsOk(204);
        (await bob.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code })).IsOk();
    }

    [Fact]
    public async Task A_new_key_that_became_anothers_before_the_change_completes_is_taken()
    {
        await using var server = await TestServer.StartAsync();
        var bob = await server.UserWithAsync(new { email = "bob@example.com" }, "bob");
        var second = await bob.NewKeyCodeAsync("EMAIL", "bob@example.com", Email);
        await server.UserWithAsync(new { email = Email });

        (await bob.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).IsRefused(409, "key-taken");
        Assert.Equal(["b***b@example.com"], (await bob.AccountAsync()).Keys());
    }

    [Fact]
    public async Task Two_who_prove_the_same_address_at_once_do_not_both_get_it()
    {
        await using var server = await TestServer.StartAsync();
        var users = Enumerable.Range(0, 8).Select(i => server.User($"user{i}")).ToList();
        var codes = new List<string>();
        foreach (var user in users)
            codes.Add(await user.CodeAsync("userKeys/adding/email", Email, new { newEmail = Email }));

        var answers = await Task.WhenAll(users.Zip(codes, (user, code) => user.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code })));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer.Status != 200), answer => answer.IsRefused(409, "key-taken"));
    }

    static IEnumerable<string> HeaderNames(Answer answer) =>
        answer.Headers.Select(header => header.Key).Concat(answer.ContentHeaders.Select(header => header.Key)).Order();

    static async Task<string> CodeOrNoneAsync(TestServer server, TestUser user) =>
        (await server.InboxAsync($"{user.UserId}@example.com")).FirstOrDefault()?.OneTimeToken ?? "000000";
}
