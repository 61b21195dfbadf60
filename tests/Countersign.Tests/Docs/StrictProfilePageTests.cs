using System.Globalization;
using System.Text.RegularExpressions;
using Countersign.Domain;
using Countersign.Tests.Server;
using Microsoft.Extensions.Configuration;

namespace Countersign.Tests.Docs;

public sealed partial class StrictProfilePageTests
{
    static readonly MarkdownPage Page = new("docs/configuration.md");

    static readonly string[] Senders =
    [
        "Countersign:Email:Smtp:Host=mail.example", "Countersign:Email:Smtp:From=no-reply@example.com",
        "Countersign:Sms:Providers:0:Kind=Webhook", "Countersign:Sms:Providers:0:Webhook:Url=https://sms.example/send",
        $"Countersign:Sms:Providers:0:Webhook:Secrets:0=whsec_{Convert.ToBase64String(new byte[32])}",
    ];

    static readonly Dictionary<string, string> Rules = Page.Rows("The profile Strict").ToDictionary(row => row[0].Trim('`'), row => row[1]);

    [Fact]
    public void Its_defaults_are_as_the_page_says()
    {
        var strict = new CountersignOptions { Profile = CountersignProfile.Strict };
        Assert.Equal(TimeSpan.FromMinutes(10), strict.DefaultLifetime);
        Assert.Equal(CodeFormat.Digits8, strict.CodeFormat);
        Assert.Equal(PhoneNumberAcceptance.Assigned, strict.PhoneNumberAcceptance);
        Assert.Equal(TimeSpan.FromMinutes(15), StepUpOptions.For(Operation.AddingKey, strict)?.MaxAge);
    }

    [Fact]
    [Trait("ASVS", "6.5.5")]
    [Trait("ASVS", "7.5.1")]
    public void Every_end_of_the_table_is_the_real_one()
    {
        var ends = 0;
        foreach (var (name, rule) in Rules)
        {
            if (End().Match(rule) is not { Success: true } end)
                continue;

            ends++;
            var (isMost, value) = (end.Groups[1].Value == "most", end.Groups[2].Value);
            Assert.Empty(Complaints(name, value));
            var complaint = Assert.Single(Complaints(name, Beyond(value, isMost ? 1 : -1)));
            Assert.StartsWith($"Countersign:{Indexed(name)} is ", complaint, StringComparison.Ordinal);
            Assert.Contains($"the profile Strict {(isMost ? "allows at most" : "asks for at least")} {value}", complaint, StringComparison.Ordinal);
        }

        Assert.Equal(25, ends);
    }

    [Theory]
    [InlineData("Tokens:Code", "Digits6")]
    [InlineData("PhoneNumbers:Accept", "Shape")]
    [InlineData("Limits:DryRun", "true")]
    [InlineData("Messages:NotifyRequests", "false")]
    public void What_the_table_names_by_value_is_all_that_is_taken(string name, string other)
    {
        var taken = Value().Matches(Rules[name]).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(taken);
        Assert.DoesNotContain(other, taken);
        Assert.All(taken, value => Assert.Empty(Complaints(name, value)));
        Assert.Equal(
            $"Countersign:{name} is {other}; the profile Strict asks for {string.Join(" or ", taken)}.",
            Assert.Single(Complaints(name, other)));
    }

    [Fact]
    public void No_rule_is_left_out_of_the_table()
    {
        string[] extremes = ["0", "1", "100", "1000000", "00:00:00", "00:00:01", "1.00:00:00", "30.00:00:00", "true", "false", "Digits6", "Shape"];
        var ruled = new MarkdownPage("docs/configuration.md").Rows("Countersign")
            .Select(row => row[0].Trim('`'))
            .Where(name => extremes.Any(value => TryComplaints(name, value).Count > 0))
            .Append("PublicUrl");
        Assert.Equal(Rules.Keys.Order(StringComparer.Ordinal), ruled.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Outside_Development_each_lax_setting_is_a_line_as_the_page_shows_it()
    {
        string[] settings = [.. Production.Settings, "Countersign:Profile=Strict", "Countersign:PublicUrl=https://accounts.example.com", .. Senders];
        Assert.Empty(await StartCheck.ExplainAsync(settings));

        var shown = Page.Blocks("The profile Strict")[0].Text.Split('\n');
        Assert.Equal(2, shown.Length);
        Assert.Equal(shown, await StartCheck.ExplainAsync([.. settings, "Countersign:Holds:KeyChanged=00:00:00", "Countersign:Limits:DryRun=true"]));
    }

    [Fact]
    public async Task Outside_Development_links_to_undo_a_change_have_somewhere_to_lead_to()
    {
        var line = Assert.Single(await StartCheck.ExplainAsync([.. Production.Settings, "Countersign:Profile=Strict", .. Senders]));
        Assert.StartsWith("Countersign does not start: Countersign:PublicUrl is missing; the profile Strict asks for it", line, StringComparison.Ordinal);
        Assert.Empty(await StartCheck.ExplainAsync([.. Production.Settings, .. Senders]));
    }

    [Fact]
    public async Task In_Development_protections_may_be_relaxed_and_tokens_may_not()
    {
        string[] settings = ["environment=Development", "Countersign:Profile=Strict"];
        Assert.Empty(await StartCheck.ExplainAsync([.. settings, "Countersign:Holds:KeyChanged=00:00:00", "Countersign:Limits:WrongTriesPerToken=100"]));
        Assert.Single(await StartCheck.ExplainAsync([.. settings, "Countersign:Tokens:Lifetime=00:10:01"]));
    }

    static IReadOnlyList<string> Complaints(string name, string value)
    {
        var options = new CountersignOptions { Profile = CountersignProfile.Strict };
        var settings = new Dictionary<string, string?> { [$"Countersign:{Indexed(name)}"] = value };
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection("Countersign").Bind(options);
        return [.. new StrictProfile().Validate(null, options).Failures ?? []];
    }

    /// <summary>None where the value is nothing that the setting could be.</summary>
    static IReadOnlyList<string> TryComplaints(string name, string value)
    {
        try
        {
            return Complaints(name, value);
        }
        catch (InvalidOperationException)
        {
            return [];
        }
    }

    static string Indexed(string name) => name.Replace(":n", ":0", StringComparison.Ordinal);

    static string Beyond(string end, int step) => end.Contains(':', StringComparison.Ordinal)
        ? (TimeSpan.Parse(end, CultureInfo.InvariantCulture) + TimeSpan.FromSeconds(step)).ToString("c", CultureInfo.InvariantCulture)
        : (int.Parse(end, CultureInfo.InvariantCulture) + step).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("^at (least|most) `([0-9.:]+)`")]
    private static partial Regex End();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Value();
}
