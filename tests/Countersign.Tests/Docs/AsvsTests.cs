namespace Countersign.Tests.Docs;

public sealed class AsvsTests
{
    static readonly ILookup<string, string> Tests = TraitedTests.By("ASVS");

    [Fact]
    public void The_page_is_what_the_tests_say() => GeneratedPage.Check("docs/asvs.md", Asvs.Render(Tests));

    [Fact]
    public void All_345_requirements_are_there_once()
    {
        Assert.Equal(345, Asvs.Requirements.Sum(requirement => requirement.Count));
        Assert.Equal(Asvs.Requirements.Count, Asvs.Requirements.Select(requirement => requirement.Id).Distinct().Count());
    }

    [Fact]
    public void Every_trait_is_a_requirement_that_is_said_to_be_covered()
    {
        var covered = Asvs.Requirements.Where(IsCovered).Select(requirement => requirement.Id).ToHashSet();
        Assert.All(Tests, tests => Assert.True(covered.Contains(tests.Key), $"{tests.Key} is not said to be covered, and {tests.First()} has the trait."));
    }

    [Fact]
    public void What_is_covered_has_a_test_and_all_else_a_reason()
    {
        Assert.All(Asvs.Requirements, requirement => Assert.Contains(requirement.Verdict, Asvs.VerdictNames));
        Assert.All(Asvs.Requirements, requirement => Assert.NotEmpty(requirement.Asks));
        Assert.All(Asvs.Requirements.Where(IsCovered), requirement => Assert.True(Tests.Contains(requirement.Id), $"{requirement.Id} has no test."));
        Assert.All(Asvs.Requirements.Where(requirement => !IsCovered(requirement)), requirement => Assert.True(requirement.Note.Length > 0, $"{requirement.Id} has no reason."));
    }

    static bool IsCovered(AsvsRequirement requirement) => requirement.Verdict is Asvs.Covered or Asvs.Strict;
}
