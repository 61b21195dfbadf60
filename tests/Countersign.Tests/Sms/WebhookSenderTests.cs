using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Delivery;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Sms;

public sealed class WebhookSenderTests
{
    static readonly CancellationToken Ct = CancellationToken.None;

    [Fact]
    [Trait("ASVS", "4.1.5")]
    public async Task The_library_of_Standard_Webhooks_takes_what_is_sent_and_nothing_that_was_altered()
    {
        await using var gateway = await Gateway.StartAsync();
        var (current, next, other) = (NewSecret(), NewSecret(), NewSecret());
        using var host = Webhook(gateway.Url, TimeProvider.System, current, next);
        var result = await host.Sender.SendAsync(SmsHost.Message(expiresAt: DateTimeOffset.UnixEpoch), Ct);
        Assert.Equal(SendResult.Accepted, result);

        var request = Assert.Single(gateway.Requests);
        Assert.Equal(("POST", "/sms", "application/json"), (request.Method, request.Path, request.Headers["Content-Type"]));
        Assert.Equal("0198a-0", request.Headers["webhook-id"]);
        Assert.Equal(2, request.Headers["webhook-signature"].Split(' ').Length);

        var headers = request.Headers.Where(header => header.Key.StartsWith("webhook-", StringComparison.Ordinal)).ToDictionary();
        Dictionary<string, string> With(string name, string value) => new(headers) { [name] = value };
        var later = (long.Parse(headers["webhook-timestamp"], CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);
        var verdicts = await Peers.RunAsync<Verdict[]>("webhook.mjs", new object[]
        {
            new { secret = current, headers, body = request.Body },
            new { secret = next, headers, body = request.Body },
            new { secret = other, headers, body = request.Body },
            new { secret = current, headers, body = request.Body.Replace("123456", "123457", StringComparison.Ordinal) },
            new { secret = current, headers = With("webhook-id", "0198a-1"), body = request.Body },
            new { secret = current, headers = With("webhook-timestamp", later), body = request.Body },
        });

        const string Refused = "No matching signature found";
        Assert.Equal([null, null, Refused, Refused, Refused, Refused], verdicts.Select(verdict => verdict.Error));
        Assert.Equal(
            """
            {"id":"0198a-0","channel":"PHONE_NUMBER","to":"+4915112345678","text":"Your code is 123456 & nothing else: ü€","oneTimeToken":"123456","reference":"K7Q","expiresAt":"1970-01-01T00:00:00Z"}
            """,
            JsonSerializer.Serialize(verdicts[0].Payload, Readable));
    }

    [Fact]
    public async Task A_notice_has_no_code_to_tell()
    {
        await using var gateway = await Gateway.StartAsync();
        using var host = Webhook(gateway.Url, TimeProvider.System, NewSecret());
        await host.Sender.SendAsync(SmsHost.Message(text: "Your number was changed.") with { OneTimeToken = null, Reference = null }, Ct);
        Assert.Equal(
            """{"id":"0198a-0","channel":"PHONE_NUMBER","to":"+4915112345678","text":"Your number was changed."}""",
            JsonSerializer.Serialize(JsonDocument.Parse(gateway.Requests[0].Body), Readable));
    }

    [Fact]
    public async Task A_repetition_has_the_same_id_and_a_time_of_its_own()
    {
        await using var gateway = await Gateway.StartAsync();
        var clock = new TestClock();
        using var host = Webhook(gateway.Url, clock, NewSecret());
        await host.Sender.SendAsync(SmsHost.Message(), Ct);
        clock.Advance(TimeSpan.FromSeconds(8));
        await host.Sender.SendAsync(SmsHost.Message(), Ct);

        Assert.Equal(["0198a-0", "0198a-0"], gateway.Requests.Select(request => request.Headers["webhook-id"]));
        Assert.Equal(["1795374000", "1795374008"], gateway.Requests.Select(request => request.Headers["webhook-timestamp"]));
        Assert.Equal(2, gateway.Requests.Select(request => request.Headers["webhook-signature"]).Distinct().Count());
    }

    [Theory]
    [InlineData(200, SendStatus.Accepted, null)]
    [InlineData(202, SendStatus.Accepted, null)]
    [InlineData(204, SendStatus.Accepted, null)]
    [InlineData(422, SendStatus.Rejected, "webhook http 422")]
    [InlineData(302, SendStatus.Deferred, "webhook http 302")]
    [InlineData(400, SendStatus.Deferred, "webhook http 400")]
    [InlineData(401, SendStatus.Deferred, "webhook http 401")]
    [InlineData(404, SendStatus.Deferred, "webhook http 404")]
    [InlineData(410, SendStatus.Deferred, "webhook http 410")]
    [InlineData(500, SendStatus.Deferred, "webhook http 500")]
    public async Task Only_what_the_receiver_calls_unprocessable_is_refused_for_good(int status, SendStatus expected, string? reason)
    {
        await using var elsewhere = await Gateway.StartAsync();
        await using var gateway = await Gateway.StartAsync();
        gateway.Answer = http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = elsewhere.Url;
            return Task.CompletedTask;
        };
        using var host = Webhook(gateway.Url, TimeProvider.System, NewSecret());
        Assert.Equal(new SendResult(expected, reason), await host.Sender.SendAsync(SmsHost.Message(), Ct));
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task The_receiver_says_when_to_come_back()
    {
        await using var gateway = await Gateway.StartAsync();
        gateway.Refuse(503, "", ("Retry-After", "12"));
        using var host = Webhook(gateway.Url, TimeProvider.System, NewSecret());
        Assert.Equal(TimeSpan.FromSeconds(12), (await host.Sender.SendAsync(SmsHost.Message(), Ct)).RetryAfter);
    }

    static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static SmsHost Webhook(string url, TimeProvider clock, params string[] secrets) => SmsHost.Create(
        builder => builder.AddSmsWebhook(webhook =>
        {
            webhook.Url = $"{url}/sms";
            foreach (var secret in secrets)
                webhook.Secrets.Add(secret);
        }),
        clock);

    static string NewSecret() => $"whsec_{Convert.ToBase64String(RandomNumberGenerator.GetBytes(24))}";

    sealed record Verdict(JsonElement? Payload, string? Error);
}
