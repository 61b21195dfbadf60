using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>One that can go on for ever, with account after account.</summary>
abstract class EndlessScenario(string name) : Scenario(name)
{
    public override Measurement Run(Session session, int connections, TimeSpan duration)
    {
        var measurement = new Measurement();
        var all = session.Sample.Count;
        // Not where the last one began: what it has warmed up is no better than the rest.
        var tickets = new Tickets(session.TakeAccounts(all / 2), all, all, long.MaxValue);
        measurement.Add(session.Running, () => session.Run(connections, new Workload(Name, tickets, (buffer, place) => Write(session, buffer, place)), duration));
        return measurement;
    }

    protected abstract void Write(Session session, RequestBuffer buffer, int place);
}
