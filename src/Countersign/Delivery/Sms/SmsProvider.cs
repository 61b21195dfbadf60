using System.Net;

namespace Countersign.Delivery.Sms;

/// <summary>A sender that was added, and the name of its options.</summary>
/// <param name="Name">The kind, with a number from the second of its kind on.</param>
sealed record SmsProvider(string Kind, string Name, string OptionsName)
{
    public const string Twilio = "twilio";
    public const string Webhook = "webhook";

    /// <summary>Bytes of an answer that are read.</summary>
    public const int MaxAnswer = 64 * 1024;

    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>An address that has changed is noticed.</summary>
    static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>A redirect would carry the code, and what it is signed with, to somewhere that nobody has configured.</summary>
    public static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = ConnectionLifetime,
        AutomaticDecompression = DecompressionMethods.None,
    };

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
}
