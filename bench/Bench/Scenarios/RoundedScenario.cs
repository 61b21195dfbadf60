namespace Countersign.Bench.Scenarios;

/// <summary>One that uses up what has to be there before it: it goes in rounds, and between them more is got ready, which does not count.</summary>
abstract class RoundedScenario : Scenario
{
    const int FirstRound = 500;

    public override Measurement Run(Session session, int connections, TimeSpan duration)
    {
        var measurement = new Measurement();
        var accounts = Math.Min(FirstRound, session.Sample.Count);
        while (measurement.Time < duration)
        {
            RunRound(session, connections, session.TakeAccounts(accounts), accounts, duration - measurement.Time, measurement);
            // As many as the rest of the time may need.
            accounts = (int)Math.Clamp(1.1 * AccountsPerSecond(measurement) * (duration - measurement.Time).TotalSeconds, FirstRound, session.Sample.Count);
        }

        return measurement;
    }

    /// <summary>How many accounts a second of measured time takes.</summary>
    protected virtual double AccountsPerSecond(Measurement measurement) => measurement.PerSecond;

    /// <param name="first">Where the accounts begin that the round may use.</param>
    protected abstract void RunRound(Session session, int connections, int first, int accounts, TimeSpan atMost, Measurement measurement);
}
