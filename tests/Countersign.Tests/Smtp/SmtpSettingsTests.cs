using Countersign.Delivery;
using Countersign.Server;
using Countersign.Smtp;
using Countersign.Tests.Hosting;
using Countersign.Tests.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Countersign.Tests.Smtp;

public sealed class SmtpSettingsTests
{
    static readonly string[] Good = ["Host=mail.example", "From=accounts@shop.example"];

    [Theory]
    [InlineData("Host=", "Host is missing: the name of the mail server.")]
    [InlineData("Host=https://mail.example", "Host is 'https://mail.example'; it is the name or the IP address of the mail server, without scheme and port.")]
    [InlineData("Host=mail.example:587", "Host is 'mail.example:587';")]
    [InlineData("Port=0", "Port is 0; it is a whole number from 1 to 65535.")]
    [InlineData("Port=65536", "Port is 65536;")]
    [InlineData("Port=smtp", "Port")]
    [InlineData("Security=Maybe", "Security")]
    [InlineData("Security=7", "Security is '7'; it is one of StartTls, ImplicitTls, None.")]
    [InlineData("TrustedCertificateFile=/nowhere/ca.pem", "TrustedCertificateFile is no file with certificates in PEM: ")]
    [InlineData("TrustedCertificateFile={empty}", "TrustedCertificateFile is no file with certificates in PEM: It holds no certificate.")]
    [InlineData("TrustedCertificateFile={empty}|Security=None", "TrustedCertificateFile is set, and Security is None: there is no certificate without TLS.")]
    [InlineData("UserName=shop", "Password is missing: UserName and Password are set both, or neither.")]
    [InlineData("Password=secret", "UserName is missing: UserName and Password are set both, or neither.")]
    [InlineData("UserName=shop|Password=secret|Security=None", "Security is None: the password would cross the network in clear. Set StartTls or ImplicitTls, or leave UserName and Password out.")]
    [InlineData("From=", "From is missing: the address that mail comes from.")]
    [InlineData("From=accounts", "From is no email address, such as accounts@example.com; a name goes into FromName.")]
    [InlineData("From=Shop <accounts@shop.example>", "From is no email address")]
    [InlineData("From=accounts@shop.example\r\nBcc: eve@example.org", "From is no email address")]
    [InlineData("From=grüße>\u2028@shop.example", "From is no email address")]
    [InlineData("From=grüße\0@shop.example", "From is no email address")]
    [InlineData("From=grüße@shop", "From is no email address")]
    [InlineData("FromName=Shop\r\nBcc: eve@example.org", "FromName is at most 100 characters, no control character among them.")]
    [InlineData("PoolSize=0", "PoolSize is 0; it is a whole number from 1 to 64.")]
    [InlineData("PoolSize=65", "PoolSize is 65;")]
    [InlineData("CloseIdleAfter=00:00:00.9", "CloseIdleAfter is 00:00:00.9000000; it is a time from 00:00:01 to 00:05:00.")]
    [InlineData("CloseIdleAfter=00:05:01", "CloseIdleAfter is 00:05:01;")]
    [InlineData("Timeout=00:00:00", "Timeout is 00:00:00; it is a time from 00:00:01 to 00:00:09.")]
    [InlineData("Timeout=00:00:10", "Timeout is 00:00:10;")]
    [InlineData("Dkim:Domain=shop.example|Dkim:Selector=s1", "Dkim:PrivateKeyFile is missing: Domain, Selector and PrivateKeyFile are set all, or none.")]
    [InlineData("Dkim:Domain=shop.example|Dkim:PrivateKeyFile={rsa}", "Dkim:Selector is missing:")]
    [InlineData("Dkim:Selector=s1|Dkim:PrivateKeyFile={rsa}", "Dkim:Domain is missing:")]
    [InlineData("Dkim:Domain=shop example|Dkim:Selector=s1|Dkim:PrivateKeyFile={rsa}", "Dkim:Domain is 'shop example'; it is a DNS name")]
    [InlineData("Dkim:Domain=shop.example|Dkim:Selector=s1;|Dkim:PrivateKeyFile={rsa}", "Dkim:Selector is 's1;'; it is a DNS name")]
    [InlineData("Dkim:Domain=shop.example|Dkim:Selector=s1|Dkim:PrivateKeyFile={empty}", "Dkim:PrivateKeyFile is no file with a private key in PEM: It holds no RSA or Ed25519 private key without a password.")]
    [InlineData("Dkim:Domain=shop.example|Dkim:Selector=s1|Dkim:PrivateKeyFile=/nowhere/key.pem", "Dkim:PrivateKeyFile is no file with a private key in PEM: ")]
    [InlineData("Dkim:Domain=shop.example|Dkim:Selector=s1|Dkim:PrivateKeyFile={rsa}|From=grüße@shop.example", "From has a part before the @ that is not ASCII: its mail cannot be signed.")]
    [InlineData("Hots=mail.example", "Hots is no setting. Settings are listed in docs/configuration.md.")]
    [InlineData("Dkim:Key=x", "Dkim:Key is no setting.")]
    [InlineData("Host:Name=x", "Host:Name is no setting.")]
    public async Task A_bad_setting_stops_the_start_and_is_named(string settings, string expected)
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("empty"), "", TestContext.Current.CancellationToken);
        using (var rsa = System.Security.Cryptography.RSA.Create(2048))
            await File.WriteAllTextAsync(folder.File("rsa"), rsa.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        var named = settings.Replace("{empty}", folder.File("empty"), StringComparison.Ordinal).Replace("{rsa}", folder.File("rsa"), StringComparison.Ordinal);

        var line = Assert.Single(await StartCheck.ExplainAsync(["environment=Development", .. Good.Concat(named.Split('|')).Select(Smtp)]));
        Assert.StartsWith("Countersign does not start: ", line, StringComparison.Ordinal);
        Assert.Contains($"{SmtpOptions.Section}:{expected}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UserName=shop|Password=secret")]
    [InlineData("UserName=shop|Password=secret|Security=ImplicitTls|Port=2465")]
    [InlineData("UserName=shop|Password=secret|Security=None|Host=localhost")]
    [InlineData("UserName=shop|Password=secret|Security=None|Host=127.0.0.1")]
    [InlineData("UserName=shop|Password=secret|Security=None|Host=::1")]
    [InlineData("Security=none")]
    [InlineData("From=grüße@bücher.example")]
    [InlineData("FromName=Müller & Söhne")]
    public async Task A_good_setting_does_not(string settings)
    {
        Assert.Empty(await StartCheck.ExplainAsync(["environment=Development", .. Good.Concat(settings.Split('|')).Select(Smtp)]));
    }

    [Theory]
    [InlineData("Countersign:Email:Smpt:Host=mail.example", "Countersign:Email:Smpt is no setting.")]
    [InlineData("Countersign:Email:From=accounts@shop.example", "Countersign:Email:From is no setting.")]
    public async Task A_misspelt_section_stops_the_start_and_is_named(string setting, string expected)
    {
        Assert.Contains(expected, Assert.Single(await StartCheck.ExplainAsync(["environment=Development", setting])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_Production_mail_by_SMTP_leaves_SMS_to_be_configured()
    {
        var line = Assert.Single(await StartCheck.ExplainAsync([.. Production.Settings, .. Good.Select(Smtp)]));
        Assert.StartsWith("Countersign does not start: Countersign:Sms is missing", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_setting_hides_no_other()
    {
        var lines = await StartCheck.ExplainAsync([.. Production.Settings, Smtp("Host=mail.example"), Smtp("PoolSize=0"), Smtp("Pool=8")]);
        Assert.Equal(
            [Smtp("From"), Smtp("Pool"), Smtp("PoolSize"), "Countersign:Sms"],
            lines.Select(line => line.Split(' ')[4]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(SmtpSecurity.StartTls, null, 587)]
    [InlineData(SmtpSecurity.ImplicitTls, null, 465)]
    [InlineData(SmtpSecurity.None, null, 25)]
    [InlineData(SmtpSecurity.ImplicitTls, 2525, 2525)]
    public void The_port_is_the_usual_one_unless_it_is_set(SmtpSecurity security, int? port, int expected) =>
        Assert.Equal(expected, new SmtpOptions { Security = security, Port = port }.PortOrDefault);

    [Fact]
    public void Options_print_neither_user_nor_password() =>
        Assert.Equal("mail.example:587", new SmtpOptions { Host = "mail.example", UserName = "shop", Password = "secret" }.ToString());

    [Fact]
    public async Task An_application_sets_what_its_configuration_does_not()
    {
        var builder = WebApplication.CreateBuilder([$"--{Smtp("From=accounts@shop.example")}", $"--{Smtp("PoolSize=2")}"]);
        builder.Services.AddCountersign()
            .UseSqlite("Data Source=data/accounts.db")
            .AddSmtp(smtp =>
            {
                smtp.Host = "mail.example";
                smtp.PoolSize = 8;
            })
            .AddDevelopmentInbox();

        await using var provider = builder.Services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptions<SmtpOptions>>().Value;
        Assert.Equal(("mail.example", "accounts@shop.example", 8), (options.Host, options.From, options.PoolSize));
        Assert.Equal(typeof(SmtpSender), builder.Services.First(service => service.ServiceType == typeof(IMessageSender)).ImplementationType);
    }

    static string Smtp(string setting) => $"{SmtpOptions.Section}:{setting}";
}
