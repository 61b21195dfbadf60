using System.Globalization;
using Countersign.Bench.Scenarios;

namespace Countersign.Bench;

/// <summary>What <c>bench/run</c> was asked for.</summary>
sealed record RunOptions
{
    const string Usage =
        """
        bench/run measures Countersign beside what a user would pick instead, and beside the limit; docs/performance.md says what each of them is.

          bench/run [options]

          --quick                 16 connections only, and shorter: under five minutes
          --accounts N            10000
          --connections N,N       1,16,64
          --scenarios NAME,NAME   read,issue,redeem,guess,change
          --systems NAME,NAME     floor,postgres,sqlite,identity
          --seconds N             measured for each scenario and number of connections: 5
          --repetitions N         3
          --write                 puts the tables into docs/performance.md
        """;

    public static readonly string[] AllSystems = ["floor", "postgres", "sqlite", "identity"];

    public long Accounts { get; private set; } = 10_000;

    public IReadOnlyList<int> Connections { get; private set; } = [1, 16, 64];

    public IReadOnlyList<string> Scenarios { get; private set; } = Scenario.Names;

    public IReadOnlyList<string> Systems { get; private set; } = AllSystems;

    public TimeSpan Duration { get; private set; } = TimeSpan.FromSeconds(5);

    public TimeSpan WarmUp { get; private set; } = TimeSpan.FromSeconds(3);

    public int Repetitions { get; private set; } = 3;

    public bool Write { get; private set; }

    public static RunOptions Parse(string[] args)
    {
        // First of all: what else is said goes over it.
        var options = args.Contains("--quick")
            ? new RunOptions { Connections = [16], Duration = TimeSpan.FromSeconds(2), WarmUp = TimeSpan.FromSeconds(1.5) }
            : new RunOptions();
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new UsageException($"{args[i - 1]} has no value. See bench/run --help.");
            switch (args[i])
            {
                case "--help": throw new HelpException(Usage);
                case "--quick": break;
                case "--write": options.Write = true; break;
                case "--accounts": options.Accounts = Number(args[i], Value(), 100, 10_000_000); break;
                case "--connections": options.Connections = [.. Value().Split(',').Select(value => (int)Number("--connections", value, 1, 1000))]; break;
                case "--scenarios": options.Scenarios = Names("--scenarios", Value(), Scenario.Names); break;
                case "--systems": options.Systems = Names("--systems", Value(), AllSystems); break;
                case "--seconds": options.Duration = TimeSpan.FromSeconds(Number("--seconds", Value(), 1, 600)); break;
                case "--repetitions": options.Repetitions = (int)Number("--repetitions", Value(), 1, 100); break;
                default: throw new UsageException($"bench/run does not know {args[i]}. See bench/run --help.");
            }
        }

        return options;
    }

    static string[] Names(string option, string value, IReadOnlyList<string> known)
    {
        var names = value.Split(',');
        return names.FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? throw new UsageException($"{option}: there is no {unknown}; there are {string.Join(", ", known)}.")
            : names;
    }

    static long Number(string option, string value, long min, long max) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new UsageException($"{option} is {value}; it is a whole number from {min} to {max}.");
}
