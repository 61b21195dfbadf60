using Countersign.Domain;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Countersign.Tests;

public sealed class OptionsTests
{
    static readonly string Key = Convert.ToBase64String(new byte[32]);

    [Fact]
    public void The_defaults_are_those_of_the_contract()
    {
        var options = Read();
        var rules = options.ToRules();

        Assert.Equal(TimeSpan.FromMinutes(30), rules.Lifetime(Operation.AddingKey, KeyType.Email));
        Assert.Equal(CodeFormat.Digits6, rules.CodeFormat);
        Assert.Equal(PhoneNumberAcceptance.Shape, options.PhoneNumberAcceptance);
        Assert.True(rules.Mfa);
        Assert.True(rules.AntiPhishing);
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)), (rules.ResendAfterEmail, rules.ResendAfterSms));
        Assert.Equal((5, 5, 10), (rules.IssuesPerHour, rules.WrongTriesPerToken, rules.WrongTriesPerDay));
        Assert.Equal([TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromDays(1)], rules.LockFor);
        Assert.Equal((5, 10), (options.Limits.Recipient.Sms.TenMinutes, options.Limits.Recipient.Sms.Day));
        Assert.Equal((10, 20), (options.Limits.Recipient.Email.TenMinutes, options.Limits.Recipient.Email.Day));
        Assert.Equal((30, 30), (options.Limits.Client.IssuesPerHour, options.Limits.Client.RedeemsPerFiveMinutes));
        Assert.True(options.Accounts.ProvisionFromClaims);
    }

    [Theory]
    [InlineData("Tokens:Lifetime", "00:00:00")]
    [InlineData("Tokens:Lifetime", "-00:00:01")]
    [InlineData("Tokens:Lifetime", "00:00:01.5")]
    [InlineData("Tokens:Lifetime", "1.00:00:01")]
    [InlineData("Tokens:Code", "7")]
    [InlineData("PhoneNumbers:Accept", "9")]
    [InlineData("Profile", "5")]
    [InlineData("Tokens:Lifetimes:0:Lifetime", "2.00:00:00")]
    [InlineData("AllowedOrigins:0", "*")]
    [InlineData("AllowedOrigins:0", "app.example.com")]
    [InlineData("AllowedOrigins:0", "http://app.example.com")]
    [InlineData("AllowedOrigins:0", "https://app.example.com/")]
    [InlineData("AllowedOrigins:0", "https://App.example.com")]
    [InlineData("AllowedOrigins:0", "https://app.example.com:443")]
    [InlineData("StepUp:0:MaxAge", "00:00:00")]
    [InlineData("StepUp:0:MaxAge", "00:00:01.5")]
    [InlineData("StepUp:0:MaxAge", "30.00:00:01")]
    [InlineData("StepUp:0:AcrValues:0", "")]
    [InlineData("StepUp:0:AcrValues:0", "urn:a urn:b")]
    [InlineData("StepUp:0:AcrValues:0", "a\"b")]
    [InlineData("StepUp:0:AcrValues:0", "a\\b")]
    [InlineData("StepUp:0:AcrValues:0", "a\nb")]
    [InlineData("StepUp:0:AmrValues:0", "é")]
    [InlineData("Limits:IssuesPerHour", "0")]
    [InlineData("Limits:IssuesPerHour", "1000001")]
    [InlineData("Limits:WrongTriesPerToken", "0")]
    [InlineData("Limits:WrongTriesPerToken", "101")]
    [InlineData("Limits:WrongTriesPerDay", "0")]
    [InlineData("Limits:WrongTriesPerDay", "10001")]
    [InlineData("Limits:Recipient:Sms:TenMinutes", "-1")]
    [InlineData("Limits:Recipient:Sms:Day", "-1")]
    [InlineData("Limits:Recipient:Email:TenMinutes", "1000001")]
    [InlineData("Limits:Recipient:Email:Day", "-1")]
    [InlineData("Limits:Client:IssuesPerHour", "-1")]
    [InlineData("Limits:Client:RedeemsPerFiveMinutes", "1000001")]
    [InlineData("Limits:ResendAfter:Email", "-00:00:01")]
    [InlineData("Limits:ResendAfter:Email", "01:00:01")]
    [InlineData("Limits:ResendAfter:Sms", "01:00:01")]
    [InlineData("Limits:LockFor:0", "00:00:00.5")]
    [InlineData("Limits:LockFor:0", "30.00:00:01")]
    [InlineData("Messages:ProductName", "")]
    [InlineData("Messages:ProductName", "12345678901234567890123456789012345678901")]
    [InlineData("Messages:ProductName", "Count\nersign")]
    [InlineData("Messages:Host", "https://example.com")]
    [InlineData("Messages:Host", "example.com/path")]
    [InlineData("Messages:Host", "example.com:443")]
    [InlineData("Messages:Host", "exa mple.com")]
    [InlineData("Messages:NoticeLifetime", "00:00:59")]
    [InlineData("Messages:NoticeLifetime", "7.00:00:01")]
    [InlineData("Keys:0:Id", "")]
    [InlineData("Keys:0:Id", "with space")]
    [InlineData("Keys:0:Id", "a-name-of-more-than-32-characters")]
    [InlineData("Keys:0:Value", "")]
    [InlineData("Keys:0:Value", "not base64")]
    [InlineData("Keys:0:Value", "AAAA")]
    public void A_setting_out_of_range_is_named_and_it_alone(string name, string value)
    {
        var errors = Errors($"{name}={value}");
        var error = Assert.Single(errors);
        Assert.StartsWith($"Countersign:{name} ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AllowedOrigins:0", "https://app.example.com:8443")]
    [InlineData("AllowedOrigins:0", "http://localhost:5056")]
    [InlineData("Tokens:Lifetime", "00:00:01")]
    [InlineData("Tokens:Lifetime", "1.00:00:00")]
    [InlineData("Limits:IssuesPerHour", "1")]
    [InlineData("Limits:IssuesPerHour", "1000000")]
    [InlineData("Limits:WrongTriesPerToken", "100")]
    [InlineData("Limits:WrongTriesPerDay", "10000")]
    [InlineData("Limits:Recipient:Sms:Day", "0")]
    [InlineData("Limits:Client:IssuesPerHour", "0")]
    [InlineData("Limits:ResendAfter:Email", "00:00:00")]
    [InlineData("Limits:ResendAfter:Sms", "01:00:00")]
    [InlineData("Limits:LockFor:0", "00:00:01")]
    [InlineData("Limits:LockFor:0", "30.00:00:00")]
    [InlineData("Messages:ProductName", "1234567890123456789012345678901234567890")]
    [InlineData("Messages:Host", "accounts.example.com")]
    [InlineData("Messages:NoticeLifetime", "00:01:00")]
    [InlineData("Messages:NoticeLifetime", "7.00:00:00")]
    [InlineData("Keys:0:Id", "2026-11.a_B")]
    public void The_ends_of_a_range_are_within(string name, string value) => Assert.Empty(Errors($"{name}={value}"));

    [Theory]
    [InlineData("Operation", "userKeys/remove")]
    [InlineData("Operation", "USERKEYS/REMOVING")]
    [InlineData("Channel", "SMS")]
    public void An_exception_from_the_lifetime_for_what_does_not_exist_is_named(string name, string value) =>
        Assert.StartsWith(
            $"Countersign:Tokens:Lifetimes:0:{name} is '{value}'",
            Assert.Single(Errors("Tokens:Lifetimes:0:Lifetime=00:05:00", $"Tokens:Lifetimes:0:{name}={value}")),
            StringComparison.Ordinal);

    [Fact]
    public void Every_bad_setting_is_named_at_once() =>
        Assert.Equal(
            ["Countersign:Limits:IssuesPerHour", "Countersign:Limits:LockFor:1", "Countersign:Tokens:Lifetime"],
            Errors("Tokens:Lifetime=00:00:00", "Limits:IssuesPerHour=0", "Limits:LockFor:0=00:01:00", "Limits:LockFor:1=00:00:00")
                .Select(error => error.Split(' ')[0])
                .Order());

    [Fact]
    public void Lists_have_an_end()
    {
        var locks = Enumerable.Range(0, 11).Select(i => $"Limits:LockFor:{i}=00:01:00").ToArray();
        Assert.StartsWith("Countersign:Limits:LockFor has 11 entries", Assert.Single(Errors(locks)), StringComparison.Ordinal);
        Assert.Empty(Errors(locks[..10]));

        var lifetimes = Enumerable.Range(0, 33).Select(i => $"Tokens:Lifetimes:{i}:Lifetime=00:01:00").ToArray();
        Assert.StartsWith("Countersign:Tokens:Lifetimes has 33 entries", Assert.Single(Errors(lifetimes)), StringComparison.Ordinal);
        Assert.Empty(Errors(lifetimes[..32]));
    }

    [Fact]
    [Trait("ASVS", "13.2.3")]
    public void A_missing_key_says_how_to_make_one()
    {
        var error = Assert.Single(ErrorsOf(Build()));
        Assert.StartsWith("Countersign:Keys:0 is missing", error, StringComparison.Ordinal);
        Assert.Contains("`Countersign.Server keys new`", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_keys_of_one_id_are_named()
    {
        Assert.Equal(["Countersign:Keys has the id 'test' twice."], Errors("Keys:1:Id=test", $"Keys:1:Value={Key}"));
        Assert.Empty(Errors("Keys:1:Id=older", $"Keys:1:Value={Key}"));
    }

    [Fact]
    public void A_bad_key_is_named_and_not_printed()
    {
        var error = Assert.Single(Errors("Keys:0:Value=c2VjcmV0IGJ1dCB0b28gc2hvcnQ="));
        Assert.StartsWith("Countersign:Keys:0:Value is not base64 of 32 bytes", error, StringComparison.Ordinal);
        Assert.DoesNotContain("c2Vjcm", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Tokns:Lifetime", "Countersign:Tokns")]
    [InlineData("Tokens:Lifetme", "Countersign:Tokens:Lifetme")]
    [InlineData("Tokens:DefaultLifetime", "Countersign:Tokens:DefaultLifetime")]
    [InlineData("Limits:LockForOrDefault", "Countersign:Limits:LockForOrDefault")]
    [InlineData("Limits:Recipient:Fax:Day", "Countersign:Limits:Recipient:Fax")]
    [InlineData("Limits:ResendAfter:SMS2", "Countersign:Limits:ResendAfter:SMS2")]
    [InlineData("Keys:0:Secret", "Countersign:Keys:0:Secret")]
    [InlineData("Tokens:Lifetimes:0:Operations", "Countersign:Tokens:Lifetimes:0:Operations")]
    [InlineData("Profile:Name", "Countersign:Profile:Name")]
    public void A_setting_that_does_not_exist_is_named(string name, string path) =>
        Assert.Equal(
            [$"{path} is no setting. Settings are listed in docs/configuration.md."],
            Errors("Tokens:Lifetimes:0:Lifetime=00:05:00", $"{name}=1"));

    [Fact]
    public void Case_does_not_matter_and_the_senders_read_their_own() =>
        Assert.Empty(Errors("limits:ISSUESPERHOUR=7", "Email:Host=mail.example.com", "Sms:Anything:At=all"));

    [Fact]
    public void The_profile_Strict_has_its_own_defaults()
    {
        var options = Read("Profile=Strict");
        Assert.Equal(TimeSpan.FromMinutes(10), options.ToRules().Lifetime(Operation.RemovingKey, KeyType.PhoneNumber));
        Assert.Equal(CodeFormat.Digits8, options.CodeFormat);
        Assert.Equal(PhoneNumberAcceptance.Assigned, options.PhoneNumberAcceptance);
    }

    [Theory]
    [InlineData("Tokens:Lifetime", "00:10:01")]
    [InlineData("Tokens:Lifetimes:0:Lifetime", "00:10:01")]
    [InlineData("Tokens:Code", "Digits6")]
    [InlineData("PhoneNumbers:Accept", "Shape")]
    public void The_profile_Strict_takes_nothing_laxer(string name, string value)
    {
        Assert.Empty(Errors($"{name}={value}"));
        var error = Assert.Single(Errors("Profile=Strict", $"{name}={value}"));
        Assert.StartsWith($"Countersign:{name} is {value}; the profile Strict ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_profile_Strict_takes_what_is_stricter() =>
        Assert.Empty(Errors("Profile=Strict", "Tokens:Lifetime=00:05:00", "Tokens:Code=Base32", "Tokens:Lifetimes:0:Lifetime=00:10:00"));

    [Fact]
    public void The_most_specific_lifetime_counts_in_whatever_order()
    {
        string[] entries =
        [
            "Tokens:Lifetime=00:20:00",
            "Tokens:Lifetimes:0:Lifetime=00:01:00", "Tokens:Lifetimes:0:Operation=userKeys/removing", "Tokens:Lifetimes:0:Channel=EMAIL",
            "Tokens:Lifetimes:1:Lifetime=00:02:00", "Tokens:Lifetimes:1:Operation=userKeys/removing",
            "Tokens:Lifetimes:2:Lifetime=00:03:00", "Tokens:Lifetimes:2:Channel=PHONE_NUMBER",
        ];
        var lifetime = Read(entries).ToRules().Lifetime;

        Assert.Equal(TimeSpan.FromMinutes(1), lifetime(Operation.RemovingKey, KeyType.Email));
        Assert.Equal(TimeSpan.FromMinutes(2), lifetime(Operation.RemovingKey, KeyType.PhoneNumber));
        Assert.Equal(TimeSpan.FromMinutes(3), lifetime(Operation.AddingKey, KeyType.PhoneNumber));
        Assert.Equal(TimeSpan.FromMinutes(20), lifetime(Operation.AddingKey, KeyType.Email));

        var reversed = Read([.. entries.Select(entry => entry.Replace("Lifetimes:0", "Lifetimes:9", StringComparison.Ordinal))]).ToRules().Lifetime;
        Assert.Equal(TimeSpan.FromMinutes(1), reversed(Operation.RemovingKey, KeyType.Email));
        Assert.Equal(TimeSpan.FromMinutes(2), reversed(Operation.RemovingKey, KeyType.PhoneNumber));
    }

    [Fact]
    public void Configured_locks_take_the_place_of_the_default_ones() =>
        Assert.Equal([TimeSpan.FromMinutes(1)], Read("Limits:LockFor:0=00:01:00").ToRules().LockFor);

    static string[] Errors(params string[] settings) => ErrorsOf(Build(["Keys:0:Id=test", $"Keys:0:Value={Key}", .. settings]));

    static string[] ErrorsOf(IOptions<CountersignOptions> options) =>
        Record.Exception(() => options.Value) switch
        {
            null => [],
            OptionsValidationException invalid => [.. invalid.Failures],
            var other => throw other,
        };

    static CountersignOptions Read(params string[] settings) => Build(["Keys:0:Id=test", $"Keys:0:Value={Key}", .. settings]).Value;

    static IOptions<CountersignOptions> Build(params string[] settings)
    {
        var values = settings
            .Select(setting => setting.Split('=', 2))
            .GroupBy(pair => $"{CountersignOptions.Section}:{pair[0]}")
            .ToDictionary(group => group.Key, group => (string?)group.Last()[1]);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        services.AddLogging();
        services.AddCountersign();
        return services.BuildServiceProvider().GetRequiredService<IOptions<CountersignOptions>>();
    }
}
