using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class GuessingTests
{
    [Fact]
    [Trait("Attack", "4")]
    [Trait("ASVS", "6.6.3")]
    public async Task A_restart_between_every_two_guesses_gives_no_more_of_them()
    {
        using var folder = new TestFolder();
        var setup = new TestServer.Setup { Folder = folder };
        string code;
        await using (var server = await TestServer.StartAsync(setup))
            code = await (await server.UserWithAsync(BothKeys)).CodeAsync("userKeys/removing?keyType=EMAIL", Email);

        foreach (var remaining in new[] { 4, 3, 2, 1, 0 })
        {
            await using var server = await TestServer.StartAsync(setup);
            Assert.Equal(remaining, (await RedeemAsync(server.User(), Wrong(code))).IsRefused(422, "token-invalid").AttemptsRemaining);
        }

        await using var last = await TestServer.StartAsync(setup);
        (await RedeemAsync(last.User(), code)).IsRefused(429, "too-many-attempts");
        Assert.Equal(2, (await last.User().AccountAsync()).Keys().Count());
    }

    [Fact]
    [Trait("Attack", "18")]
    [Trait("ASVS", "6.1.1")]
    public async Task A_hundred_wrong_tries_lock_one_operation_and_nothing_else()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var mallory = await server.UserWithAsync(new { email = "mallory@example.org", phoneNumber = "+4915112345678" }, "mallory");

        // With a bearer of one's own one gets at one's own account only.
        for (var i = 0; i < 50; i++)
            await RedeemAsync(mallory, "000000");
        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();

        for (var i = 0; i < 100; i++)
        {
            await RedeemAsync(alice, "000000");
            await alice.IssueAsync("userKeys/removing?keyType=EMAIL");
        }

        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsRefused(429, "too-many-attempts");
        (await alice.AccountAsync()).IsOk();
        var code = await alice.CodeAsync("antiPhishing/adding", Email);
        (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = code, antiPhishingCode = "blue4sky" })).IsOk();
        code = await alice.NewKeyCodeAsync("EMAIL", Email, "new@example.com");
        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = code })).IsOk();
        code = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = code })).IsOk();
        Assert.Equal(["n***w@example.com"], (await alice.AccountAsync()).Keys());
    }

    static Task<Answer> RedeemAsync(TestUser user, string code) => user.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code });
}
