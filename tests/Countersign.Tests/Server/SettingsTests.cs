using Countersign.Server;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.Options;

namespace Countersign.Tests.Server;

public sealed class SettingsTests
{
    const string Key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    [Theory]
    [InlineData("Countersign:Tokens:Lifetime=soon", "Countersign:Tokens:Lifetime")]
    [InlineData("Countersign:Tokens:Lifetime=00:00:00", "Countersign:Tokens:Lifetime is 00:00:00; it is a time in whole seconds from 00:00:01 to 1.00:00:00.")]
    [InlineData("Countersign:Tokens:Lifetime=1.00:00:01", "Countersign:Tokens:Lifetime is 1.00:00:01;")]
    [InlineData("Countersign:Tokens:Lifetime=00:00:01.5", "Countersign:Tokens:Lifetime is 00:00:01.5000000;")]
    [InlineData("Countersign:Tokens:Code=Digits7", "Countersign:Tokens:Code")]
    [InlineData("Countersign:Tokens:Code=9", "Countersign:Tokens:Code is '9'")]
    [InlineData("Countersign:Tokens:Lifetimes:0:Lifetime=00:01:00|Countersign:Tokens:Lifetimes:0:Operation=userKeys/eating", "Countersign:Tokens:Lifetimes:0:Operation is 'userKeys/eating'")]
    [InlineData("Countersign:Profile=Lax", "Countersign:Profile")]
    [InlineData("Countersign:Features:Mfa=maybe", "Countersign:Features:Mfa is 'maybe'; it is true or false.")]
    [InlineData("Countersign:Limits:IssuesPerHour=0", "Countersign:Limits:IssuesPerHour is 0; it is a whole number from 1 to 1000000.")]
    [InlineData("Countersign:Limits:IssuesPerHour=many", "Countersign:Limits:IssuesPerHour is 'many'; it is a whole number.")]
    [InlineData("Countersign:Limits:IssuesPerHour=99999999999", "Countersign:Limits:IssuesPerHour is '99999999999'; it is a whole number.")]
    [InlineData("Countersign:Limits:WrongTriesPerToken=101", "Countersign:Limits:WrongTriesPerToken is 101")]
    [InlineData("Countersign:Limits:WrongTriesPerDay=0", "Countersign:Limits:WrongTriesPerDay is 0")]
    [InlineData("Countersign:Limits:ResendAfter:Email=01:00:01", "Countersign:Limits:ResendAfter:Email is 01:00:01")]
    [InlineData("Countersign:Limits:ResendAfter:Sms=-00:00:01", "Countersign:Limits:ResendAfter:Sms is -00:00:01")]
    [InlineData("Countersign:Limits:LockFor:0=00:00:00", "Countersign:Limits:LockFor:0 is 00:00:00")]
    [InlineData("Countersign:Limits:Recipient:Sms:Day=-1", "Countersign:Limits:Recipient:Sms:Day is -1")]
    [InlineData("Countersign:Limits:Client:IssuesPerHour=-1", "Countersign:Limits:Client:IssuesPerHour is -1")]
    [InlineData("Countersign:Delivery:SmsPrices:Currency=euro", "Countersign:Delivery:SmsPrices:Currency is 'euro'; it is an ISO 4217 code of three capital letters such as EUR.")]
    [InlineData("Countersign:Delivery:SmsPrices:Default=0.05", "Countersign:Delivery:SmsPrices:Currency is missing: prices are in one, such as EUR.")]
    [InlineData("Countersign:Delivery:SmsPrices:Currency=EUR|Countersign:Delivery:SmsPrices:Default=0,05", "Countersign:Delivery:SmsPrices:Default is '0,05'; it is a number such as 0.075.")]
    [InlineData("Countersign:Delivery:SmsPrices:Currency=EUR|Countersign:Delivery:SmsPrices:Default=100.5", "Countersign:Delivery:SmsPrices:Default is 100.5; it is a number from 0 to 100.")]
    [InlineData("Countersign:Delivery:SmsPrices:Currency=EUR|Countersign:Delivery:SmsPrices:Countries:0:Country=DE|Countersign:Delivery:SmsPrices:Countries:0:Price=-1", "Countersign:Delivery:SmsPrices:Countries:0:Price is -1; it is a number from 0 to 100.")]
    [InlineData("Countersign:Delivery:SmsPrices:Currency=EUR|Countersign:Delivery:SmsPrices:Countries:0:Country=GER|Countersign:Delivery:SmsPrices:Countries:0:Price=1", "Countersign:Delivery:SmsPrices:Countries:0:Country is 'GER'; it is an ISO 3166-1 code of two letters such as DE.")]
    [InlineData("Countersign:Delivery:SmsPrices:Currency=EUR|Countersign:Delivery:SmsPrices:Countries:0:Country=DE|Countersign:Delivery:SmsPrices:Countries:1:Country=de", "Countersign:Delivery:SmsPrices:Countries has 'DE' twice.")]
    [InlineData("Countersign:PhoneNumbers:Accept=Anything", "Countersign:PhoneNumbers:Accept")]
    [InlineData("Countersign:Messages:ProductName=", "Countersign:Messages:ProductName")]
    [InlineData("Countersign:Messages:Host=https://example.com/", "Countersign:Messages:Host is 'https://example.com/'")]
    [InlineData("Countersign:Messages:NoticeLifetime=00:00:01", "Countersign:Messages:NoticeLifetime is 00:00:01")]
    [InlineData("Countersign:Accounts:ProvisionFromClaims=2", "Countersign:Accounts:ProvisionFromClaims")]
    [InlineData("Countersign:Tokens:Lifetme=00:01:00", "Countersign:Tokens:Lifetme is no setting.")]
    [InlineData("Countersign:Featurs:Mfa=false", "Countersign:Featurs is no setting.")]
    [InlineData("Countersign:Limits:Recipient:Fax:Day=1", "Countersign:Limits:Recipient:Fax is no setting.")]
    [InlineData("Countersign:Keys:0:Id=one|Countersign:Keys:0:Value=" + Key + "|Countersign:Keys:0:Vlaue=x", "Countersign:Keys:0:Vlaue is no setting.")]
    [InlineData("ConnectionStrings:PostgreSql=Database=db", "ConnectionStrings:PostgreSql cannot be used. The PostgreSQL connection string names no host")]
    [InlineData("ConnectionStrings:PostgreSql=Host=db;Multiplexing=true", "ConnectionStrings:PostgreSql cannot be used. Multiplexing=true is not supported: leave it out.")]
    [InlineData("ConnectionStrings:Sqlite=Data Source=:memory:", "ConnectionStrings:Sqlite cannot be used. The SQLite database has to be a file")]
    [InlineData("ConnectionStrings:Sqlite=Data Source=x;Mode=Memory;Cache=Shared", "ConnectionStrings:Sqlite cannot be used. The SQLite database has to be a file")]
    [InlineData("ConnectionStrings:Sqlite=Data Source=file::memory:", "ConnectionStrings:Sqlite cannot be used. The SQLite database has to be a file")]
    [InlineData("ConnectionStrings:Sqlite=Data Source=FILE:x?mode=memory&cache=shared", "ConnectionStrings:Sqlite cannot be used. The SQLite database has to be a file")]
    [InlineData("ConnectionStrings:Sqlite=Mode=ReadWrite", "ConnectionStrings:Sqlite cannot be used. The SQLite database has to be a file")]
    [InlineData("ConnectionStrings:Sqlite=nonsense", "ConnectionStrings:Sqlite cannot be used.")]
    [InlineData("Authentication:Schemes:Bearer:Authority=http://issuer.example", "The MetadataAddress or Authority must use HTTPS")]
    [InlineData("Authentication:Schemes:Bearer:RequireHttpsMetadata=maybe", "Authentication:Schemes:Bearer:RequireHttpsMetadata is 'maybe'; it is true or false.")]
    [InlineData("Authentication:Schemes:Bearer:BackchannelTimeout=long", "Authentication:Schemes:Bearer:BackchannelTimeout is 'long'")]
    [InlineData("Authentication:Schemes:Bearer:SigningKeys:0:Value=AAAA", "Authentication:Schemes:Bearer:SigningKeys:0:Value is not base64 of at least 32 bytes.")]
    [InlineData("Authentication:Schemes:Bearer:SigningKeys:0:Issuer=x", "Authentication:Schemes:Bearer:SigningKeys:0:Value is not base64 of at least 32 bytes.")]
    [InlineData("Authentication:Schemes:Bearer:ValidateAudience=false", "Authentication:Schemes:Bearer:ValidateAudience is 'false'. It is always checked: leave it out.")]
    [InlineData("Authentication:Schemes:Bearer:ValidateLifetime=0", "Authentication:Schemes:Bearer:ValidateLifetime is '0'. It is always checked: leave it out.")]
    [InlineData("Logging:LogLevel:Default=loud", "Logging:LogLevel:Default is 'loud'; it is one of Trace, Debug, Information, Warning, Error, Critical, None.")]
    [InlineData("Logging:Console:LogLevel:Countersign=Info", "Logging:Console:LogLevel:Countersign is 'Info'; it is one of Trace")]
    [InlineData("ConnectionStrings:PostgreSql=", "ConnectionStrings:PostgreSql is empty.")]
    [InlineData("ConnectionStrings:Postgres=Host=db", "ConnectionStrings:Postgres is no setting. Databases are ConnectionStrings:PostgreSql and ConnectionStrings:Sqlite.")]
    [InlineData("Countersign:Tokens:Lifetime=1", "Countersign:Tokens:Lifetime is '1'; it is a time as hours:minutes:seconds, such as 00:30:00")]
    [InlineData("Countersign:Limits:LockFor:0=15", "Countersign:Limits:LockFor:0 is '15'; it is a time as hours:minutes:seconds")]
    [InlineData("Countersign:Tokens:Lifetimes:0:Lifetime=1", "Countersign:Tokens:Lifetimes:0:Lifetime is '1'; it is a time as hours:minutes:seconds")]
    [InlineData("Countersign:Tokens:Code=1", "Countersign:Tokens:Code is '1'; it is one of Digits6, Digits8, Base32.")]
    [InlineData("Countersign:Tokens=Digits8", "Countersign:Tokens is 'Digits8', and has no value of its own: what is set is below it, such as Countersign:Tokens:Lifetime.")]
    public async Task A_bad_setting_is_named_in_one_line(string settings, string expected)
    {
        var line = Assert.Single(await StartCheck.ExplainAsync(["environment=Development", .. settings.Split('|')]));
        Assert.StartsWith("Countersign does not start: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_keys_are_named_and_not_printed()
    {
        string[] settings =
        [
            "environment=Development",
            "Countersign:Keys:0:Id=one", "Countersign:Keys:0:Value=c2VjcmV0",
            "Countersign:Keys:1:Id=one", "Countersign:Keys:1:Value=" + Key,
            "Countersign:Keys:2:Id=not an id", "Countersign:Keys:2:Value=secret!",
        ];
        Assert.Equal(
            [
                "Countersign does not start: Countersign:Keys:0:Value is not base64 of 32 bytes. `Countersign.Server keys new` prints one.",
                "Countersign does not start: Countersign:Keys:2:Id is 1 to 32 ASCII letters, digits, dots, dashes or underscores.",
                "Countersign does not start: Countersign:Keys:2:Value is not base64 of 32 bytes. `Countersign.Server keys new` prints one.",
                "Countersign does not start: Countersign:Keys has the id 'one' twice.",
            ],
            await StartCheck.ExplainAsync(settings));
    }

    [Fact]
    public async Task Everything_that_is_bad_is_named_at_once()
    {
        var lines = await StartCheck.ExplainAsync(
            ["environment=Production", "Countersign:Limits:IssuesPerHour=0", "Countersign:Limts:IssuesPerHour=1", $"Authentication:Schemes:Bearer:ValidIssuer={Production.Issuer}"]);
        string[] named =
        [
            "Countersign:Limits:IssuesPerHour", "Countersign:Keys:0", "Countersign:Limts", "Countersign:Email", "Countersign:Sms",
            "Authentication:Schemes:Bearer:SigningKeys", "Authentication:Schemes:Bearer:ValidAudiences",
        ];
        Assert.Equal(named, lines.Select(line => line.Split(' ')[4]));
    }

    [Theory]
    [InlineData("Countersign:Tokens:Lifetime=00:10:01", "Countersign:Tokens:Lifetime is 00:10:01; the profile Strict allows at most 00:10:00")]
    [InlineData("Countersign:Tokens:Code=Digits6", "Countersign:Tokens:Code is Digits6; the profile Strict asks for Digits8 or Base32.")]
    [InlineData("Countersign:PhoneNumbers:Accept=Shape", "Countersign:PhoneNumbers:Accept is Shape; the profile Strict asks for Assigned.")]
    [InlineData("Countersign:StepUp:0:MaxAge=00:15:01", "Countersign:StepUp:0:MaxAge is 00:15:01; the profile Strict allows at most 00:15:00 (OWASP ASVS 5.0, 7.5.1).")]
    public async Task The_profile_Strict_is_not_to_be_weakened(string setting, string expected)
    {
        var line = Assert.Single(await StartCheck.ExplainAsync(["environment=Development", "Countersign:Profile=Strict", setting]));
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Countersign:StepUp:0 asks for nothing; set its MaxAge, AcrValues:0 or AmrValues:0.", "Countersign:StepUp:0:Operation=userKeys/removing")]
    [InlineData("Countersign:StepUp:0:AcrValues is 'urn:gold', and has no value of its own", "Countersign:StepUp:0:AcrValues=urn:gold")]
    [InlineData("Countersign:StepUp:0:Operation is 'userKeys'; it is an operation such as userKeys/removing.", "Countersign:StepUp:0:Operation=userKeys", "Countersign:StepUp:0:MaxAge=00:05:00")]
    [InlineData("Countersign:StepUp has 'mfa/enabling' twice.", "Countersign:StepUp:0:Operation=mfa/enabling", "Countersign:StepUp:0:MaxAge=00:05:00", "Countersign:StepUp:1:Operation=mfa/enabling", "Countersign:StepUp:1:MaxAge=00:06:00")]
    [InlineData("Countersign:StepUp has an entry for all operations twice.", "Countersign:StepUp:0:MaxAge=00:05:00", "Countersign:StepUp:1:MaxAge=00:06:00")]
    [InlineData("Countersign:StepUp:0:Acr is no setting.", "Countersign:StepUp:0:MaxAge=00:05:00", "Countersign:StepUp:0:Acr:0=urn:gold")]
    public async Task A_step_up_that_would_ask_for_less_than_is_meant_stops_the_start(string expected, params string[] settings)
    {
        var line = Assert.Single(await StartCheck.ExplainAsync(["environment=Development", .. settings]));
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_settings_file_that_is_no_JSON_is_named()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("appsettings.json"), "{", TestContext.Current.CancellationToken);
        var line = Assert.Single(await StartCheck.ExplainAsync(["environment=Development", $"contentRoot={folder.Path}"]));
        Assert.Contains(folder.File("appsettings.json"), line, StringComparison.Ordinal);
        Assert.Contains("LineNumber", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_defect_is_not_explained_away()
    {
        Assert.Null(StartupErrors.Explain(new InvalidOperationException("a defect")));
        Assert.Null(StartupErrors.Explain(new AggregateException(new OptionsValidationException("", typeof(object), ["a setting"]), new InvalidOperationException("a defect"))));
    }
}
