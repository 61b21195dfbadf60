using System.Globalization;
using System.Text;
using System.Text.Json;
using Countersign.Delivery;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Sms;

public sealed class TwilioSenderTests
{
    const string Path = $"/2010-04-01/Accounts/{SmsHost.AccountSid}/Messages.json";
    const string ServiceSid = "MGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const string KeySid = "SKbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    static readonly CancellationToken Ct = CancellationToken.None;

    [Fact]
    public async Task A_message_is_a_form_that_the_account_signs()
    {
        await using var gateway = await Gateway.StartAsync();
        var clock = new TestClock();
        using var host = SmsHost.Twilio(gateway.Url, clock);

        var message = SmsHost.Message(expiresAt: clock.Now + TimeSpan.FromMinutes(30));
        var result = await host.Sender.SendAsync(message, Ct);
        Assert.Equal((SendStatus.Accepted, Gateway.Sid(1)), (result.Status, result.ProviderId));

        var request = Assert.Single(gateway.Requests);
        Assert.Equal(("POST", Path, "application/x-www-form-urlencoded"), (request.Method, request.Path, request.Headers["Content-Type"]));
        Assert.Equal($"Basic {Base64($"{SmsHost.AccountSid}:{SmsHost.AuthToken}")}", request.Headers["Authorization"]);
        Assert.Equal(
            new Dictionary<string, string> { ["To"] = "+4915112345678", ["From"] = SmsHost.From, ["Body"] = message.Text, ["ValidityPeriod"] = "1800" },
            request.Form);
    }

    [Fact]
    public async Task A_key_signs_instead_of_the_account_and_a_service_sends_instead_of_a_number()
    {
        await using var gateway = await Gateway.StartAsync();
        using var host = SmsHost.Create(builder => builder.AddTwilio(twilio =>
        {
            (twilio.BaseUrl, twilio.AccountSid, twilio.MessagingServiceSid) = ($"{gateway.Url}/proxy/", SmsHost.AccountSid, ServiceSid);
            (twilio.ApiKeySid, twilio.ApiKeySecret) = (KeySid, "the-secret-of-the-key");
        }));

        Assert.Equal(SendStatus.Accepted, (await host.Sender.SendAsync(SmsHost.Message(), Ct)).Status);
        var request = Assert.Single(gateway.Requests);
        Assert.Equal($"/proxy{Path}", request.Path);
        Assert.Equal($"Basic {Base64($"{KeySid}:the-secret-of-the-key")}", request.Headers["Authorization"]);
        Assert.Equal(ServiceSid, request.Form["MessagingServiceSid"]);
        Assert.DoesNotContain("From", request.Form.Keys);
    }

    [Fact]
    public async Task Receipts_are_asked_for_where_this_server_can_be_reached_and_can_check_them()
    {
        await using var gateway = await Gateway.StartAsync();
        using (var reached = SmsHost.Twilio(gateway.Url, null, "Countersign:PublicUrl=https://accounts.example.com/security/"))
            await reached.Sender.SendAsync(SmsHost.Message(), Ct);
        using (var unreached = SmsHost.Twilio(gateway.Url))
            await unreached.Sender.SendAsync(SmsHost.Message(), Ct);
        using (var withoutToken = SmsHost.Create(
            builder => builder.AddTwilio(twilio =>
            {
                (twilio.BaseUrl, twilio.AccountSid, twilio.From) = (gateway.Url, SmsHost.AccountSid, SmsHost.From);
                (twilio.ApiKeySid, twilio.ApiKeySecret) = (KeySid, "the-secret-of-the-key");
            }),
            null,
            "Countersign:PublicUrl=https://accounts.example.com"))
            await withoutToken.Sender.SendAsync(SmsHost.Message(), Ct);

        // The account is in hexadecimal: alice.
        Assert.Equal(
            "https://accounts.example.com/security/callbacks/twilio?account=616c696365&message=0198a-0", gateway.Requests[0].Form["StatusCallback"]);
        Assert.DoesNotContain("StatusCallback", gateway.Requests[1].Form.Keys);
        Assert.DoesNotContain("StatusCallback", gateway.Requests[2].Form.Keys);
    }

    [Theory]
    [InlineData(600, "600")]
    [InlineData(1.9, "1")]
    [InlineData(36_000, "36000")]
    [InlineData(86_400, "36000")]
    public async Task Twilio_drops_what_waits_there_until_it_is_of_no_use(double seconds, string validity)
    {
        await using var gateway = await Gateway.StartAsync();
        var clock = new TestClock();
        using var host = SmsHost.Twilio(gateway.Url, clock);
        await host.Sender.SendAsync(SmsHost.Message(expiresAt: clock.Now + TimeSpan.FromSeconds(seconds)), Ct);
        Assert.Equal(validity, Assert.Single(gateway.Requests).Form["ValidityPeriod"]);
    }

    [Fact]
    public async Task A_code_in_its_last_second_is_not_sent()
    {
        await using var gateway = await Gateway.StartAsync();
        var clock = new TestClock();
        using var host = SmsHost.Twilio(gateway.Url, clock);
        var result = await host.Sender.SendAsync(SmsHost.Message(expiresAt: clock.Now + TimeSpan.FromMilliseconds(999)), Ct);
        Assert.Equal(SendStatus.Deferred, result.Status);
        Assert.Empty(gateway.Requests);
    }

    [Theory]
    // The recipient: never.
    [InlineData(400, 21211, SendStatus.Rejected, "twilio 21211")]
    [InlineData(400, 21214, SendStatus.Rejected, "twilio 21214")]
    [InlineData(400, 21217, SendStatus.Rejected, "twilio 21217")]
    [InlineData(400, 21408, SendStatus.Rejected, "twilio 21408")]
    [InlineData(400, 21610, SendStatus.Rejected, "twilio 21610")]
    [InlineData(400, 21612, SendStatus.Rejected, "twilio 21612")]
    [InlineData(400, 21614, SendStatus.Rejected, "twilio 21614")]
    [InlineData(400, 21635, SendStatus.Rejected, "twilio 21635")]
    // The operator, who can mend it: a bad sender, no credit, a bad credential, no such account.
    [InlineData(400, 21212, SendStatus.Deferred, "twilio 21212")]
    [InlineData(400, 21606, SendStatus.Deferred, "twilio 21606")]
    [InlineData(401, 20003, SendStatus.Deferred, "twilio 20003")]
    [InlineData(403, 20005, SendStatus.Deferred, "twilio 20005")]
    [InlineData(404, 20404, SendStatus.Deferred, "twilio 20404")]
    // Not what Twilio says of a recipient.
    [InlineData(401, 21211, SendStatus.Deferred, "twilio 21211")]
    [InlineData(429, 20429, SendStatus.Deferred, "twilio 20429")]
    [InlineData(500, 20500, SendStatus.Deferred, "twilio 20500")]
    public async Task An_error_of_Twilio_is_the_recipients_or_ours(int status, int code, SendStatus expected, string reason)
    {
        await using var gateway = await Gateway.StartAsync();
        gateway.Refuse(status, $$"""{"code":{{code}},"message":"The number +4915112345678 is not …","more_info":"…","status":{{status}}}""");
        using var host = SmsHost.Twilio(gateway.Url);
        var result = await host.Sender.SendAsync(SmsHost.Message(), Ct);
        // The text names the recipient, and stays where it is.
        Assert.Equal(new SendResult(expected, reason), result);
    }

    [Theory]
    [InlineData(400, "no JSON", SendStatus.Deferred, "twilio http 400")]
    [InlineData(400, """{"code":"21211"}""", SendStatus.Deferred, "twilio http 400")]
    [InlineData(502, "<html>Bad gateway</html>", SendStatus.Deferred, "twilio http 502")]
    [InlineData(201, "<html>", SendStatus.Accepted, null)]
    [InlineData(200, "null", SendStatus.Accepted, null)]
    public async Task An_answer_that_is_not_Twilios_costs_no_message(int status, string body, SendStatus expected, string? reason)
    {
        await using var gateway = await Gateway.StartAsync();
        gateway.Refuse(status, body);
        using var host = SmsHost.Twilio(gateway.Url);
        Assert.Equal(new SendResult(expected, reason), await host.Sender.SendAsync(SmsHost.Message(), Ct));
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Sun, 22 Nov 2026 19:00:09 GMT", 9)]
    [InlineData("Sun, 22 Nov 2026 18:59:00 GMT", null)]
    [InlineData("soon", null)]
    public async Task Twilio_says_when_to_come_back(string header, int? seconds)
    {
        await using var gateway = await Gateway.StartAsync();
        gateway.Refuse(429, """{"code":20429}""", ("Retry-After", header));
        using var host = SmsHost.Twilio(gateway.Url, new TestClock());
        var result = await host.Sender.SendAsync(SmsHost.Message(), Ct);
        Assert.Equal(seconds, result.RetryAfter?.TotalSeconds);
    }

    [Fact]
    [Trait("ASVS", "15.3.2")]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = await Gateway.StartAsync();
        await using var gateway = await Gateway.StartAsync();
        gateway.Refuse(307, "", ("Location", $"{elsewhere.Url}{Path}"));
        using var host = SmsHost.Twilio(gateway.Url);
        Assert.Equal(new SendResult(SendStatus.Deferred, "twilio http 307"), await host.Sender.SendAsync(SmsHost.Message(), Ct));
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task A_gateway_that_is_away_or_cuts_the_connection_costs_no_message()
    {
        var gateway = await Gateway.StartAsync();
        using var host = SmsHost.Twilio(gateway.Url);
        gateway.Answer = http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        var cut = await host.Routes.SendAsync(SmsHost.Message(), Ct);
        await gateway.DisposeAsync();
        var away = await host.Routes.SendAsync(SmsHost.Message(), Ct);
        var deferred = new SendResult(SendStatus.Deferred, "HttpRequestException") { Provider = "twilio" };
        Assert.Equal([deferred, deferred], [cut, away]);
    }

    [Fact]
    public async Task Twilios_own_description_of_its_API_takes_the_request()
    {
        var description = Peers.Package("@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json");
        await using var twilio = await OpenApiMock.StartAsync(description);
        var clock = new TestClock();
        using var host = SmsHost.Twilio(twilio.Url, clock, "Countersign:PublicUrl=https://accounts.example.com");
        var message = SmsHost.Message(expiresAt: clock.Now + TimeSpan.FromMinutes(30));
        var result = await host.Sender.SendAsync(message, Ct);
        Assert.Equal((SendStatus.Accepted, null), (result.Status, result.Reason));
        Assert.StartsWith("SM", result.ProviderId, StringComparison.Ordinal);

        // The same without what the description demands is refused: it was looked at.
        using var http = new HttpClient();
        Assert.Equal((401, 422, 422, 201), (
            await PostAsync(http, twilio.Url, null, new() { ["To"] = "+4915112345678" }),
            await PostAsync(http, twilio.Url, "a:b", new() { ["From"] = SmsHost.From }),
            await PostAsync(http, twilio.Url, "a:b", new() { ["To"] = "+4915112345678", ["ValidityPeriod"] = "1.5" }),
            await PostAsync(http, twilio.Url, "a:b", new() { ["To"] = "+4915112345678", ["ValidityPeriod"] = "1" })));

        // A name that is not in the description would be taken, and do nothing.
        await using var gateway = await Gateway.StartAsync();
        using var recorded = SmsHost.Twilio(gateway.Url, clock, "Countersign:PublicUrl=https://accounts.example.com");
        await recorded.Sender.SendAsync(message, Ct);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(description, Ct));
        var names = json.RootElement.GetProperty("paths").GetProperty("/2010-04-01/Accounts/{AccountSid}/Messages.json").GetProperty("post")
            .GetProperty("requestBody").GetProperty("content").GetProperty("application/x-www-form-urlencoded").GetProperty("schema")
            .GetProperty("properties").EnumerateObject().Select(property => property.Name).ToHashSet();
        var sent = gateway.Requests[0].Form;
        Assert.Equal(["To", "From", "Body", "ValidityPeriod", "StatusCallback"], sent.Keys);
        Assert.All(sent.Keys, name => Assert.Contains(name, names));
        Assert.InRange(int.Parse(sent["ValidityPeriod"], CultureInfo.InvariantCulture), 1, 36_000);
    }

    static async Task<int> PostAsync(HttpClient http, string url, string? credentials, Dictionary<string, string> form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url + Path) { Content = new FormUrlEncodedContent(form) };
        if (credentials is not null)
            request.Headers.Add("Authorization", $"Basic {Base64(credentials)}");
        using var response = await http.SendAsync(request);
        return (int)response.StatusCode;
    }

    static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
