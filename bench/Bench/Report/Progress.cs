using System.Globalization;
using Countersign.Bench.Scenarios;

namespace Countersign.Bench.Report;

/// <summary>A line for whoever watches.</summary>
static class Progress
{
    /// <summary>A system that is still at work for so long afterwards has answered for more than it does.</summary>
    static readonly TimeSpan NotableLag = TimeSpan.FromMilliseconds(100);

    public static string Line(string system, string scenario, int connections, Measurement measured)
    {
        var lag = measured.Lag > NotableLag ? string.Create(CultureInfo.InvariantCulture, $", at work for {measured.Lag.TotalMilliseconds:F0} ms more") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"  {system,-9} {scenario,-7} {connections,3}: {measured.PerSecond,7:F0}/s, p50 {Figures.P50(measured),6:F2} ms, p99 {Figures.P99(measured),7:F2} ms, CPU s/1,000: server {Figures.ServerCpu(measured):F3}, database {Figures.DatabaseCpu(measured):F3}{lag}");
    }
}
