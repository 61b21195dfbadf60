using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Delivery;

/// <summary>What the tests of the dispatcher say again and again.</summary>
static class Dispatching
{
    /// <summary>The default of <c>Delivery:Workers</c>.</summary>
    public const int Workers = 8;

    /// <summary>The limits of a try, of which the first cancels it and the second gives it up.</summary>
    const int TimersOfATry = 2;

    public static readonly Caller Alice = new("alice");
    public static readonly Purpose Changing = new(Operation.ChangingKey, KeyType.Email);

    static readonly CancellationToken Ct = CancellationToken.None;

    public static async Task<StoreNode> StartAsync(TestDatabase database, TestClock? clock = null, params string[] settings)
    {
        var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock ?? new TestClock(), Settings = settings });
        if ((await node.Store.LoadAsync("alice", null, Ct)).Account is null)
            await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.StartAsync();
        return node;
    }

    /// <summary>A message for each of so many accounts: of one account's codes only the newest two are worth sending.</summary>
    public static async Task<List<string>> IssueForAsync(StoreNode node, int accounts)
    {
        var references = new List<string>();
        foreach (var userId in Enumerable.Range(0, accounts).Select(i => $"user-{i}"))
        {
            await node.PutAsync(userId, new AccountProfile { Email = Sample.Email($"{userId}@example.com") });
            references.Add((await IssueAsync(node, userId)).Reference);
        }

        return references;
    }

    /// <summary>Gives every worker of the node a message, and the rest to its memory, until the source is set.</summary>
    public static async Task<TaskCompletionSource<SendResult>> OccupyAsync(StoreNode node, int waiting = 0)
    {
        var free = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Email.Behaviour = (_, _) => free.Task;
        var timers = node.Clock.Timers;
        await IssueForAsync(node, Workers + waiting);
        // With all their timers, so that moving the clock reaches them.
        await Eventually.ThatAsync(
            () => node.Email.Tries.Count == Workers && node.Clock.Timers == timers + (TimersOfATry * Workers), "all workers are busy");
        return free;
    }

    public static async Task<IssuedToken> IssueAsync(StoreNode node, string userId = "alice")
    {
        // So that messages are in the order of their times.
        node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var issued = await node.Security.IssueAsync(new Caller(userId), userId, Changing, null, Ct);
        Assert.NotNull(issued.Value);
        return issued.Value;
    }

    public static async Task<OutboxRow> RowAsync(StoreNode node, Predicate<OutboxRow> expected)
    {
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).Exists(expected), "the outbox has such a row");
        return (await node.OutboxAsync()).Find(expected)!;
    }
}
