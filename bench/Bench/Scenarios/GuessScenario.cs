using System.Text;
using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>A wrong code for a token that can be redeemed. Nobody guesses more than may be guessed.</summary>
sealed class GuessScenario() : RoundedScenario("guess", PerToken)
{
    /// <summary>The fifth would end the token, and another token in its place does not begin anew.</summary>
    const int PerToken = 4;

    protected override void RunRound(Session session, int connections, int first, int accounts, TimeSpan atMost, Measurement measurement)
    {
        ForgetGuesses(session, first, accounts);
        _ = Prepare(session, first, accounts, out var value);
        var bytes = Encoding.ASCII.GetBytes(value);
        var tickets = new Tickets(first, accounts, session.Sample.Count, (long)accounts * PerToken);
        var counted = session.Running.Ledger.WrongGuesses();
        var work = new Workload(Name, tickets, (buffer, place) => Guess(session, buffer, place, bytes), ExpectedStatus: 422);
        measurement.Add(session.Running, () => session.Run(connections, work, atMost));

        if (session.Running.Ledger.WrongGuesses() - counted is { } more && more != tickets.Taken)
            throw session.Running.Failure($"{tickets.Taken} wrong guesses were answered, and {more} are counted.");
        for (var place = 0; place < accounts; place++)
            session.WrongGuesses[tickets.At(place)] += PerToken;
    }

    static void Guess(Session session, RequestBuffer buffer, int place, ReadOnlySpan<byte> value)
    {
        Span<byte> wrong = stackalloc byte[session.Codes.Latest(place).Length];
        session.Codes.WriteWrong(place, wrong);
        session.Wire.Guess(buffer, session.Sample.RequesterAt(place), wrong, value);
    }

    /// <summary>Where an account has guessed wrong before, each redeems a token first: a success clears the count.</summary>
    void ForgetGuesses(Session session, int first, int accounts)
    {
        var tickets = session.Once(first, accounts);
        if (Enumerable.Range(0, accounts).All(turn => session.WrongGuesses[tickets.At(turn)] == 0))
            return;

        var redeem = Prepare(session, first, accounts, out var value);
        _ = session.RunUnmeasured(new Workload($"{Name}, redeeming before it", tickets, redeem));
        session.CheckChanges(accounts, value);
        for (var turn = 0; turn < accounts; turn++)
            session.WrongGuesses[tickets.At(turn)] = 0;
    }
}
