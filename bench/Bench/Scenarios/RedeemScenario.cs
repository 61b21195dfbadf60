using System.Globalization;
using System.Text;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;

namespace Countersign.Bench.Scenarios;

/// <summary>A token redeemed together with the change that it guards, each token once.</summary>
sealed class RedeemScenario : RoundedScenario
{
    const int Replayed = 200;
    const int ReplayConnections = 16;

    int rounds;

    public override string Name => "redeem";

    protected override void RunRound(Session session, int connections, int first, int accounts, TimeSpan atMost, Measurement measurement)
    {
        // Another one in each round: what is set has changed.
        var value = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Code{++rounds:D4}"));
        session.Issue(Name, first, accounts, (buffer, place) => session.Wire.IssueToRedeem(buffer, session.Sample.RequesterAt(place), value));

        var tickets = new Tickets(first, session.Sample.Count, accounts);
        void Redeem(RequestBuffer buffer, int place) => session.Wire.Redeem(buffer, session.Sample.RequesterAt(place), session.Code(place), value);
        measurement.Add(session.Running, () => session.Run(connections, new Workload(Name, tickets, Redeem), atMost));
        session.Redeemed += tickets.Taken;

        Replay(session, first, tickets.Taken, Redeem);
        if (session.Running.Ledger.Redeemed() is var redeemed && redeemed != session.Redeemed)
            throw new BenchException($"{session.Running.System.Name}: {session.Redeemed} tokens were redeemed by the answers, and {redeemed} by the database.");
    }

    /// <summary>What was redeemed is sent again, each at once on two connections, and has to be refused.</summary>
    static void Replay(Session session, int first, int redeemed, Action<RequestBuffer, int> write)
    {
        var sample = Math.Min(Replayed, redeemed);
        var twice = new Tickets(first, session.Sample.Count, 2L * sample, repeat: 2);
        var work = new Workload("a token that was redeemed before", twice, write, ExpectedStatus: 422);
        _ = session.Run(ReplayConnections, work, TimeSpan.FromMinutes(1));
    }
}
