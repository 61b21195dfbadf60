using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class AntiPhishingTests
{
    [Fact]
    public async Task The_first_code_is_set_with_the_token_that_went_to_the_email()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        var issued = (await alice.IssueAsync("antiPhishing/adding")).IsOk();
        Assert.Equal("a***e@example.com", issued.Body.Text("destination"));
        var token = await alice.CodeOfAsync(issued, Email);
        var account = (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = token, antiPhishingCode = "Blue4sky9" })).IsOk();

        Assert.Equal("B*******9", account.AntiPhishing());
        Assert.Equal("Blue4sky9", (await server.Service().GetAsync("/api/v1/admin/accounts/alice")).AntiPhishing());
    }

    [Fact]
    public async Task The_code_is_changed_with_the_token_that_went_to_the_email()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });

        var token = await alice.CodeAsync("antiPhishing/changing", Email);
        var account = (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = token, antiPhishingCode = "GREEN7" })).IsOk();

        Assert.Equal("G****7", account.AntiPhishing());
        Assert.Equal("GREEN7", (await server.Service().GetAsync("/api/v1/admin/accounts/alice")).AntiPhishing());
        await server.MessageAsync(Phone, item => item.OneTimeToken is null);
        Assert.DoesNotContain(await server.InboxAsync(Phone), item => item.OneTimeToken is not null);
    }

    [Theory]
    [InlineData("adding")]
    [InlineData("changing")]
    public async Task Without_an_email_there_is_none_and_no_sms_is_sent(string what)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { phoneNumber = Phone });

        (await alice.IssueAsync($"antiPhishing/{what}")).IsRefused(409, "email-required");
        Assert.Empty(await server.InboxAsync());
    }

    [Fact]
    public async Task Only_what_is_not_there_is_added_and_only_what_is_there_is_changed()
    {
        await using var server = await TestServer.StartAsync();
        var without = await server.UserWithAsync(new { email = Email });
        var with = await server.UserWithAsync(new { email = "bob@example.com", antiPhishingCode = "blue4sky" }, "bob");

        (await without.IssueAsync("antiPhishing/changing")).IsRefused(409, "anti-phishing-missing");
        (await with.IssueAsync("antiPhishing/adding")).IsRefused(409, "anti-phishing-exists");
    }

    [Fact]
    public async Task Adding_is_refused_when_a_code_was_set_in_between()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        var token = await alice.CodeAsync("antiPhishing/adding", Email);
        (await server.PutAccountAsync("alice", new { email = Email, antiPhishingCode = "blue4sky" })).IsOk();

        (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = token, antiPhishingCode = "evil1234" })).IsRefused(409, "anti-phishing-exists");
        Assert.Equal("b******y", (await alice.AccountAsync()).AntiPhishing());

        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();
        (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = token, antiPhishingCode = "good1234" })).IsOk();
    }

    [Fact]
    public async Task Changing_is_refused_when_the_code_went_in_between()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, antiPhishingCode = "blue4sky" });
        var token = await alice.CodeAsync("antiPhishing/changing", Email);
        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();

        (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = token, antiPhishingCode = "evil1234" })).IsRefused(409, "anti-phishing-missing");
    }

    [Fact]
    public async Task A_code_has_4_to_20_ascii_letters_and_digits_and_a_bad_one_costs_no_try()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        var token = await alice.CodeAsync("antiPhishing/adding", Email);

        foreach (var antiPhishingCode in new[]
        {
            "", "abc", "abcdefghijklmnopqrstu", "blue sky", "blue-sky", "bl\u00fce4sky", "blue\u0664sky", "blue4sky\n", "<b>bold", "{{7}}", "${7*7}",
        })
            (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = token, antiPhishingCode })).Blames("antiPhishingCode");
        Assert.Equal(5, (await alice.AccountAsync()).PendingOperation("antiPhishing/adding").GetProperty("attemptsRemaining").GetInt32());
    }

    [Fact]
    public async Task The_shortest_and_the_longest_code_are_taken()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });

        var token = await alice.CodeAsync("antiPhishing/adding", Email);
        var account = (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = token, antiPhishingCode = "abcd" })).IsOk();
        Assert.Equal("a**d", account.AntiPhishing());
        token = await alice.CodeAsync("antiPhishing/changing", Email);
        account = (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = token, antiPhishingCode = "0123456789ABCDEFGHIJ" })).IsOk();
        Assert.Equal("0******************J", account.AntiPhishing());
    }
}
