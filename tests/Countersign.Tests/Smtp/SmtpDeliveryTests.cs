using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Delivery;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Smtp;

/// <summary>From a request to the mail, through the outbox.</summary>
public sealed partial class SmtpDeliveryTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_is_started_with_SMTP_sends_a_code_by_it_that_redeems()
    {
        var authority = new TestAuthority();
        await using var peer = await SmtpPeer.StartAsync(new SmtpPeer.Setup { Tls = "starttls", Certificate = authority.Server(), Login = "shop:correct-horse" });
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("authority.pem"), authority.Pem, Ct);
        await using var host = await HostProcess.StartInAsync(
            folder, "Countersign.Server",
            [
                .. Settings(peer), "Countersign:Email:Smtp:Security=StartTls", $"Countersign:Email:Smtp:TrustedCertificateFile={folder.File("authority.pem")}",
                "Countersign:Email:Smtp:UserName=shop", "Countersign:Email:Smtp:Password=correct-horse", "Logging:LogLevel:Default=Trace",
            ]);

        var bearer = await (await host.Http.PostAsJsonAsync("/dev/token", new { userId = "alice" }, Ct)).Content.ReadFromJsonAsync<JsonElement>(Ct);
        host.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer.GetProperty("accessToken").GetString());
        var issued = await host.Http.PostAsJsonAsync("/api/v1/token/userKeys/adding/email", new { newEmail = "alice.canary@example.com" }, Ct);
        Assert.Equal(200, (int)issued.StatusCode);

        var received = await peer.MailAsync();
        Assert.Equal("alice.canary@example.com", Assert.Single(received.Envelope.To));
        var code = Code().Match(received.Mail.TextBody!).Value;
        Assert.Contains(code, received.Mail.HtmlBody, StringComparison.Ordinal);
        var redeemed = await host.Http.PostAsJsonAsync("/api/v1/userKeys/adding/email", new { oneTimeToken = code }, Ct);
        Assert.True((int)redeemed.StatusCode == 200, await redeemed.Content.ReadAsStringAsync(Ct));
        await peer.MailAsync(mail => mail.Mail.MessageId != received.Mail.MessageId);

        // An SMS has nobody else, and goes to the inbox.
        await host.Http.PostAsJsonAsync("/api/v1/token/userKeys/adding/phoneNumber", new { newPhoneNumber = "+123456789" }, Ct);
        await Eventually.ThatAsync(
            async () => (await host.Http.GetFromJsonAsync<List<InboxItem>>("/dev/inbox", Ct))!.Any(item => item.Channel == "PHONE_NUMBER"), "the SMS is in the inbox");
        Assert.DoesNotContain((await host.Http.GetFromJsonAsync<List<InboxItem>>("/dev/inbox", Ct))!, item => item.Channel == "EMAIL");
        foreach (var canary in new[] { "alice.canary", code, "correct-horse" })
            Assert.DoesNotContain(canary, host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hang", 1)]
    [InlineData("hang stored", 2)]
    [Trait("Attack", "20")]
    public async Task A_message_outlives_a_mail_server_that_is_killed_while_it_takes_it(string how, int copies)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var server = await TestServer.StartAsync(Settings(peer));
        peer.Follow(new Rule("END", how));
        var issued = await server.User().PostAsync("/api/v1/token/userKeys/adding/email", new { newEmail = "alice@example.com" });
        Assert.Equal(200, issued.Status);
        await peer.SaysAsync(line => line == "HANG END", "the message is sent and not acknowledged");
        await peer.KillAsync();
        peer.Follow();
        await peer.StartAgainAsync();

        await Eventually.ThatAsync(() => Task.FromResult(peer.Mails().Count == copies), "the message arrives", TimeSpan.FromSeconds(30));
        await DeliveryIsAsync(server, "SENT");
        // However often it came: a mailbox knows the second copy by its id, and it has the same code.
        var mails = peer.Mails().Select(mail => mail.Mail).ToList();
        Assert.Equal(copies, mails.Count);
        Assert.Single(mails.Select(mail => (mail.MessageId, Code().Match(mail.TextBody!).Value)).Distinct());
    }

    [Fact]
    public async Task A_message_survives_greylisting()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var server = await TestServer.StartAsync(Settings(peer));
        peer.Follow(new Rule("RCPT", "451 4.7.1 <alice@example.com>: greylisted, come again", Times: 2));
        await server.User().PostAsync("/api/v1/token/userKeys/adding/email", new { newEmail = "alice@example.com" });

        await peer.MailAsync();
        await DeliveryIsAsync(server, "SENT");
        Assert.Equal(3, peer.Lines.Count(line => line.StartsWith("clear RCPT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_message_to_nobody_is_dead_and_the_account_says_so()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var server = await TestServer.StartAsync(Settings(peer));
        peer.Follow(new Rule("RCPT", "550 5.1.1 no such user"));
        await server.User().PostAsync("/api/v1/token/userKeys/adding/email", new { newEmail = "alice@example.com" });
        await DeliveryIsAsync(server, "FAILED");
    }

    /// <summary>Attack 11: what is no address never becomes an SMTP command.</summary>
    [Fact]
    [Trait("ASVS", "1.3.11")]
    [Trait("Attack", "11")]
    public async Task A_mail_goes_to_one_recipient_whatever_was_asked_for()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var server = await TestServer.StartAsync(Settings(peer));
        foreach (var separator in new[] { "\r\n", "\n", "\r", "\0", "\u2028", "\u0085", " ", ">", ",", ";" })
        {
            string[] addresses =
            [
                $"alice@example.com{separator}mallory@example.org", $"alice@example.com>{separator}RCPT TO:<mallory@example.org", $"{separator}alice@example.com",
                $"alice{separator}@example.com", $"alice@example{separator}.com", $"alice@example.com{separator}",
            ];
            foreach (var newEmail in addresses)
                Assert.Equal(400, (await server.User().PostAsync("/api/v1/token/userKeys/adding/email", new { newEmail })).Status);
        }

        await server.User().PostAsync("/api/v1/token/userKeys/adding/email", new { newEmail = "alice@example.com" });
        await peer.MailAsync();
        Assert.Equal(["clear RCPT TO:<alice@example.com>"], peer.Lines.Where(line => line.Contains("RCPT", StringComparison.Ordinal)));
    }

    static string[] Settings(SmtpPeer peer) =>
    [
        "Countersign:Email:Smtp:Host=127.0.0.1", $"Countersign:Email:Smtp:Port={peer.Port}", "Countersign:Email:Smtp:Security=None",
        "Countersign:Email:Smtp:From=accounts@shop.example", "Countersign:Email:Smtp:FromName=Shop",
    ];

    static Task DeliveryIsAsync(TestServer server, string state) => Eventually.ThatAsync(
        async () => (await server.User().AccountAsync()).Body.GetProperty("pendingOperations")[0].GetProperty("delivery").GetString() == state,
        $"the account says {state}", TimeSpan.FromSeconds(30));

    [GeneratedRegex(@"\b\d{6}\b")]
    private static partial Regex Code();
}
