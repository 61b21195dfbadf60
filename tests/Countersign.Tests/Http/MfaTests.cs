using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class MfaTests
{
    [Theory]
    [InlineData("EMAIL", Email, "PHONE_NUMBER")]
    [InlineData("PHONE_NUMBER", Phone, "EMAIL")]
    [Trait("ASVS", "6.5.6")]
    [Trait("ASVS", "7.5.3")]
    public async Task Mfa_is_enabled_and_disabled_for_its_destination_alone(string destination, string address, string other)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        var enabling = await alice.CodeAsync("mfa/enabling", address, new { destination });
        var account = (await alice.RedeemAsync("mfa/enabling", new { destination, oneTimeToken = enabling })).IsOk();
        Assert.True(account.HasMfa(destination));
        Assert.False(account.HasMfa(other));

        var disabling = await alice.CodeAsync("mfa/disabling", address, new { destination });
        account = (await alice.RedeemAsync("mfa/disabling", new { destination, oneTimeToken = disabling })).IsOk();
        Assert.False(account.HasMfa(destination));
        Assert.False(account.HasMfa(other));
    }

    [Fact]
    public async Task Disabling_one_destination_leaves_the_other_on()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, mfa = new { email = true, phoneNumber = true } });

        var code = await alice.CodeAsync("mfa/disabling", Email, new { destination = "EMAIL" });
        var account = (await alice.RedeemAsync("mfa/disabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk();
        Assert.False(account.HasMfa("EMAIL"));
        Assert.True(account.HasMfa("PHONE_NUMBER"));
    }

    [Fact]
    public async Task Enabling_needs_the_key_and_that_it_is_off()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, mfa = new { email = true } });

        (await alice.IssueAsync("mfa/enabling", new { destination = "PHONE_NUMBER" })).IsRefused(409, "key-missing");
        var refused = (await alice.IssueAsync("mfa/enabling", new { destination = "EMAIL" })).IsRefused(409, "mfa-enabled");
        // Nothing has to be done first: what was asked for is so already.
        Assert.False(refused.Body.TryGetProperty("nextStep", out _));
        Assert.Empty(await server.InboxAsync());
    }

    [Fact]
    public async Task Disabling_needs_that_it_is_on()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });

        (await alice.IssueAsync("mfa/disabling", new { destination = "EMAIL" })).IsRefused(409, "mfa-disabled");
        (await alice.IssueAsync("mfa/disabling", new { destination = "PHONE_NUMBER" })).IsRefused(409, "mfa-disabled");
    }

    [Fact]
    [Trait("ASVS", "8.3.2")]
    [Trait("Attack", "7")]
    public async Task What_became_so_in_between_refuses_the_redeeming()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        var on = new { email = Email, mfa = new { email = true } };
        var enabling = await alice.CodeAsync("mfa/enabling", Email, new { destination = "EMAIL" });

        (await server.PutAccountAsync("alice", on)).IsOk();
        (await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = enabling })).IsRefused(409, "mfa-enabled");
        var disabling = await alice.CodeAsync("mfa/disabling", Email, new { destination = "EMAIL" });

        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();
        (await alice.RedeemAsync("mfa/disabling", new { destination = "EMAIL", oneTimeToken = disabling })).IsRefused(409, "mfa-disabled");
        (await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = enabling })).IsOk();
    }

    [Fact]
    public async Task A_key_can_be_changed_after_its_mfa_is_off()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, mfa = new { email = true } });
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsRefused(409, "mfa-enabled");

        var code = await alice.CodeAsync("mfa/disabling", Email, new { destination = "EMAIL" });
        (await alice.RedeemAsync("mfa/disabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk();
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
    }

    [Fact]
    public async Task A_destination_is_exactly_one_of_the_two()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, mfa = new { email = true } });

        foreach (var destination in new[] { "email", "SMS", "0", "", null })
        {
            (await alice.IssueAsync("mfa/disabling", new { destination })).Blames("destination");
            (await alice.RedeemAsync("mfa/disabling", new { destination, oneTimeToken = "123456" })).Blames("destination");
        }
    }
}
