using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Sms;
using Countersign.Tests.Smtp;
using Countersign.Tests.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Server;

/// <summary>Attack 9, by those who carry the messages: what mail servers and SMS providers answer is full of what they were given.</summary>
[Collection(nameof(LeakTests))]
public sealed partial class SenderLeakTests
{
    [Fact]
    [Trait("Attack", "9")]
    public async Task What_our_senders_say_of_providers_that_repeat_everything_holds_no_address_and_no_code()
    {
        using var log = new CollectingLog();
        using var activities = new CollectingActivities();
        using var metrics = new CollectingMetrics();
        var canaries = new Canaries();
        await using var mail = await SmtpPeer.StartAsync();
        await using var twilio = await Gateway.StartAsync();
        await using var webhook = await Gateway.StartAsync();
        foreach (var gateway in new[] { twilio, webhook })
            gateway.Answer = http => RepeatAsync(http, gateway);
        mail.Follow(
            new Rule("RCPT", $"451 4.7.1 <{canaries.Email}>: greylisted", Times: 1), new Rule("END", $"554 5.7.1 spam for {canaries.Email}"));

        string messages;
        await using (var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Settings = [.. Canaries.Settings, .. Senders(mail, twilio, webhook), "Logging:LogLevel:Default=Trace"],
            Configure = builder => builder.Logging.AddProvider(log),
        }))
        {
            (await server.User().IssueAsync("userKeys/adding/email", new { newEmail = canaries.Email })).IsOk();
            // As many as it takes until a provider is passed over.
            for (var i = 0; i < CanaryTour.SmsToABlock; i++)
                (await server.User($"user-{i}").IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = canaries.Number })).IsOk();
            await Eventually.ThatAsync(
                async () => (await MessagesAsync(server, "DEAD")).Contains("the message was refused: 554 5.7.1", StringComparison.Ordinal), "the mail is dead",
                TimeSpan.FromSeconds(30));
            await Eventually.ThatAsync(
                () => Task.FromResult(log.Lines.Count(line => line.Contains("is passed over for a while", StringComparison.Ordinal)) >= 2),
                "both providers are passed over", TimeSpan.FromSeconds(30));
            messages = await MessagesAsync(server, "DEAD") + await MessagesAsync(server, "QUEUED");
            metrics.Observe();
        }

        foreach (var request in webhook.Requests)
            canaries.Keep(CanaryKind.Code, JsonDocument.Parse(request.Body).RootElement.GetProperty("oneTimeToken").GetString()!);
        foreach (var request in twilio.Requests)
            canaries.Keep(CanaryKind.Code, Code().Match(request.Form["Body"]).Value);
        Assert.Contains("\"state\":\"QUEUED\"", messages, StringComparison.Ordinal);
        Assert.Contains("System.Net.Http/System.Net.Http.HttpRequestOut", activities.Names);
        Assert.Empty(log.Lines.SelectMany(line => canaries.FindIn("log", line)));
        Assert.Empty(activities.Texts.SelectMany(text => canaries.FindIn("activity", text)));
        Assert.Empty(metrics.Texts.SelectMany(text => canaries.FindIn("metric", text)));
        Assert.Empty(canaries.FindIn("messages", messages));
        // Nor has any URL that we have asked.
        Assert.Empty(twilio.Requests.Concat(webhook.Requests).SelectMany(request => canaries.FindIn("URL", request.Path)));
    }

    /// <summary>Not now, in the words of the request: in the answer and in its headers.</summary>
    static Task RepeatAsync(HttpContext http, Gateway gateway)
    {
        var said = gateway.Requests[^1].Body;
        http.Response.StatusCode = 500;
        http.Response.Headers["X-Error"] = Uri.EscapeDataString(said);
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(JsonSerializer.Serialize(new { code = 20500, status = 500, message = said, more_info = said, error = said }));
    }

    static async Task<string> MessagesAsync(TestServer server, string state) =>
        (await server.Operator().GetAsync($"/api/v1/admin/messages?state={state}")).IsOk().Text;

    static string[] Senders(SmtpPeer mail, Gateway twilio, Gateway webhook) =>
    [
        "Countersign:Email:Smtp:Host=127.0.0.1", $"Countersign:Email:Smtp:Port={mail.Port}", "Countersign:Email:Smtp:Security=None",
        "Countersign:Email:Smtp:From=accounts@shop.example",
        "Countersign:Sms:Providers:0:Kind=Twilio", $"Countersign:Sms:Providers:0:Twilio:BaseUrl={twilio.Url}",
        $"Countersign:Sms:Providers:0:Twilio:AccountSid={SmsHost.AccountSid}", $"Countersign:Sms:Providers:0:Twilio:AuthToken={SmsHost.AuthToken}",
        $"Countersign:Sms:Providers:0:Twilio:From={SmsHost.From}",
        "Countersign:Sms:Providers:1:Kind=Webhook", $"Countersign:Sms:Providers:1:Webhook:Url={webhook.Url}/sms",
        $"Countersign:Sms:Providers:1:Webhook:Secrets:0=whsec_{Convert.ToBase64String(new byte[32])}",
    ];

    [GeneratedRegex("[0-9A-Z]{4}-[0-9A-Z]{4}")]
    private static partial Regex Code();
}
