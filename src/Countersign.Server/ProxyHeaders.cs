using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace Countersign.Server;

/// <summary>Who a request comes from, where proxies that are configured say so. The host name is never taken from a request.</summary>
static class ProxyHeaders
{
    public static void UseTrustedProxies(this WebApplication app)
    {
        // Not the options: to make them here would be to check them, alone, before all settings are checked together.
        var proxies = app.Configuration.GetSection($"{CountersignOptions.Section}:{nameof(CountersignOptions.TrustedProxies)}").Get<string[]>() ?? [];
        if (proxies.Length == 0)
            return;

        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            // From the right, for as long as it is a trusted one that says it.
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
                options.KnownProxies.Add(address);
            else if (System.Net.IPNetwork.TryParse(proxy, out var network))
                options.KnownIPNetworks.Add(network);
        }

        app.UseForwardedHeaders(options);
    }
}
