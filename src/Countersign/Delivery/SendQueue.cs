using Countersign.Domain;

namespace Countersign.Delivery;

/// <summary>A message in the memory of this node: it waits for a worker, or a worker has it in hand.</summary>
/// <param name="since">When it came, freshly committed or claimed; what its row says may be older than the truth from then on.</param>
sealed class HeldMessage(QueuedMessage message, DateTimeOffset since)
{
    public QueuedMessage Message => message;

    public DateTimeOffset Since => since;

    public DateTimeOffset LeasedUntil { get; set; } = message.LeasedUntil;

    /// <summary>A commit of this node has ended what it is about while it waited.</summary>
    public bool IsWithdrawn { get; set; }
}

/// <summary>
/// What waits in memory to be sent, in two lines: messages of this node's own commits, and messages claimed from the outbox. Workers take from them in
/// turns, so that neither a backlog keeps what is new waiting nor a stream of new messages the backlog.
/// </summary>
sealed class SendQueue : IDisposable
{
    /// <summary>Fresh messages that wait at most; more of them are written for any node to claim.</summary>
    public const int MaxFresh = 1_000;

    /// <summary>What requests that were decided at the same moment may add to that.</summary>
    const int MaxOvershoot = 10_000;

    /// <summary>Claimed messages that wait at most.</summary>
    public const int MaxClaimed = 128;

    /// <summary>Where so few are left, more are claimed.</summary>
    const int FewClaimed = MaxClaimed / 2;

    /// <summary>
    /// When the first in line has waited for so long, whoever joined it would wait for as long or longer, and could not be sent well within its
    /// lease; another node may be free.
    /// </summary>
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    readonly Lock gate = new();
    readonly Queue<HeldMessage> fresh = [];
    readonly Queue<HeldMessage> claimed = [];
    readonly Dictionary<string, List<HeldMessage>> heldByUser = new(StringComparer.Ordinal);
    readonly SemaphoreSlim waiting = new(0);
    TaskCompletionSource? room;
    bool isClaimedNext;
    bool isClosed;
    int held;

    /// <summary>Whether a message that is committed now is this node's to send, or anybody's.</summary>
    public bool HasRoom(DateTimeOffset now)
    {
        lock (gate)
            return !isClosed && fresh.Count < MaxFresh && (!fresh.TryPeek(out var first) || now - first.Since < LongestWait);
    }

    /// <summary>How many may be claimed now: none before few are left.</summary>
    public int ClaimRoom
    {
        get
        {
            lock (gate)
                return isClosed || claimed.Count > FewClaimed ? 0 : MaxClaimed - claimed.Count;
        }
    }

    /// <summary>False where it is not taken, and stays in the outbox.</summary>
    public bool TryAdd(QueuedMessage message, bool isFresh, DateTimeOffset now)
    {
        lock (gate)
        {
            if (isClosed || (isFresh && fresh.Count >= MaxFresh + MaxOvershoot))
                return false;

            var ofUser = heldByUser.TryGetValue(message.UserId, out var list) ? list : heldByUser[message.UserId] = [];
            if (ofUser.Find(other => other.Message.Id == message.Id) is { } known)
            {
                // It waited here until its lease had run out, and was claimed by this very node: it is sent once all the same.
                known.LeasedUntil = message.LeasedUntil;
                return true;
            }

            var added = new HeldMessage(message, now);
            ofUser.Add(added);
            held++;
            (isFresh ? fresh : claimed).Enqueue(added);
        }

        waiting.Release();
        return true;
    }

    /// <summary>The next to send, or null where the queue is closed and empty. <see cref="Done"/> ends it.</summary>
    public async Task<HeldMessage?> TakeAsync(CancellationToken ct)
    {
        await waiting.WaitAsync(ct);
        lock (gate)
        {
            var (first, second) = isClaimedNext ? (claimed, fresh) : (fresh, claimed);
            isClaimedNext = !isClaimedNext;
            if (first.TryDequeue(out var next) || second.TryDequeue(out next))
            {
                if (claimed.Count <= FewClaimed)
                    room?.TrySetResult();
                return next;
            }
        }

        // Only Close wakes without a message; it is passed on to the next worker.
        waiting.Release();
        return null;
    }

    public void Done(HeldMessage message)
    {
        lock (gate)
        {
            var ofUser = heldByUser[message.Message.UserId];
            ofUser.Remove(message);
            held--;
            if (ofUser.Count == 0)
                heldByUser.Remove(message.Message.UserId);
        }
    }

    /// <summary>Completes when <see cref="ClaimRoom"/> is there.</summary>
    public Task WaitForRoomAsync()
    {
        lock (gate)
        {
            if (claimed.Count <= FewClaimed)
                return Task.CompletedTask;
            room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return room.Task;
        }
    }

    /// <summary>Messages of the account that are not to be sent any more.</summary>
    public void Withdraw(string userId, Predicate<QueuedMessage> isMeant)
    {
        lock (gate)
        {
            if (!heldByUser.TryGetValue(userId, out var ofUser))
                return;
            foreach (var message in ofUser.Where(message => isMeant(message.Message)))
                message.IsWithdrawn = true;
        }
    }

    /// <summary>Takes nothing in any more. How many messages were waiting and in hand then.</summary>
    public (int Waiting, int InHand) Close()
    {
        lock (gate)
        {
            if (!isClosed)
                waiting.Release();
            isClosed = true;
            var count = fresh.Count + claimed.Count;
            return (count, held - count);
        }
    }

    public void Dispose() => waiting.Dispose();
}
