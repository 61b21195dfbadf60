namespace Countersign.Bench;

/// <summary>What <c>bench/nodes</c> was asked for.</summary>
sealed record NodesOptions
{
    const string Usage =
        """
        bench/nodes measures several processes of Countersign on one PostgreSQL, with requests of an account going to any of them, and to the same each time.

          --nodes N,N             1,2,3
          --connections N         48, spread over the nodes
          --accounts N            10000
          --seconds N             measured for each: 5
          --repetitions N         3
          --write                 puts the table into docs/performance.md
        """;

    public IReadOnlyList<int> Nodes { get; private set; } = [1, 2, 3];

    public int Connections { get; private set; } = 48;

    public int Accounts { get; private set; } = 10_000;

    public TimeSpan Duration { get; private set; } = TimeSpan.FromSeconds(5);

    public int Repetitions { get; private set; } = 3;

    public bool Write { get; private set; }

    public static NodesOptions Parse(string[] args)
    {
        var options = new NodesOptions();
        var arguments = new ArgumentReader("bench/nodes", Usage, args);
        while (arguments.Read())
        {
            switch (arguments.Option)
            {
                case "--nodes": options.Nodes = arguments.Numbers(1, 16); break;
                case "--connections": options.Connections = arguments.Number(1, 1000); break;
                case "--accounts": options.Accounts = arguments.Number(100, 10_000_000); break;
                case "--seconds": options.Duration = TimeSpan.FromSeconds(arguments.Number(1, 600)); break;
                case "--repetitions": options.Repetitions = arguments.Number(1, 100); break;
                case "--write": options.Write = true; break;
                default: throw arguments.Unknown();
            }
        }

        return options;
    }
}
