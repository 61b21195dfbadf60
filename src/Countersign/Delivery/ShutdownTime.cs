using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Countersign.Delivery;

/// <summary>Gives a host that stops the time to finish its requests first, then to send what is in memory, then to give back the rest.</summary>
static class ShutdownTime
{
    /// <summary>For all but the sending.</summary>
    static readonly TimeSpan Reserve = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Reads the configuration and not the options: the host asks before they are validated, and what is wrong with them is said there, by name.
    /// </summary>
    public static void Allow(HostOptions host, IConfiguration configuration)
    {
        var setting = configuration[$"{CountersignOptions.Section}:{nameof(CountersignOptions.Delivery)}:{nameof(DeliveryOptions.DrainFor)}"];
        var drainFor = TimeSpan.TryParse(setting, CultureInfo.InvariantCulture, out var configured) ? configured : new DeliveryOptions().DrainFor;
        if (host.ShutdownTimeout != Timeout.InfiniteTimeSpan && host.ShutdownTimeout < drainFor + Reserve)
            host.ShutdownTimeout = drainFor + Reserve;
    }
}
