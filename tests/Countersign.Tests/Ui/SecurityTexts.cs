using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Ui;

/// <summary>What the element says, as its files have it.</summary>
static class SecurityTexts
{
    const string Folder = "src/Countersign/Ui/security/texts";

    public static IReadOnlyList<string> Languages => [.. Repository.Files(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)!)];

    public static Dictionary<string, string> Of(string language) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(Repository.Read($"{Folder}/{language}.json"))!;
}

public sealed partial class SecurityTextsTests
{
    static readonly (string Label, string[] Titles)[] ActionLabels =
    [
        ("add", ["userKeys/adding/EMAIL", "userKeys/adding/PHONE_NUMBER"]),
        ("change", ["userKeys/changing/EMAIL", "userKeys/changing/PHONE_NUMBER", "antiPhishing/changing"]),
        ("remove", ["userKeys/removing/EMAIL", "userKeys/removing/PHONE_NUMBER"]),
        ("set", ["antiPhishing/adding"]),
        ("turnOn", ["mfa/enabling/EMAIL", "mfa/enabling/PHONE_NUMBER"]),
        ("turnOff", ["mfa/disabling/EMAIL", "mfa/disabling/PHONE_NUMBER"]),
    ];

    [Fact]
    public void There_are_six_languages_and_the_page_offers_them()
    {
        Assert.Equal(["ar", "de", "en", "es", "fr", "uk"], SecurityTexts.Languages.Order(StringComparer.Ordinal));
        var offered = Option().Matches(Repository.Read("src/Countersign/Ui/development/page.html")).Select(match => match.Groups[1].Value);
        Assert.Equal(SecurityTexts.Languages.Order(StringComparer.Ordinal), offered.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("ar")]
    [InlineData("de")]
    [InlineData("es")]
    [InlineData("fr")]
    [InlineData("uk")]
    public void A_language_says_all_that_English_says_with_the_same_values(string language)
    {
        var (english, other) = (SecurityTexts.Of("en"), SecurityTexts.Of(language));
        // In the same order, so that they can be read beside each other.
        Assert.Equal(english.Keys, other.Keys.Where(name => name != "direction"));
        Assert.All(english, text =>
        {
            Assert.False(string.IsNullOrWhiteSpace(other[text.Key]), text.Key);
            Assert.Equal(Values(text.Value), Values(other[text.Key]));
        });
        // The name that is read out has in it what is to be seen, so that a button can be called by it (WCAG 2.5.3).
        Assert.All(
            ActionLabels, action => Assert.All(action.Titles, title => Assert.Contains(other[action.Label], other[title], StringComparison.CurrentCultureIgnoreCase)));
        // A word may be the same; a sentence is not.
        Assert.DoesNotContain(english, text => text.Value.Count(char.IsWhiteSpace) > 2 && other[text.Key] == text.Value);
    }

    static IEnumerable<string> Values(string text) => Value().Matches(text).Select(match => match.Value).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Value();

    [GeneratedRegex("<option value=\"([a-z]{2})\" lang=\"\\1\">")]
    private static partial Regex Option();
}
