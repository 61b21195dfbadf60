namespace Countersign.Bench.Scenarios;

/// <summary>A mix of all that will be measured, until the process has compiled what it does often.</summary>
static class WarmUp
{
    const int Connections = 16;

    public static void Run(Session session, IReadOnlyList<Scenario> scenarios, TimeSpan duration)
    {
        var time = TimeSpan.Zero;
        while (time < duration)
        {
            foreach (var scenario in scenarios)
                time += scenario.Run(session, Connections, duration / scenarios.Count / 3).Time;
        }
    }
}
