using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>A token redeemed together with the change that it guards, each token once.</summary>
sealed class RedeemScenario() : RoundedScenario("redeem")
{
    /// <summary>So many tokens are tried twice.</summary>
    const int Checked = 200;

    public override Measurement Run(Session session, int connections, TimeSpan duration)
    {
        var measurement = base.Run(session, connections, duration);
        CheckRaces(session);
        return measurement;
    }

    protected override void RunRound(Session session, int connections, int first, int accounts, TimeSpan atMost, Measurement measurement)
    {
        var redeem = Prepare(session, first, accounts, out var value);
        var tickets = session.Once(first, accounts);
        measurement.Add(session.Running, () => session.Run(connections, new Workload(Name, tickets, redeem), atMost));

        var again = Twice(session, first, Math.Min(Checked, tickets.TakenInOrder));
        _ = session.RunUnmeasured(new Workload("a token that was redeemed before", again, redeem, ExpectedStatus: 422));
        session.CheckChanges(tickets.Taken, value);
        for (var turn = 0; turn < tickets.TakenInOrder; turn++)
            session.WrongGuesses[tickets.At(turn)] = 0;
    }

    /// <summary>Tokens that were not redeemed yet, each on two connections at once: one of the two gets it.</summary>
    void CheckRaces(Session session)
    {
        var accounts = Math.Min(Checked, session.Sample.Count);
        var first = session.TakeAccounts(accounts);
        var redeem = Prepare(session, first, accounts, out var value);
        var result = session.RunUnmeasured(new Workload("a token that is redeemed twice at once", Twice(session, first, accounts), redeem, OtherStatus: 422));
        if (result.Others != accounts)
            throw session.Running.Failure($"{accounts} tokens were each redeemed twice at once, and {result.Answers - result.Others} of these requests had success.");
        session.CheckChanges(accounts, value);
    }

    static Tickets Twice(Session session, int first, int accounts) => new(first, accounts, session.Sample.Count, 2L * accounts, repeat: 2);
}
