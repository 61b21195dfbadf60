using Countersign.Delivery.Sms;
using Countersign.Tests.Docs;
using Countersign.Tests.Server;

namespace Countersign.Tests.Sms;

public sealed class SmsSettingsTests
{
    const string Secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

    static readonly string[] Twilio =
    [
        "Countersign:Sms:Providers:0:Kind=Twilio",
        $"Countersign:Sms:Providers:0:Twilio:AccountSid={SmsHost.AccountSid}",
        $"Countersign:Sms:Providers:0:Twilio:AuthToken={SmsHost.AuthToken}",
        $"Countersign:Sms:Providers:0:Twilio:From={SmsHost.From}",
    ];

    static readonly string[] Webhook =
    [
        "Countersign:Sms:Providers:0:Kind=Webhook",
        "Countersign:Sms:Providers:0:Webhook:Url=https://sms.example.com/send?tenant=1",
        $"Countersign:Sms:Providers:0:Webhook:Secrets:0={Secret}",
    ];

    [Theory]
    [InlineData("Twilio:AccountSid=", "AccountSid is AC and 32 hexadecimal digits")]
    [InlineData("Twilio:AccountSid=SK0123456789abcdef0123456789ABCDEF", "AccountSid is AC and 32 hexadecimal digits")]
    [InlineData("Twilio:AccountSid=AC0123456789abcdef0123456789ABCDEF0", "AccountSid is AC and 32 hexadecimal digits")]
    [InlineData("Twilio:AuthToken=", "AuthToken is missing: set it, or ApiKeySid and ApiKeySecret.")]
    [InlineData("Twilio:AuthToken=a secret ", "AuthToken has other characters than visible ASCII.")]
    [InlineData("Twilio:ApiKeySid=SKbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "ApiKeySecret is missing")]
    [InlineData("Twilio:ApiKeySecret=a-secret", "ApiKeySid is SK and 32 hexadecimal digits")]
    [InlineData("Twilio:From=", "From or MessagingServiceSid has to be set, and not both")]
    [InlineData("Twilio:From=+0123456789", "From is a number such as +15005550006")]
    [InlineData("Twilio:From=TwelveLetter", "From is a number such as +15005550006")]
    [InlineData("Twilio:From=12", "From is a number such as +15005550006")]
    [InlineData("Twilio:MessagingServiceSid=MGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "From or MessagingServiceSid has to be set, and not both")]
    [InlineData("Twilio:MessagingServiceSid=MG1|Twilio:From=", "MessagingServiceSid is MG and 32 hexadecimal digits.")]
    [InlineData("Twilio:BaseUrl=http://api.twilio.com", "BaseUrl is an absolute https URL (or http on loopback)")]
    [InlineData("Twilio:BaseUrl=api.twilio.com", "BaseUrl is an absolute https URL (or http on loopback)")]
    [InlineData("Twilio:BaseUrl=https://user:password@api.twilio.com", "BaseUrl is an absolute https URL (or http on loopback)")]
    [InlineData("Twilio:AuthTokn=x", "AuthTokn is no setting.")]
    public async Task A_bad_setting_of_Twilio_is_named_in_one_line(string settings, string expected)
    {
        var line = Assert.Single(await StartCheck.ExplainAsync(["environment=Development", .. Twilio, .. settings.Split('|').Select(setting => $"Countersign:Sms:Providers:0:{setting}")]));
        Assert.StartsWith($"Countersign does not start: Countersign:Sms:Providers:0:Twilio:{expected}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret", line, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret", line, StringComparison.Ordinal);
        Assert.DoesNotContain("password", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Webhook:Url=", "Url is an absolute https URL (or http on loopback)")]
    [InlineData("Webhook:Url=http://sms.example.com/send", "Url is an absolute https URL (or http on loopback)")]
    [InlineData("Webhook:Url=ftp://sms.example.com/send", "Url is an absolute https URL (or http on loopback)")]
    [InlineData("Webhook:Url=/send", "Url is an absolute https URL (or http on loopback)")]
    [InlineData("Webhook:Url=https://user:password@sms.example.com/", "Url is an absolute https URL (or http on loopback)")]
    [InlineData("Webhook:Secrets:0=AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "Secrets:0 is not whsec_ and base64 of 24 to 64 bytes.")]
    [InlineData("Webhook:Secrets:1=whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", "Secrets:1 is not whsec_ and base64 of 24 to 64 bytes.")]
    [InlineData("Webhook:Secrets:1=whsec_secret!", "Secrets:1 is not whsec_ and base64 of 24 to 64 bytes.")]
    [InlineData("Webhook:Secrets:1=" + Secret + "|Webhook:Secrets:2=" + Secret + "|Webhook:Secrets:3=" + Secret + "|Webhook:Secrets:4=" + Secret, "Secrets has 5 entries; it has 1 to 4.")]
    [InlineData("Webhook:Secret=x", "Secret is no setting.")]
    public async Task A_bad_setting_of_a_webhook_is_named_in_one_line(string settings, string expected)
    {
        var line = Assert.Single(await StartCheck.ExplainAsync(["environment=Development", .. Webhook, .. settings.Split('|').Select(setting => $"Countersign:Sms:Providers:0:{setting}")]));
        Assert.StartsWith($"Countersign does not start: Countersign:Sms:Providers:0:Webhook:{expected}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("AAEC", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret!", line, StringComparison.Ordinal);
        Assert.DoesNotContain("password", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Countersign:Sms:Provider:0:Kind=Twilio", "Countersign:Sms:Provider is no setting.")]
    [InlineData("Countersign:Sms:Providers:0:Kind=Fax", "Countersign:Sms:Providers:0:Kind is 'Fax'; it is Twilio or Webhook.")]
    [InlineData("Countersign:Sms:Providers:1:Twilio:From=x", "Countersign:Sms:Providers:1:Kind is missing; it is Twilio or Webhook.")]
    [InlineData("Countersign:Sms:Providers:0:Kid=Twilio", "Countersign:Sms:Providers:0:Kid is no setting.")]
    [InlineData("Countersign:Sms:Providers:0:Webhook:Url=https://sms.example.com", "Countersign:Sms:Providers:0:Webhook is set, and Countersign:Sms:Providers:0:Kind is Twilio.")]
    [InlineData("Countersign:Sms:Providers:first:Kind=Twilio", "Countersign:Sms:Providers:first is no setting: providers are numbered")]
    [InlineData("Countersign:PublicUrl=accounts.example.com", "Countersign:PublicUrl is 'accounts.example.com'; it is an absolute https URL")]
    [InlineData("Countersign:PublicUrl=http://accounts.example.com", "Countersign:PublicUrl is 'http://accounts.example.com'; it is an absolute https URL")]
    [InlineData("Countersign:PublicUrl=https://accounts.example.com/?a=b", "Countersign:PublicUrl is 'https://accounts.example.com/?a=b'; it is an absolute https URL")]
    [InlineData("Countersign:PublicUrl=https://my_accounts.example.com", "Countersign:PublicUrl is 'https://my_accounts.example.com'; it is an absolute https URL")]
    public async Task What_is_no_provider_is_named_in_one_line(string setting, string expected)
    {
        var line = Assert.Single(await StartCheck.ExplainAsync(["environment=Development", .. Twilio, setting]));
        Assert.StartsWith($"Countersign does not start: {expected}", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Twilio:From=Countersign")]
    [InlineData("Twilio:From=12345")]
    [InlineData("Twilio:ApiKeySid=SKbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb|Twilio:ApiKeySecret=a-secret|Twilio:AuthToken=")]
    [InlineData("Twilio:MessagingServiceSid=MGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|Twilio:From=")]
    [InlineData("Twilio:BaseUrl=http://127.0.0.1:4010")]
    [InlineData("Kind=twilio")]
    public async Task A_good_setting_is_taken(string settings) =>
        Assert.Empty(await StartCheck.ExplainAsync(["environment=Development", .. Twilio, .. settings.Split('|').Select(setting => $"Countersign:Sms:Providers:0:{setting}")]));

    [Fact]
    public async Task An_SMS_provider_is_all_that_Production_asks_of_that_channel()
    {
        var lines = await StartCheck.ExplainAsync([.. Production.Settings, .. Webhook]);
        Assert.DoesNotContain(lines, line => line.Contains("Countersign:Sms", StringComparison.Ordinal));
    }

    [Fact]
    public void Providers_of_a_kind_are_told_apart_by_their_names()
    {
        using var host = SmsHost.Create(builder =>
        {
            foreach (var _ in Enumerable.Range(0, 2))
            {
                builder.AddTwilio(twilio => (twilio.AccountSid, twilio.AuthToken, twilio.From) = (SmsHost.AccountSid, SmsHost.AuthToken, SmsHost.From));
                builder.AddSmsWebhook(webhook =>
                {
                    webhook.Url = "https://sms.example.com/send";
                    webhook.Secrets.Add(Secret);
                });
            }
        });
        Assert.Equal(["twilio", "webhook", "twilio-2", "webhook-2"], host.Senders.Select(sender => sender.Name));
    }

    [Fact]
    public void The_page_lists_every_setting()
    {
        var rows = new MarkdownPage("docs/configuration.md").Rows("SMS").SelectMany(row => row[0].Split(", ")).Select(name => name.Trim('`'));
        var settings = typeof(TwilioOptions).GetProperties().Select(property => $"Sms:Providers:n:Twilio:{property.Name}")
            .Append("Sms:Providers:n:Webhook:Url")
            .Append("Sms:Providers:n:Webhook:Secrets:m")
            .Append("Sms:Providers:n:Kind");
        Assert.Equal(2, typeof(SmsWebhookOptions).GetProperties().Length);
        Assert.Equal(settings.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }
}
