using System.Text;
using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>
/// The whole change of an email: a token to the current one, with its code a token to the new one, and with that code the change. A round does the first step for all of its
/// accounts, then the second, then the third; the codes are fetched between them.
/// </summary>
sealed class ChangeScenario() : RoundedScenario("change")
{
    protected override void RunRound(Session session, int connections, int first, int accounts, TimeSpan atMost, Measurement measurement)
    {
        var value = session.NewValue();
        var bytes = Encoding.ASCII.GetBytes(value);
        var took = new long[session.Sample.Count];
        session.DropCodes();

        Step("issuing to the current email", (buffer, place) => session.Wire.Issue(buffer, session.Sample.RequesterAt(place)));
        session.ExpectCodes(accounts);
        Step("issuing to the new email", (buffer, place) => session.Wire.IssueToNew(buffer, session.Sample.RequesterAt(place), session.Codes.Latest(place), bytes));
        session.ExpectCodes(accounts);
        Step("changing", (buffer, place) => session.Wire.ChangeEmail(buffer, session.Sample.RequesterAt(place), session.Codes.Latest(place), bytes));

        session.CheckChanges(accounts, value);
        var tickets = session.Once(first, accounts);
        for (var turn = 0; turn < accounts; turn++)
            measurement.Count(took[tickets.At(turn)]);

        void Step(string name, Action<RequestBuffer, int> write) => measurement.AddPart(
            session.Running,
            () => session.Run(
                connections,
                new Workload($"{Name}, {name}", session.Once(first, accounts), write, Took: (place, nanoseconds) => took[place] += nanoseconds),
                Session.Unlimited));
    }
}
