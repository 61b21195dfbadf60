using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class FeatureSwitchTests
{
    static readonly object WithAll = new { email = Email, phoneNumber = Phone, mfa = new { email = true }, antiPhishingCode = "blue4sky" };

    [Fact]
    public async Task Without_mfa_its_endpoints_are_disabled_and_the_check_of_it_passes()
    {
        await using var server = await TestServer.StartAsync("Countersign:Features:Mfa=false");
        var alice = await server.UserWithAsync(WithAll);

        foreach (var what in new[] { "enabling", "disabling" })
        {
            (await alice.IssueAsync($"mfa/{what}", new { destination = "EMAIL" })).IsRefused(404, "feature-disabled");
            (await alice.RedeemAsync($"mfa/{what}", new { destination = "EMAIL", oneTimeToken = "123456" })).IsRefused(404, "feature-disabled");
            (await alice.ResendAsync($"mfa/{what}", "EMAIL")).IsRefused(404, "feature-disabled");
            (await alice.CancelAsync($"mfa/{what}", "EMAIL")).IsRefused(404, "feature-disabled");
        }

        var account = (await alice.AccountAsync()).IsOk();
        Assert.Equal(["keyType", "userKey", "verifiedAt"], account.Key("EMAIL").Members());
        Assert.Equal("b******y", account.AntiPhishing());
        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();
        var second = await alice.NewKeyCodeAsync("EMAIL", Email, "new@example.org");
        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).IsOk();
    }

    [Fact]
    public async Task Without_anti_phishing_its_endpoints_are_disabled_and_its_member_is_absent()
    {
        await using var server = await TestServer.StartAsync("Countersign:Features:AntiPhishing=false");
        var alice = await server.UserWithAsync(WithAll);

        foreach (var what in new[] { "adding", "changing" })
        {
            (await alice.IssueAsync($"antiPhishing/{what}")).IsRefused(404, "feature-disabled");
            (await alice.RedeemAsync($"antiPhishing/{what}", new { oneTimeToken = "123456", antiPhishingCode = "green7" })).IsRefused(404, "feature-disabled");
            (await alice.ResendAsync($"antiPhishing/{what}")).IsRefused(404, "feature-disabled");
            (await alice.CancelAsync($"antiPhishing/{what}")).IsRefused(404, "feature-disabled");
        }

        Assert.Equal(["userId", "userKeys", "pendingOperations", "holds"], (await alice.AccountAsync()).IsOk().Body.Members());
        Assert.Equal(["userId", "userKeys", "pendingOperations", "holds"], (await server.Service().GetAsync("/api/v1/admin/accounts/alice")).IsOk().Body.Members());
        (await alice.IssueAsync("mfa/disabling", new { destination = "EMAIL" })).IsOk();
        Assert.DoesNotContain("blue4sky", (await server.MessageAsync(Email, message => message.OneTimeToken is not null)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_switch_is_taken_up_without_a_restart()
    {
        using var content = new TestFolder();
        var settings = content.File("appsettings.json");
        await File.WriteAllTextAsync(settings, """{"Countersign":{"Features":{"Mfa":true}}}""", TestContext.Current.CancellationToken);
        await using var server = await TestServer.StartAsync($"contentRoot={content.Path}", "hostBuilder:reloadConfigOnChange=true");
        var alice = await server.UserWithAsync(WithAll);
        var code = await alice.CodeAsync("mfa/disabling", Email, new { destination = "EMAIL" });

        await SwitchAsync("""{"Countersign":{"Features":{"Mfa":false,"AntiPhishing":false}}}""", account => !account.Text.Contains("mfaEnabled", StringComparison.Ordinal));
        (await alice.RedeemAsync("mfa/disabling", new { destination = "EMAIL", oneTimeToken = code })).IsRefused(404, "feature-disabled");
        (await alice.IssueAsync("antiPhishing/changing")).IsRefused(404, "feature-disabled");
        Assert.Empty((await alice.AccountAsync()).Pending());

        // Switched on again, what was pending is pending still.
        await SwitchAsync("""{"Countersign":{"Features":{"Mfa":true,"AntiPhishing":false}}}""", account => account.Text.Contains("mfaEnabled", StringComparison.Ordinal));
        Assert.False((await alice.RedeemAsync("mfa/disabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk().HasMfa("EMAIL"));

        async Task SwitchAsync(string json, Func<Answer, bool> isTakenUp)
        {
            await File.WriteAllTextAsync(settings, json, TestContext.Current.CancellationToken);
            var deadline = Environment.TickCount64 + 20_000;
            while (!isTakenUp((await alice.AccountAsync()).IsOk()))
            {
                Assert.True(Environment.TickCount64 < deadline, "The switch was not taken up.");
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }
    }
}
