using Countersign.Bench.Scenarios;

namespace Countersign.Bench.Report;

/// <summary>What is read off a measurement.</summary>
static class Figures
{
    public const string Floor = "floor";

    /// <summary>What the goals are about.</summary>
    public const int MainConnections = 16;

    public static double PerSecond(Measurement measured) => measured.PerSecond;

    public static double P50(Measurement measured) => measured.Latencies.Milliseconds(0.5);

    public static double P99(Measurement measured) => measured.Latencies.Milliseconds(0.99);

    /// <summary>Seconds for 1,000 requests.</summary>
    public static double ServerCpu(Measurement measured) => measured.ServerCpu / measured.Answers * 1000;

    /// <inheritdoc cref="ServerCpu"/>
    public static double DatabaseCpu(Measurement measured) => measured.DatabaseCpu / measured.Answers * 1000;

    /// <summary>Milliseconds that messages of the run were still being sent for after its last answer, at most of all rounds.</summary>
    public static double Lag(Measurement measured) => measured.Lag.TotalMilliseconds;

    /// <inheritdoc cref="ServerCpu"/>
    public static double ServingCpu(Measurement measured) => measured.ServingCpu / measured.Answers * 1000;

    /// <summary>Of the server and of the processes of PostgreSQL that answer it.</summary>
    public static double OwnCpu(Measurement measured) => ServerCpu(measured) + ServingCpu(measured);

    /// <summary>Of a system in a text for people.</summary>
    public static string Title(string system) => system switch
    {
        Floor => "hand-written floor",
        "postgres" => "Countersign, PostgreSQL",
        "sqlite" => "Countersign, SQLite",
        "identity" => "ASP.NET Core Identity",
        _ => system,
    };
}
