namespace Countersign.Bench.Scenarios;

/// <summary>Something that is measured.</summary>
abstract class Scenario
{
    /// <summary>As in the arguments and the tables.</summary>
    public abstract string Name { get; }

    /// <summary>Measures for about <paramref name="duration"/>; what has to be prepared in between does not count.</summary>
    public abstract Measurement Run(Session session, int connections, TimeSpan duration);
}
