namespace Countersign.Bench;

/// <summary>What <c>bench/growth</c> was asked for.</summary>
sealed record GrowthOptions
{
    const string Usage =
        """
        bench/growth measures what a request costs on PostgreSQL as there are more accounts.

          --accounts N,N          10000,100000,1000000; up to 10000000
          --events N              events in the audit trails of all accounts: 1000000
          --outstanding N         messages that wait in the outbox: 100000
          --shared-buffers N      megabytes of memory for PostgreSQL: 2048, which holds what is asked for of all sizes
          --seconds N             measured for each: 5
          --repetitions N         3
          --write                 puts the tables into docs/performance.md
        """;

    public IReadOnlyList<int> Accounts { get; private set; } = [10_000, 100_000, 1_000_000];

    public int Events { get; private set; } = 1_000_000;

    public int Outstanding { get; private set; } = 100_000;

    public int SharedBuffers { get; private set; } = 2_048;

    public TimeSpan Duration { get; private set; } = TimeSpan.FromSeconds(5);

    public int Repetitions { get; private set; } = 3;

    public bool Write { get; private set; }

    public static GrowthOptions Parse(string[] args)
    {
        var options = new GrowthOptions();
        var arguments = new ArgumentReader("bench/growth", Usage, args);
        while (arguments.Read())
        {
            switch (arguments.Option)
            {
                case "--accounts": options.Accounts = arguments.Numbers(1_000, 10_000_000); break;
                case "--events": options.Events = arguments.Number(0, 100_000_000); break;
                case "--outstanding": options.Outstanding = arguments.Number(0, 10_000_000); break;
                case "--shared-buffers": options.SharedBuffers = arguments.Number(16, 1_000_000); break;
                case "--seconds": options.Duration = TimeSpan.FromSeconds(arguments.Number(1, 600)); break;
                case "--repetitions": options.Repetitions = arguments.Number(1, 100); break;
                case "--write": options.Write = true; break;
                default: throw arguments.Unknown();
            }
        }

        return options;
    }
}
