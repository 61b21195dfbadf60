using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Countersign.Tests.Server;
using Microsoft.Extensions.Configuration;

namespace Countersign.Tests.Docs;

public sealed partial class ConfigurationPageTests
{
    static readonly Dictionary<string, string[]> Rows =
        new MarkdownPage("docs/configuration.md").Rows("Countersign").ToDictionary(row => row[0].Trim('`'), row => row);

    [Fact]
    [Trait("ASVS", "2.1.3")]
    [Trait("ASVS", "6.1.1")]
    public void Every_setting_has_its_row_and_every_row_its_setting() =>
        Assert.Equal(Settings(typeof(CountersignOptions), "").Order(StringComparer.Ordinal), Rows.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_default_is_the_real_one()
    {
        var wrong = from row in Rows
                    let real = Default(row.Key)
                    where row.Value[1] != real
                    select $"{row.Key}: the page says {row.Value[1]}, the options say {real}";

        Assert.Equal("", string.Join('\n', wrong));
    }

    [Fact]
    [Trait("ASVS", "2.1.3")]
    public void Every_range_is_the_real_one()
    {
        var checkedRanges = 0;
        foreach (var (name, row) in Rows)
        {
            if (Range().Match(row[2]) is not { Success: true } range)
                continue;

            checkedRanges++;
            var (low, high) = (range.Groups[1].Value, range.Groups[2].Value);
            Assert.Equal("", Complaint(name, low));
            Assert.Equal("", Complaint(name, high));
            Assert.Contains($"Countersign:{Indexed(name)} ", Complaint(name, Beyond(low, -1)), StringComparison.Ordinal);
            Assert.Contains($"Countersign:{Indexed(name)} ", Complaint(name, Beyond(high, 1)), StringComparison.Ordinal);
        }

        Assert.Equal(37, checkedRanges);
    }

    [Fact]
    public void Every_choice_is_a_real_one()
    {
        var checkedChoices = 0;
        foreach (var (name, row) in Rows.Where(row => Choice().IsMatch(row.Value[2])))
        {
            checkedChoices++;
            var choices = Choice().Match(row[2]).Groups[1].Captures.Select(choice => choice.Value).ToList();
            var type = PropertyOf(name).PropertyType;
            type = Nullable.GetUnderlyingType(type) ?? type;
            if (type.IsEnum)
                Assert.Equal(Enum.GetNames(type), choices);
            Assert.All(choices, choice => Assert.Equal("", Complaint(name, choice)));
        }

        Assert.Equal(8, checkedChoices);
    }

    [Fact]
    public async Task A_bad_setting_stops_the_server_with_the_line_that_the_page_shows()
    {
        var shown = new MarkdownPage("docs/configuration.md").Blocks("Configuration")[0].Text.Split('\n');
        Assert.Equal("$ dotnet run --project src/Countersign.Server -- --Countersign:Limits:WrongTriesPerToken=0", shown[0]);

        using var folder = new TestFolder();
        var run = await ServerProcess.RunAsync(folder, "--environment=Development", "--Countersign:Limits:WrongTriesPerToken=0");
        Assert.Equal([shown[1]], run.ErrorLines);
    }

    /// <summary>Leaves of the options, as a configuration names them; a list has one entry, <c>n</c>.</summary>
    static IEnumerable<string> Settings(Type type, string prefix)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = prefix + property.Name;
            var (propertyType, isList) = (property.PropertyType, IsList(property.PropertyType));
            var leaf = isList ? propertyType.GetGenericArguments()[0] : propertyType;
            var path = isList ? $"{name}:n" : name;
            if (leaf.Namespace == "Countersign" && !leaf.IsEnum)
            {
                foreach (var setting in Settings(leaf, $"{path}:"))
                    yield return setting;
            }
            else
            {
                yield return path;
            }
        }
    }

    static bool IsList(Type type) => type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type);

    /// <summary>As the page writes it. Where the option itself is empty and something stands for it, what stands for it.</summary>
    static string Default(string name)
    {
        var options = new CountersignOptions();
        object? value = name switch
        {
            "Tokens:Lifetime" => options.DefaultLifetime,
            "Tokens:Code" => options.CodeFormat,
            "PhoneNumbers:Accept" => options.PhoneNumberAcceptance,
            "Limits:LockFor:n" => options.Limits.LockForOrDefault,
            _ => name.Split(':').Aggregate((object?)options, (owner, part) => part == "n" ? null : owner?.GetType().GetProperty(part)!.GetValue(owner)),
        };
        return value switch
        {
            null or "" => "none",
            IReadOnlyList<TimeSpan> times => string.Join(", ", times.Select(Shown)),
            _ => Shown(value),
        };
    }

    static string Shown<T>(T value) => value is bool flag ? (flag ? "`true`" : "`false`") : string.Create(CultureInfo.InvariantCulture, $"`{value}`");

    static PropertyInfo PropertyOf(string name)
    {
        var (type, found) = (typeof(CountersignOptions), default(PropertyInfo));
        foreach (var part in name.Split(':').Where(part => part != "n"))
        {
            found = type.GetProperty(part)!;
            type = IsList(found.PropertyType) ? found.PropertyType.GetGenericArguments()[0] : found.PropertyType;
        }

        return found!;
    }

    static string Indexed(string name) => name.Replace(":n", ":0", StringComparison.Ordinal);

    /// <summary>What the start says of the value, beside what it always says of options without keys.</summary>
    static string Complaint(string name, string value)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Countersign:Keys:0:Id"] = "1",
            ["Countersign:Keys:0:Value"] = Convert.ToBase64String(new byte[32]),
            [$"Countersign:{Indexed(name)}"] = value,
        };
        // An exception without its lifetime would be one of no time at all.
        if (name.StartsWith("Tokens:Lifetimes:", StringComparison.Ordinal))
            settings.TryAdd("Countersign:Tokens:Lifetimes:0:Lifetime", "00:05:00");

        var options = new CountersignOptions();
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection("Countersign").Bind(options);
        return new CountersignOptionsValidator().Validate(null, options).FailureMessage ?? "";
    }

    static string Beyond(string limit, int step) => limit.Contains(':', StringComparison.Ordinal)
        ? (TimeSpan.Parse(limit, CultureInfo.InvariantCulture) + TimeSpan.FromSeconds(step)).ToString("c", CultureInfo.InvariantCulture)
        : (int.Parse(limit, CultureInfo.InvariantCulture) + step).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^`?([0-9.:]+)`? to `?([0-9.:]+)`?$")]
    private static partial Regex Range();

    [GeneratedRegex(@"^(?:`([^`]+)`(?:, )?){2,}$")]
    private static partial Regex Choice();
}
