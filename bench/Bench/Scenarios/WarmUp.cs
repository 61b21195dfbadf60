namespace Countersign.Bench.Scenarios;

/// <summary>A mix of all that will be measured, until the process has compiled what it does often.</summary>
static class WarmUp
{
    const int Connections = 16;

    /// <summary>On a machine that is slow for the moment, time alone says too little.</summary>
    const int LeastAnswers = 3_000;

    public static void Run(Session session, IReadOnlyList<Scenario> scenarios, TimeSpan duration)
    {
        var (answers, time) = (0L, TimeSpan.Zero);
        while (time < duration || answers < LeastAnswers)
        {
            foreach (var scenario in scenarios)
            {
                var measurement = scenario.Run(session, Connections, duration / scenarios.Count / 2);
                answers += measurement.Answers;
                time += measurement.Time;
            }
        }
    }
}
