using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Delivery;

/// <summary>How services of others are asked over HTTP.</summary>
static class ServiceHttp
{
    /// <summary>Bytes of an answer that are read.</summary>
    public const int MaxAnswer = 64 * 1024;

    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>An address that has changed is noticed.</summary>
    static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>A client whose time limit is that of the try. Its own loggers would write the URL of every request, which is the operator's matter.</summary>
    public static void AddServiceClient(this IServiceCollection services, string name) => services
        .AddHttpClient(name, client =>
        {
            client.Timeout = Timeout.InfiniteTimeSpan;
            client.MaxResponseContentBufferSize = MaxAnswer;
        })
        .ConfigurePrimaryHttpMessageHandler(NewHandler)
        .RemoveAllLoggers();

    public static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - now,
            _ => (TimeSpan?)null,
        };
        return wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>A redirect would carry what is posted, and what it is signed with, to somewhere that nobody has configured.</summary>
    static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = ConnectionLifetime,
        AutomaticDecompression = DecompressionMethods.None,
    };
}
