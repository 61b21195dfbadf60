using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Docs;

/// <summary>One requirement of OWASP ASVS 5.0.0, or a range of them that have one reason.</summary>
sealed record AsvsRequirement(string Chapter, string Id, string Level, string Verdict, string Asks, string Note, int Count);

/// <summary>Our list of the requirements (<c>Asvs.txt</c>), and the page that is made of it and of the tests.</summary>
static partial class Asvs
{
    public const string Covered = "covered";
    public const string Strict = "strict";
    const string Intro =
        """
        # OWASP ASVS 5.0.0

        What becomes of each requirement of the [Application Security Verification Standard 5.0.0](https://owasp.org/www-project-application-security-verification-standard/) here. The page is generated
        from the tests: *covered* names those that show it, and a test of this page fails when there is none. The standard's own words are not repeated; what a requirement asks is said in ours, and as far as it
        touches this product. Levels are the standard's.

        This is no certificate. It was not made by an assessor, and what was left out of a test is not in it.


        """;

    static readonly (string Verdict, string Shown)[] Verdicts =
    [
        (Covered, "covered: a test shows it"),
        (Strict, "covered in the [profile Strict](configuration.md#the-profile-strict) only"),
        ("read", "met, as reading shows: no test"),
        ("operator", "the operator's: what stands around Countersign decides it"),
        ("no", "not applicable"),
        ("unmet", "not met"),
    ];

    public static IReadOnlyList<AsvsRequirement> Requirements { get; } = Read();

    public static IEnumerable<string> VerdictNames => Verdicts.Select(verdict => verdict.Verdict);

    public static string Render(ILookup<string, string> tests)
    {
        var page = new StringBuilder(Intro);
        page.Append("| | requirements |\n|---|---|\n");
        foreach (var (verdict, shown) in Verdicts)
            page.Append(CultureInfo.InvariantCulture, $"| {shown} | {Requirements.Where(requirement => requirement.Verdict == verdict).Sum(requirement => requirement.Count)} |\n");
        page.Append(CultureInfo.InvariantCulture, $"| all | {Requirements.Sum(requirement => requirement.Count)} |\n");

        foreach (var chapter in Requirements.GroupBy(requirement => requirement.Chapter))
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {chapter.Key}\n\n| id | level | what it asks | | |\n|---|---|---|---|---|\n");
            foreach (var requirement in chapter)
                page.Append(CultureInfo.InvariantCulture, $"| {requirement.Id} | {requirement.Level} | {requirement.Asks} | {Word(requirement.Verdict)} | {Why(requirement, tests)} |\n");
        }

        return page.ToString();
    }

    static string Why(AsvsRequirement requirement, ILookup<string, string> tests) =>
        string.Join("<br>", tests[requirement.Id].Prepend(requirement.Note).Where(part => part.Length > 0));

    static string Word(string verdict) => verdict switch
    {
        Strict => "in Strict",
        "read" => "by reading",
        "no" => "not applicable",
        "unmet" => "**not met**",
        _ => verdict,
    };

    static List<AsvsRequirement> Read()
    {
        var requirements = new List<AsvsRequirement>();
        var chapter = "";
        foreach (var line in Repository.Read("tests/Countersign.Tests/Docs/Asvs.txt").Split('\n').Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == '=')
            {
                chapter = line[1..].Trim();
                continue;
            }

            var cells = line.Split('|').Select(cell => cell.Trim()).ToArray();
            Assert.True(cells.Length is 5 or 6, line);
            // A range over sections says how many it stands for; one within a section can be counted.
            var count = cells.Length == 6 ? int.Parse(cells[5], CultureInfo.InvariantCulture) : Count(cells[0]);
            requirements.Add(new AsvsRequirement(chapter, cells[0], cells[1], cells[2], cells[3], cells[4], count));
        }

        return requirements;
    }

    static int Count(string id)
    {
        var range = Range().Match(id);
        Assert.True(range.Success, id);
        return range.Groups[2].Success ? Number(range.Groups[2]) - Number(range.Groups[1]) + 1 : 1;
    }

    static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\A[0-9]+\.[0-9]+\.([0-9]+)(?:-([0-9]+))?\z")]
    private static partial Regex Range();
}
