using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>A token to the current email, for account after account.</summary>
sealed class IssueScenario : Scenario
{
    public override string Name => "issue";

    public override Measurement Run(Session session, int connections, TimeSpan duration)
    {
        var measurement = new Measurement();
        var work = new Workload(
            Name,
            Tickets.Endless(session.TakeAccounts(session.Sample.Count / 2), session.Sample.Count),
            (buffer, place) => session.Wire.Issue(buffer, session.Sample.RequesterAt(place)));
        measurement.Add(session.Running, () => session.Run(connections, work, duration));
        return measurement;
    }
}
