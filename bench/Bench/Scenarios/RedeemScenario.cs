using System.Text;
using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>A token redeemed together with the change that it guards, each token once.</summary>
sealed class RedeemScenario() : RoundedScenario("redeem")
{
    const int Replayed = 200;

    protected override void RunRound(Session session, int connections, int first, int accounts, TimeSpan atMost, Measurement measurement)
    {
        var value = session.NewValue();
        var bytes = Encoding.ASCII.GetBytes(value);
        session.Issue(Name, first, accounts, (buffer, place) => session.Wire.IssueToRedeem(buffer, session.Sample.RequesterAt(place), bytes));

        var tickets = session.Once(first, accounts);
        void Redeem(RequestBuffer buffer, int place) => session.Wire.Redeem(buffer, session.Sample.RequesterAt(place), session.Codes.Latest(place), bytes);
        measurement.Add(session.Running, () => session.Run(connections, new Workload(Name, tickets, Redeem), atMost));

        // Each of some, at the same time on two connections.
        var replayed = Math.Min(Replayed, tickets.TakenInOrder);
        var twice = new Tickets(first, replayed, session.Sample.Count, 2 * replayed, repeat: 2);
        session.RunUnmeasured(new Workload("a token that was redeemed before", twice, Redeem, ExpectedStatus: 422));

        session.CheckChanges(tickets.Taken, value);
        for (var turn = 0; turn < tickets.TakenInOrder; turn++)
            session.WrongGuesses[tickets.At(turn)] = 0;
    }
}
