using System.Text;
using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>One that uses up what has to be there before it: it goes in rounds, and between them more is got ready, which does not count.</summary>
/// <param name="perAccount">Answers for each account of a round.</param>
abstract class RoundedScenario(string name, int perAccount = 1) : Scenario(name)
{
    const int FirstRound = 500;

    public override Measurement Run(Session session, int connections, TimeSpan duration)
    {
        var measurement = new Measurement();
        var accounts = Math.Min(FirstRound / perAccount, session.Sample.Count);
        while (measurement.Time < duration)
        {
            var left = duration - measurement.Time;
            RunRound(session, connections, session.TakeAccounts(accounts), accounts, left, measurement);
            // As many as the rest of the time may need.
            left = duration - measurement.Time;
            accounts = (int)Math.Clamp(1.1 * measurement.PerSecond * left.TotalSeconds / perAccount, 1, session.Sample.Count);
        }

        return measurement;
    }

    /// <param name="first">Where the accounts begin that the round is for.</param>
    protected abstract void RunRound(Session session, int connections, int first, int accounts, TimeSpan atMost, Measurement measurement);

    /// <summary>Gets each of the accounts a token, and says how to redeem it.</summary>
    protected Action<RequestBuffer, int> Prepare(Session session, int first, int accounts, out string value)
    {
        value = session.NewValue();
        var bytes = Encoding.ASCII.GetBytes(value);
        session.Issue(Name, first, accounts, (buffer, place) => session.Wire.IssueToRedeem(buffer, session.Sample.RequesterAt(place), bytes));
        return (buffer, place) => session.Wire.Redeem(buffer, session.Sample.RequesterAt(place), session.Codes.Latest(place), bytes);
    }
}
