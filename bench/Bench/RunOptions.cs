using Countersign.Bench.Scenarios;

namespace Countersign.Bench;

/// <summary>What <c>bench/run</c> was asked for.</summary>
sealed record RunOptions
{
    public static readonly IReadOnlyList<string> AllSystems = ["floor", "postgres", "sqlite", "identity"];

    const string Usage =
        """
        bench/run measures Countersign beside what a user would pick instead, and beside the limit; docs/performance.md says what each of them is.

          --quick                 16 connections only, and shorter: under five minutes
          --accounts N            10000
          --connections N,N       1,16,64
          --scenarios NAME,NAME   read,issue,redeem,guess,change
          --systems NAME,NAME     floor,postgres,sqlite,identity
          --seconds N             measured for each scenario and number of connections: 5
          --repetitions N         3
          --write                 puts the tables into docs/performance.md
        """;

    public int Accounts { get; private set; } = 10_000;

    public IReadOnlyList<int> Connections { get; private set; } = [1, 16, 64];

    public IReadOnlyList<string> Scenarios { get; private set; } = Scenario.Names;

    public IReadOnlyList<string> Systems { get; private set; } = AllSystems;

    public TimeSpan Duration { get; private set; } = TimeSpan.FromSeconds(5);

    public int Repetitions { get; private set; } = 3;

    public bool Write { get; private set; }

    public static RunOptions Parse(string[] args)
    {
        // First of all: what else is said goes over it.
        var options = args.Contains("--quick")
            ? new RunOptions { Connections = [16], Duration = TimeSpan.FromSeconds(1) }
            : new RunOptions();
        var arguments = new ArgumentReader("bench/run", Usage, args);
        while (arguments.Read())
        {
            switch (arguments.Option)
            {
                case "--quick": break;
                case "--accounts": options.Accounts = arguments.Number(100, 10_000_000); break;
                case "--connections": options.Connections = arguments.Numbers(1, 1000); break;
                case "--scenarios": options.Scenarios = arguments.Names(Scenario.Names); break;
                case "--systems": options.Systems = arguments.Names(AllSystems); break;
                case "--seconds": options.Duration = TimeSpan.FromSeconds(arguments.Number(1, 600)); break;
                case "--repetitions": options.Repetitions = arguments.Number(1, 100); break;
                case "--write": options.Write = true; break;
                default: throw arguments.Unknown();
            }
        }

        return options;
    }
}
