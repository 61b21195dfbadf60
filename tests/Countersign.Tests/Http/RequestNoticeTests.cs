using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class RequestNoticeTests
{
    const string On = "Countersign:Messages:NotifyRequests=true";

    [Fact]
    [Trait("ASVS", "6.3.7")]
    [Trait("Attack", "24")]
    public async Task The_other_key_hears_of_a_request_with_when_and_from_where_and_once()
    {
        await using var server = await StartWithClockAsync(On, "Countersign:Limits:ResendAfter:Sms=00:00:00");
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/token/userKeys/removing") { Content = Content("""{"keyType":"PHONE_NUMBER"}""") };
        request.Headers.UserAgent.ParseAdd("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0");
        (await alice.SendAsync(request)).IsOk();

        var notice = await server.MessageAsync(Email, item => item.OneTimeToken is null);
        Assert.Equal("A change to your Countersign account was asked for", notice.Subject);
        Assert.Equal(
            """
            Your anti-phishing code: blue4sky

            Somebody who is signed in to your account asked to remove the phone number +******789 from your account. A code for that went to +******789. Nothing has changed yet.

            When: 2026-11-22 19:00 UTC
            From: 127.0.0.x, Firefox (Windows)

            If this was not you, tell the support of Countersign at once. Nobody will ever ask you for a code.
            """,
            notice.Text);
        Assert.Contains("</span> 127.0.0.x, Firefox (Windows)", notice.Html, StringComparison.Ordinal);

        (await alice.ResendAsync("userKeys/removing", "PHONE_NUMBER")).IsOk();
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
        await server.MessageAsync(Phone, item => item.OneTimeToken is not null);
        (await alice.IssueAsync("mfa/enabling", new { destination = "PHONE_NUMBER" })).IsOk();
        await server.MessageAsync(Email, item => item.Text.Contains("switch on MFA", StringComparison.Ordinal));
        Assert.Equal(2, (await server.InboxAsync(Email)).Count);
    }

    [Fact]
    public async Task A_code_to_an_own_key_says_from_where_and_one_to_a_key_that_is_not_yet_proven_does_not()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);
        await alice.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });

        Assert.Contains(", from 127.0.0.x", (await server.MessageAsync(Email, _ => true)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0", (await server.MessageAsync(Phone, _ => true)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_told_of_somebody_elses_doings_is_not_told_from_where()
    {
        await using var server = await TestServer.StartAsync(On);
        await server.UserWithAsync(new { email = Email, phoneNumber = Phone });
        (await server.User("bob").IssueAsync("userKeys/adding/email", new { newEmail = Email })).IsOk();
        Assert.DoesNotContain("127.0.0", (await server.MessageAsync(Email, _ => true)).Text, StringComparison.Ordinal);

        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();
        Assert.DoesNotContain("127.0.0", (await server.MessageAsync(Phone, _ => true)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_so_unless_it_is_switched_off() => Assert.True(new CountersignOptions().Messages.NotifyRequests);
}
