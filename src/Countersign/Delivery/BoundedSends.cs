namespace Countersign.Delivery;

/// <summary>
/// The tries of one sender, which end in time whatever it does: one that is cancelled and does not come back is abandoned, and a sender with many
/// such gets no more until some of them have ended.
/// </summary>
sealed class BoundedSends(TimeProvider clock)
{
    /// <summary>For a cancelled try to come back.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>Abandoned tries that still run: each may hold a thread and a connection.</summary>
    public const int MaxAbandoned = 32;

    static readonly SendResult TimedOut = new(SendStatus.Deferred, "timeout");
    static readonly SendResult Hangs = new(SendStatus.Deferred, "the sender does not come back");

    int abandoned;

    /// <summary>What the sender answers, or that it threw, took too long or hangs.</summary>
    /// <param name="limit">After this the try is cancelled; <see cref="Grace"/> later at most, the answer is here.</param>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was cancelled; the try may still run.</exception>
    public async Task<SendResult> RunAsync(TimeSpan limit, Func<CancellationToken, Task<SendResult>> send, CancellationToken ct)
    {
        if (Volatile.Read(ref abandoned) >= MaxAbandoned)
            return Hangs;

        var timeout = new CancellationTokenSource(limit, clock);
        var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        // Not on the caller's own thread: a sender may hang before it awaits anything.
        var sending = Task.Run(() => send(either.Token), CancellationToken.None);
        try
        {
            return await sending.WaitAsync(limit + Grace, clock, ct);
        }
        catch (TimeoutException) when (!sending.IsCompleted)
        {
            return Hangs;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return TimedOut;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever a sender throws, the message is kept. Only the type is recorded: the text may name the recipient.
            return new SendResult(SendStatus.Deferred, e.GetType().Name);
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
            Interlocked.Increment(ref abandoned);
            _ = sending.ContinueWith(
                ended =>
                {
                    // Looked at, so that nobody else has to hear of it.
                    _ = ended.Exception;
                    Interlocked.Decrement(ref abandoned);
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
