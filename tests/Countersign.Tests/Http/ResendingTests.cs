using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class ResendingTests
{
    public static readonly TheoryData<string, string?, string> Operations = new()
    {
        { "userKeys/adding", "EMAIL", "bob@example.com" },
        { "userKeys/changing", "EMAIL", Email },
        { "userKeys/changing", "PHONE_NUMBER", Phone },
        { "userKeys/changing/newKey", "EMAIL", "new@example.org" },
        { "userKeys/removing", "PHONE_NUMBER", Phone },
        { "antiPhishing/adding", null, Email },
        { "mfa/enabling", "PHONE_NUMBER", Phone },
    };

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_new_token_goes_to_the_same_destination_for_any_pending_operation(string operation, string? keyType, string destination)
    {
        await using var server = await TestServer.StartAsync();
        var (user, first) = await IssueAsync(server, operation, keyType);

        var resent = (await user.ResendAsync(operation, keyType)).IsOk();
        Assert.Equal(["expiration", "expiresAt", "resendAt", "destination", "reference"], resent.Body.Members());
        Assert.Equal(first.Body.Text("destination"), resent.Body.Text("destination"));
        Assert.NotEqual(first.Body.Text("reference"), resent.Body.Text("reference"));
        var code = await user.CodeOfAsync(resent, destination);
        Assert.Single((await user.AccountAsync()).Pending());

        (await RedeemAsync(user, operation, keyType, code)).IsOk();
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_cancelled_operation_is_over_for_any_operation(string operation, string? keyType, string destination)
    {
        await using var server = await TestServer.StartAsync();
        var (user, issued) = await IssueAsync(server, operation, keyType);
        var code = await user.CodeOfAsync(issued, destination);

        var cancelled = (await user.CancelAsync(operation, keyType)).IsOk(204);
        Assert.Equal("", cancelled.Text);
        Assert.Empty((await user.AccountAsync()).Pending());
        var refused = (await RedeemAsync(user, operation, keyType, code)).IsRefused(422, "token-invalid");
        Assert.Null(refused.AttemptsRemaining);
        (await user.ResendAsync(operation, keyType)).IsRefused(409, "nothing-pending");
    }

    [Fact]
    public async Task Mfa_disabling_is_resent_and_cancelled_by_its_destination()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, mfa = new { email = true } });
        (await alice.IssueAsync("mfa/disabling", new { destination = "EMAIL" })).IsOk();

        (await alice.ResendAsync("mfa/disabling", "PHONE_NUMBER")).IsRefused(409, "nothing-pending");
        var code = await alice.CodeAfterAsync(alice.ResendAsync("mfa/disabling", "EMAIL"), Email);
        (await alice.CancelAsync("mfa/disabling", "PHONE_NUMBER")).IsOk(204);
        (await alice.RedeemAsync("mfa/disabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk();
    }

    [Fact]
    public async Task Antiphishing_changing_is_resent()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, antiPhishingCode = "blue4sky" });
        (await alice.IssueAsync("antiPhishing/changing")).IsOk();

        (await alice.ResendAsync("antiPhishing/adding")).IsRefused(409, "nothing-pending");
        var code = await alice.CodeAfterAsync(alice.ResendAsync("antiPhishing/changing"), Email);
        (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = code, antiPhishingCode = "green7" })).IsOk();
    }

    [Fact]
    public async Task Where_nothing_is_pending_nothing_is_resent_and_cancelling_is_done()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        (await alice.ResendAsync("userKeys/removing", "EMAIL")).IsRefused(409, "nothing-pending");
        (await alice.CancelAsync("userKeys/removing", "EMAIL")).IsOk(204);
        Assert.Empty(await server.InboxAsync());
    }

    [Fact]
    public async Task Cancelling_one_operation_leaves_the_others()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var email = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();

        (await alice.CancelAsync("userKeys/removing", "PHONE_NUMBER")).IsOk(204);
        Assert.Equal(["userKeys/changing EMAIL", "userKeys/removing EMAIL"], (await alice.AccountAsync()).Pending());
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = email })).IsOk();
    }

    [Fact]
    public async Task Cancelling_ends_both_live_tokens()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        var second = await alice.CodeAfterAsync(alice.ResendAsync("userKeys/removing", "EMAIL"), Email);

        (await alice.CancelAsync("userKeys/removing", "EMAIL")).IsOk(204);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = first })).IsRefused(422, "token-invalid");
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = second })).IsRefused(422, "token-invalid");
    }

    [Fact]
    [Trait("ASVS", "8.2.2")]
    public async Task Somebody_elses_operation_is_neither_resent_nor_cancelled()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();

        var bob = server.User("bob");
        (await bob.ResendAsync("userKeys/removing", "EMAIL")).IsRefused(409, "nothing-pending");
        (await bob.CancelAsync("userKeys/removing", "EMAIL")).IsOk(204);
        Assert.Equal(["userKeys/removing EMAIL"], (await alice.AccountAsync()).Pending());
    }

    [Fact]
    public async Task The_account_says_since_when_a_token_can_be_sent_again()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");
        var alice = await server.UserWithAsync(BothKeys);
        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();

        server.Clock!.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(Start.AddSeconds(30), (await alice.AccountAsync()).PendingOperation("userKeys/removing").Time("resendAt"));
    }

    [Fact]
    public async Task Resending_before_its_time_is_refused_with_the_seconds_to_wait()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");
        var alice = await server.UserWithAsync(BothKeys);
        var issued = (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();
        Assert.Equal(Start.AddSeconds(30), issued.Body.Time("resendAt"));

        server.Clock!.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(1, (await alice.ResendAsync("userKeys/removing", "EMAIL")).IsRefused(429, "rate-limited").RetryAfter());
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        (await alice.ResendAsync("userKeys/removing", "EMAIL")).IsOk();
    }

    [Theory]
    [InlineData("resending")]
    [InlineData("cancelling")]
    public async Task The_operation_and_its_key_type_are_exact(string what)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        (await alice.IssueAsync(what, new { operation = "userKeys/Removing", keyType = "EMAIL" })).Blames("operation");
        (await alice.IssueAsync(what, new { operation = "userKeys/adding/email", keyType = "EMAIL" })).Blames("operation");
        (await alice.IssueAsync(what, new { keyType = "EMAIL" })).Blames("operation");
        (await alice.IssueAsync(what, new { operation = "userKeys/removing" })).Blames("keyType");
        (await alice.IssueAsync(what, new { operation = "userKeys/removing", keyType = "email" })).Blames("keyType");
        (await alice.IssueAsync(what, new { operation = "mfa/disabling" })).Blames("keyType");
        (await alice.IssueAsync(what, new { operation = "antiPhishing/adding", keyType = "EMAIL" })).Blames("keyType");
        (await alice.IssueAsync(what, new { operation = "antiPhishing/changing", keyType = "EMAIL" })).Blames("keyType");
        (await alice.IssueAsync(what, new { operation = "userKeys/removing", keyType = "EMAIL", newKey = "x@example.com" })).Blames("newKey");
        (await alice.IssueAsync(what)).Blames("body");
    }

    static async Task<(TestUser User, Answer Issued)> IssueAsync(TestServer server, string operation, string? keyType)
    {
        if (operation == "userKeys/adding")
        {
            var bob = server.User("bob");
            return (bob, (await bob.IssueAsync("userKeys/adding/email", new { newEmail = "bob@example.com" })).IsOk());
        }

        var alice = await server.UserWithAsync(BothKeys);
        var issued = operation switch
        {
            "userKeys/changing/newKey" => await alice.IssueAsync(operation, new
            {
                oneTimeToken = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email),
                newUserKey = "new@example.org",
            }),
            "antiPhishing/adding" => await alice.IssueAsync(operation),
            "mfa/enabling" => await alice.IssueAsync(operation, new { destination = keyType }),
            _ => await alice.IssueAsync(operation, new { keyType }),
        };
        return (alice, issued.IsOk());
    }

    static Task<Answer> RedeemAsync(TestUser user, string operation, string? keyType, string oneTimeToken) => operation switch
    {
        "userKeys/adding" => user.RedeemAsync("userKeys/adding/email", new { oneTimeToken }),
        "userKeys/changing" => user.IssueAsync(
            "userKeys/changing/newKey", new { oneTimeToken, newUserKey = keyType == "EMAIL" ? "new@example.org" : "+4915112345678" }),
        "userKeys/changing/newKey" => user.RedeemAsync("userKeys/changing", new { keyType, oneTimeToken }),
        "antiPhishing/adding" => user.RedeemAsync(operation, new { oneTimeToken, antiPhishingCode = "blue4sky" }),
        "mfa/enabling" => user.RedeemAsync(operation, new { destination = keyType, oneTimeToken }),
        _ => user.RedeemAsync(operation, new { keyType, oneTimeToken }),
    };
}
