using System.Globalization;
using System.Text.RegularExpressions;
using Countersign.Smtp;
using Countersign.Tests.Docs;

namespace Countersign.Tests.Smtp;

public sealed partial class SmtpConfigurationPageTests
{
    static readonly Dictionary<string, string[]> Rows = new MarkdownPage("docs/configuration.md").Rows("Mail by SMTP")
        .Where(row => row.Length == 4)
        .ToDictionary(row => row[0].Trim('`'), row => row);

    [Fact]
    public void Every_setting_has_its_row_and_every_row_its_setting()
    {
        var settings = typeof(SmtpOptions).GetProperties().Select(property => property.Name).Where(name => name != nameof(SmtpOptions.Dkim))
            .Concat(typeof(SmtpDkimOptions).GetProperties().Select(property => $"Dkim:{property.Name}"));
        Assert.Equal(settings.Order(StringComparer.Ordinal), Rows.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_default_is_the_real_one()
    {
        var ports = Enum.GetValues<SmtpSecurity>().Select(security => $"`{new SmtpOptions { Security = security }.PortOrDefault}`");
        Assert.Equal(string.Join(", ", ports), Rows["Port"][1]);
        var options = new SmtpOptions();
        foreach (var (name, row) in Rows.Where(row => row.Key != "Port"))
        {
            var value = name.Split(':').Aggregate((object?)options, (owner, part) => owner!.GetType().GetProperty(part)!.GetValue(owner));
            Assert.Equal(value is null or "" ? "none" : string.Create(CultureInfo.InvariantCulture, $"`{value}`"), row[1]);
        }
    }

    [Fact]
    public void Every_range_is_the_real_one()
    {
        var ranges = Rows.Where(row => Range().IsMatch(row.Value[2])).ToDictionary(row => row.Key, row => Range().Match(row.Value[2]));
        Assert.Equal(["CloseIdleAfter", "PoolSize", "Port", "Timeout"], ranges.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, range) in ranges)
        {
            var (low, high) = (range.Groups[1].Value, range.Groups[2].Value);
            Assert.Null(Complaint(name, low, 0));
            Assert.Null(Complaint(name, high, 0));
            Assert.StartsWith($"Countersign:Email:Smtp:{name} is ", Complaint(name, low, -1), StringComparison.Ordinal);
            Assert.StartsWith($"Countersign:Email:Smtp:{name} is ", Complaint(name, high, 1), StringComparison.Ordinal);
        }

        Assert.Equal(string.Join(", ", Enum.GetNames<SmtpSecurity>().Select(name => $"`{name}`")), Rows["Security"][2]);
    }

    static string? Complaint(string name, string value, int step)
    {
        var options = new SmtpOptions { Host = "mail.example", From = "accounts@shop.example" };
        object set = value.Contains(':', StringComparison.Ordinal)
            ? TimeSpan.Parse(value, CultureInfo.InvariantCulture) + TimeSpan.FromSeconds(step)
            : int.Parse(value, CultureInfo.InvariantCulture) + step;
        typeof(SmtpOptions).GetProperty(name)!.SetValue(options, set);
        return new SmtpOptionsValidator().Validate(null, options).FailureMessage;
    }

    [GeneratedRegex("^`?([0-9.:]+)`? to `?([0-9.:]+)`?$")]
    private static partial Regex Range();
}
