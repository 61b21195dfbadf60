using System.Collections.Concurrent;
using Countersign.Domain;

namespace Countersign.Delivery;

/// <summary>
/// Tries that end in time, whatever the sender does: one that is cancelled and does not come back is abandoned, and a channel with many such
/// gets no more until some of them have ended.
/// </summary>
sealed class BoundedSends(TimeProvider clock)
{
    /// <summary>For one try; then it is cancelled.</summary>
    public static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    /// <summary>For a cancelled try to come back.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long a try can hold a worker.</summary>
    public static readonly TimeSpan Longest = SendTimeout + Grace;

    /// <summary>Abandoned tries on a channel that still run: each may hold a thread and a connection.</summary>
    public const int MaxAbandoned = 32;

    const string Hangs = "the sender does not come back";

    readonly ConcurrentDictionary<KeyType, int> abandoned = new();

    /// <summary>What the sender answers or throws, or that it hangs.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled; the try may still run.</exception>
    public async Task<SendResult> RunAsync(KeyType channel, Func<CancellationToken, Task<SendResult>> send, CancellationToken ct)
    {
        if (abandoned.GetValueOrDefault(channel) >= MaxAbandoned)
            return new SendResult(SendStatus.Deferred, Hangs);

        var timeout = new CancellationTokenSource(SendTimeout, clock);
        var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        // Not on the worker's own thread: a sender may hang before it awaits anything.
        var sending = Task.Run(() => send(either.Token), CancellationToken.None);
        try
        {
            return await sending.WaitAsync(Longest, clock, ct);
        }
        catch (TimeoutException) when (!sending.IsCompleted)
        {
            return new SendResult(SendStatus.Deferred, Hangs);
        }
        finally
        {
            if (sending.IsCompleted)
                End();
            else
                Abandon();
        }

        void Abandon()
        {
            abandoned.AddOrUpdate(channel, 1, (_, count) => count + 1);
            _ = sending.ContinueWith(
                ended =>
                {
                    // Looked at, so that nobody else has to hear of it.
                    _ = ended.Exception;
                    abandoned.AddOrUpdate(channel, 0, (_, count) => count - 1);
                    End();
                },
                TaskScheduler.Default);
        }

        void End()
        {
            either.Dispose();
            timeout.Dispose();
        }
    }
}
