using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Countersign.Tests.Faults;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Sms;

public sealed partial class SmsDeliveryTests
{
    [Fact]
    public async Task A_code_arrives_at_Twilio_and_redeems()
    {
        await using var gateway = await Gateway.StartAsync();
        await using var server = await TwilioServer.StartAsync(gateway);
        var alice = server.User();
        var issued = await TwilioServer.AddNumberAsync(alice);
        var form = (await gateway.RequestAsync(0)).Form;
        Assert.Equal(TwilioServer.Number, form["To"]);
        Assert.Contains($"Ref {issued.Body.GetProperty("reference").GetString()}", form["Body"], StringComparison.Ordinal);
        // Half an hour, less what has passed.
        Assert.InRange(int.Parse(form["ValidityPeriod"], System.Globalization.CultureInfo.InvariantCulture), 1_700, 1_800);

        var redeemed = await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = Code().Match(form["Body"]).Value });
        Assert.Equal(200, redeemed.Status);
        // The development inbox takes what no other sender does, and nothing else.
        Assert.Empty(await server.InboxAsync());
    }

    [Fact]
    public async Task Where_Twilio_is_away_the_webhook_takes_the_message()
    {
        await using var twilio = await Gateway.StartAsync();
        await using var webhook = await Gateway.StartAsync();
        twilio.Refuse(503, "");
        // By their numbers, whatever the order in which they are written.
        await using var server = await TwilioServer.StartAsync(
            twilio,
            null,
            "Countersign:Sms:Providers:10:Kind=webhook",
            $"Countersign:Sms:Providers:10:Webhook:Url={webhook.Url}/sms?tenant=1",
            $"Countersign:Sms:Providers:10:Webhook:Secrets:0=whsec_{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}");
        var alice = server.User();
        var issued = await TwilioServer.AddNumberAsync(alice);
        var request = await webhook.RequestAsync(0);
        Assert.Equal("/sms?tenant=1", request.Path);
        Assert.Contains($"Ref {issued.Body.GetProperty("reference").GetString()}", request.Body, StringComparison.Ordinal);
        await Eventually.ThatAsync(async () => await TwilioServer.DeliveryAsync(alice) == "SENT", "the account says SENT");
        Assert.NotEmpty(twilio.Requests);
    }

    [Theory]
    [InlineData(400, 21610, "FAILED")]
    [InlineData(401, 20003, "QUEUED")]
    public async Task A_recipient_who_is_refused_fails_and_a_bad_credential_waits(int status, int code, string delivery)
    {
        await using var gateway = await Gateway.StartAsync();
        gateway.Refuse(status, $$"""{"code":{{code}}}""");
        using var log = new LogLines();
        await using var server = await TwilioServer.StartAsync(gateway, builder => builder.Logging.AddProvider(log));
        var alice = server.User();
        await TwilioServer.AddNumberAsync(alice);
        await Eventually.ThatAsync(() => log.Texts.Any(line => line.Contains($"twilio {code}", StringComparison.Ordinal)), "the log says why");
        await Eventually.ThatAsync(async () => await TwilioServer.DeliveryAsync(alice) == delivery, $"the account says {delivery}");
    }

    [Fact]
    public async Task Logs_at_their_loudest_hold_no_number_no_code_and_no_secret()
    {
        var secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        await using var twilio = await Gateway.StartAsync();
        await using var webhook = await Gateway.StartAsync();
        twilio.Refuse(500, $$"""{"code":20500,"message":"{{TwilioServer.Number}}"}""");
        using var log = new LogLines();
        string body;
        await using (var server = await TwilioServer.StartAsync(
            twilio,
            builder => builder.Logging.AddProvider(log),
            "Logging:LogLevel:Default=Trace",
            "Logging:LogLevel:Microsoft.AspNetCore=Trace",
            "Countersign:Tokens:Code=Base32",
            "Countersign:Sms:Providers:1:Kind=Webhook",
            $"Countersign:Sms:Providers:1:Webhook:Url={webhook.Url}/sms?key=a-key-of-the-url",
            $"Countersign:Sms:Providers:1:Webhook:Secrets:0=whsec_{secret}"))
        {
            var alice = server.User();
            await TwilioServer.AddNumberAsync(alice);
            body = (await webhook.RequestAsync(0)).Body;
            await Eventually.ThatAsync(async () => await TwilioServer.DeliveryAsync(alice) == "SENT", "the account says SENT");
            var callback = await TwilioServer.CallbackAsync((await twilio.RequestAsync(0)).Form["StatusCallback"], Gateway.Sid(1), "failed");
            Assert.Equal(204, (await server.PostAsync(callback)).Status);
            Assert.Equal(403, (await server.PostAsync(callback with { Signature = "x" })).Status);
        }

        var code = System.Text.Json.JsonDocument.Parse(body).RootElement.GetProperty("oneTimeToken").GetString()!;
        Assert.Contains(log.Texts, line => line.Contains("/callbacks/twilio", StringComparison.Ordinal));
        foreach (var told in new[] { TwilioServer.Number, TwilioServer.Number[1..], code, code.Replace("-", "", StringComparison.Ordinal), secret, SmsHost.AuthToken, "a-key-of-the-url" })
            Assert.DoesNotContain(log.Texts, line => line.Contains(told, StringComparison.Ordinal));
    }

    [GeneratedRegex("(?<![0-9])[0-9]{6}(?![0-9])")]
    private static partial Regex Code();
}
