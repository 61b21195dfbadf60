using Microsoft.Extensions.Options;

namespace Countersign.Smtp;

/// <summary>Connections to the mail server: as many as are configured at most, kept open between messages for a while.</summary>
sealed class SmtpPool(IOptions<SmtpOptions> options, TimeProvider clock) : IAsyncDisposable
{
    /// <summary>For saying QUIT, which is a courtesy.</summary>
    static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(1);

    // Not before the first message: at the start the sender is only counted, and bad options are somebody else's to name.
    readonly Lazy<SemaphoreSlim> places = new(() => new SemaphoreSlim(options.Value.PoolSize));
    readonly List<Idle> idle = [];
    readonly Lazy<TrustedCertificates> trusted = new(() =>
        new TrustedCertificates(options.Value.TrustedCertificateFile is { Length: > 0 } file ? TrustedCertificates.Load(file) : null));
    bool isDisposed;

    /// <summary>Waits until there may be another connection. Every place that was entered is left.</summary>
    public Task EnterAsync(CancellationToken ct) => places.Value.WaitAsync(ct);

    public void Leave() => places.Value.Release();

    /// <summary>A connection that is open already, the one used last; null where there is none.</summary>
    public SmtpConnection? TakeIdle()
    {
        lock (idle)
        {
            if (idle.Count == 0)
                return null;

            var last = idle[^1];
            idle.RemoveAt(idle.Count - 1);
            last.Timer.Dispose();
            return last.Connection;
        }
    }

    public SmtpConnection NewConnection() => new(options.Value, trusted.Value);

    /// <summary>Keeps the connection for the next message, if it is still one.</summary>
    public void Return(SmtpConnection connection)
    {
        lock (idle)
        {
            if (connection.IsReady && !isDisposed)
            {
                var timer = clock.CreateTimer(_ => CloseIfIdle(connection), null, options.Value.CloseIdleAfter, Timeout.InfiniteTimeSpan);
                idle.Add(new Idle(connection, timer));
                return;
            }
        }

        connection.Dispose();
    }

    /// <summary>When one connection is found dead, the others most likely are: the server was restarted, or the network went.</summary>
    public void DropIdle()
    {
        while (TakeIdle() is { } connection)
            connection.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        var closing = new List<Task>();
        lock (idle)
            isDisposed = true;
        while (TakeIdle() is { } connection)
            closing.Add(connection.CloseAsync(Courtesy));
        await Task.WhenAll(closing);
    }

    void CloseIfIdle(SmtpConnection connection)
    {
        lock (idle)
        {
            var at = idle.FindIndex(entry => entry.Connection == connection);
            // Taken for a message just now.
            if (at < 0)
                return;

            idle[at].Timer.Dispose();
            idle.RemoveAt(at);
        }

        _ = connection.CloseAsync(Courtesy);
    }

    sealed record Idle(SmtpConnection Connection, ITimer Timer);
}
