using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class InjectionTests
{
    /// <summary>What an evaluated template would leave.</summary>
    const string Evaluated = "1234321";

    [Fact]
    [Trait("Attack", "12")]
    [Trait("ASVS", "1.3.7")]
    [Trait("ASVS", "1.2.1")]
    public async Task What_a_user_says_is_neither_markup_nor_a_template_in_any_message()
    {
        const string Hostile = "${1111*1111}{{1111*1111}}@example.com";
        await using var server = await TestServer.StartAsync("Countersign:PublicUrl=https://accounts.example.com", "Countersign:Messages:NotifyRequests=true");
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAfterAsync(SendAsync(alice, "token/userKeys/changing?keyType=EMAIL"), Email);
        var second = await alice.CodeAfterAsync(
            SendAsync(alice, "token/userKeys/changing/newKey", $$$"""{"oneTimeToken":"{{{first}}}","newUserKey":"{{{Hostile}}}"}"""), Hostile);
        (await SendAsync(alice, "userKeys/changing", $$"""{"keyType":"EMAIL","oneTimeToken":"{{second}}"}""")).IsOk();

        foreach (var address in new[] { Email, Phone, Hostile })
            await server.MessageAsync(address, item => item.Text.Contains("was changed to $***}@example.com", StringComparison.Ordinal));
        var messages = await server.InboxAsync();
        Assert.Contains(messages, message => message.Text.Contains("asked to make", StringComparison.Ordinal));
        foreach (var part in messages.SelectMany(message => new[] { message.Subject, message.Text, message.Html }).OfType<string>())
        {
            Assert.DoesNotContain(Evaluated, part, StringComparison.Ordinal);
            Assert.DoesNotContain("<b>", part, StringComparison.Ordinal);
            Assert.DoesNotContain("onerror", part, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("ASVS", "1.2.4")]
    public async Task Statements_in_a_value_are_a_value()
    {
        await using var server = await TestServer.StartAsync();
        const string UserId = "x'; DROP TABLE accounts; --";
        const string Odd = "o'--x@example.com";
        var odd = await server.UserWithAsync(new { email = Odd }, Uri.EscapeDataString(UserId));
        var alice = await server.UserWithAsync(BothKeys);
        Assert.Equal(["o***x@example.com"], (await server.User(UserId).AccountAsync()).Keys());
        (await alice.GetAsync("/api/v1/account")).IsOk();
        Assert.Equal(Odd, Assert.Single((await server.Service().GetAsync($"/api/v1/admin/accounts/{odd.UserId}")).Keys()));
        (await server.Service().GetAsync($"/api/v1/admin/accounts/{Uri.EscapeDataString("' OR '1'='1")}")).IsRefused(404, "account-not-found");
        Assert.Empty(await server.InboxAsync("' OR '1'='1"));
    }

    [Theory]
    [InlineData("<b>bold</b>")]
    [InlineData("{{7*7}}")]
    [InlineData("${7*7}")]
    [InlineData("{% if 1 %}x")]
    [InlineData("blue\r\nBcc: x")]
    [Trait("Attack", "12")]
    public async Task An_anti_phishing_code_is_letters_and_digits_whoever_sets_it(string hostile)
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("antiPhishing/adding", Email);
        (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = code, antiPhishingCode = hostile })).Blames("antiPhishingCode");
        (await server.PutAccountAsync("alice", new { email = Email, antiPhishingCode = hostile })).Blames("antiPhishingCode");
        Assert.Null((await alice.AccountAsync()).AntiPhishing());
    }

    /// <summary>The user agent is the other text of the caller's own that stands near a message.</summary>
    static async Task<Answer> SendAsync(TestUser user, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/{path}") { Content = body is null ? null : Content(body) };
        request.Headers.TryAddWithoutValidation("User-Agent", "<b>{{1111*1111}}</b><img src=x onerror=alert(1)>${1111*1111}");
        return await user.SendAsync(request);
    }
}
