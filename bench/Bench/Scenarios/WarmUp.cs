using System.Globalization;
using Countersign.Bench.Systems;

namespace Countersign.Bench.Scenarios;

/// <summary>
/// A mix of all that will be measured, until the servers have compiled what they do often: the runtime does that bit by bit, at the cost of what they are there
/// for, and the more code a server has, the longer it takes.
/// </summary>
static class WarmUp
{
    const int Connections = 16;

    /// <summary>CPU of the runtime's compiler for each second of a turn. Below it, a server is taken to have come to rest.</summary>
    const double AtRest = 0.05;

    static readonly TimeSpan Turn = TimeSpan.FromSeconds(3);

    /// <summary>What was compiled before the start is at rest at first: it is compiled anew after it has been called often.</summary>
    static readonly TimeSpan AtLeast = TimeSpan.FromSeconds(15);

    static readonly TimeSpan AtMost = TimeSpan.FromSeconds(60);

    public static void Run(Session session, IReadOnlyList<Scenario> scenarios)
    {
        var servers = session.Running.Servers;
        var started = TestedSystem.Clock.GetTimestamp();
        double share;
        TimeSpan taken;
        do
        {
            var (compiled, turn) = (servers.Sum(server => server.CompilerCpu), TestedSystem.Clock.GetTimestamp());
            foreach (var scenario in scenarios)
                _ = scenario.Run(session, Connections, Turn / scenarios.Count);
            share = (servers.Sum(server => server.CompilerCpu) - compiled) / TestedSystem.Clock.GetElapsedTime(turn).TotalSeconds;
            taken = TestedSystem.Clock.GetElapsedTime(started);
        }
        while (taken < AtLeast || (share > AtRest && taken < AtMost));

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {session.Running.System.Name}: warm after {taken.TotalSeconds:F0} s and {servers.Sum(server => server.CompilerCpu):F1} s of compiling"));
        if (share > AtRest)
            Console.WriteLine("  It still compiles: what follows is slower than it would be.");
    }
}
