using Countersign.Tests.Allocations;
using Countersign.Tests.Enumeration;
using Countersign.Tests.Faults.Suite;
using Xunit.Runner.InProc.SystemConsole;

namespace Countersign.Tests;

/// <summary>The tests; and, by its first argument, what they and <c>bench/</c> run as a process of its own.</summary>
static class EntryPoint
{
    public static Task<int> Main(string[] args) => args switch
    {
        ["node", .. var rest] => FaultNode.RunAsync(rest),
        ["faults", .. var rest] => FaultRun.RunAsync(rest, System.Console.Out),
        ["races", .. var rest] => RaceRun.RunAsync(rest, System.Console.Out),
        ["mail", .. var rest] => MailRun.RunAsync(rest, System.Console.Out),
        ["enumeration", .. var rest] => EnumerationRun.RunAsync(rest, System.Console.Out),
        ["enumeration-node", .. var rest] => EnumerationNode.RunAsync(rest),
        ["allocations"] => AllocationRun.RunAsync(System.Console.Out),
        _ => ConsoleRunner.Run(args),
    };
}
