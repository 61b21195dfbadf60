namespace Countersign.Bench.Scenarios;

/// <summary>Something that is measured.</summary>
/// <param name="name">As in the arguments and the tables.</param>
abstract class Scenario(string name)
{
    public static readonly IReadOnlyList<string> Names = [.. All().Select(scenario => scenario.Name)];

    public string Name { get; } = name;

    public static IReadOnlyList<Scenario> All() => [new ReadScenario(), new IssueScenario(), new RedeemScenario(), new GuessScenario(), new ChangeScenario()];

    /// <summary>Measures for about <paramref name="duration"/>; what has to be prepared in between does not count.</summary>
    public abstract Measurement Run(Session session, int connections, TimeSpan duration);
}
