using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Faults;
using Countersign.Tests.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using static Countersign.Tests.Delivery.Dispatching;

namespace Countersign.Tests.Delivery;

public sealed class StoppingTests : IAsyncLifetime
{
    const string Drains = "Countersign:Delivery:DrainFor=00:00:10";

    readonly SqliteTestDatabase database = new();
    readonly LogLines log = new();
    TaskCompletionSource<SendResult> free = new();

    [Fact]
    public async Task A_node_that_stops_sends_what_it_holds_first()
    {
        await using var node = await StartBusyAsync(Drains);
        var stopping = node.StopAsync();
        const string Line = "Stopping: 8 messages in hand and 3 in memory are sent first, for up to 00:00:10.";
        await Eventually.ThatAsync(() => log.All.Contains(Line, StringComparison.Ordinal), "it says so");
        // What is committed from now on is anybody's.
        await node.PutAsync("late", new AccountProfile { Email = Sample.Email("late@example.com") });
        await IssueAsync(node, "late");
        Assert.Equal(node.Clock.Now, Assert.Single(await node.OutboxAsync(), row => row.Destination == "l***e@example.com").LeasedUntil);
        Assert.False(stopping.IsCompleted);

        free.SetResult(SendResult.Accepted);
        await stopping;
        Assert.Equal(Workers + 3, node.Email.Tries.Count);
        Assert.Equal(Workers + 3, (await node.OutboxAsync()).Count(row => row.State == OutboxState.Sent));
        Assert.Contains("Stopped: 11 messages were sent, and 1 are left to other nodes at once.", log.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_node_could_not_send_in_time_another_sends_at_once_and_not_when_its_lease_ends()
    {
        await using var node = await StartBusyAsync(Drains);
        await using var other = await Dispatching.StartAsync(database);
        var timers = node.Clock.Timers;
        var stopping = node.StopAsync();
        await Eventually.ThatAsync(() => node.Clock.Timers > timers, "the node waits for its workers");
        node.Clock.Advance(TimeSpan.FromSeconds(10));
        await stopping;
        Assert.Contains("Stopped: 0 messages were sent, and 11 are left to other nodes at once.", log.All, StringComparison.Ordinal);
        Assert.All(await node.OutboxAsync(), row => Assert.Equal((OutboxState.Queued, null), (row.State, row.LeasedBy)));

        await other.PollAsync();
        await Eventually.ThatAsync(async () => (await other.OutboxAsync()).TrueForAll(row => row.State == OutboxState.Sent), "the other sends them");
        Assert.Equal(Workers + 3, other.Email.Tries.Count);
        Assert.Equal(Workers, node.Email.Tries.Count);
        free.SetResult(SendResult.Accepted);
    }

    [Fact]
    public async Task A_node_that_may_not_drain_gives_everything_back()
    {
        await using var node = await StartBusyAsync("Countersign:Delivery:DrainFor=00:00:00");
        await node.StopAsync();
        Assert.Equal(11, (await node.OutboxAsync()).Count(row => row is { State: OutboxState.Queued, Attempts: 0, LeasedBy: null }));
        free.SetResult(SendResult.Accepted);
    }

    [Fact]
    public async Task What_waits_for_its_next_try_is_not_sent_early_by_a_node_that_stops()
    {
        await using var node = await StartAsync(Drains);
        node.Email.Answer(SendStatus.Deferred, "busy");
        await IssueAsync(node);
        var waiting = await RowAsync(node, row => row.Attempts == 1);
        await node.StopAsync();
        Assert.Equal(waiting, Assert.Single(await node.OutboxAsync()));
        Assert.Single(node.Email.Tries);
    }

    [Fact]
    public async Task A_node_stops_also_where_the_store_is_gone()
    {
        await using var node = await StartBusyAsync("Countersign:Delivery:DrainFor=00:00:00");
        node.Engine.Before = text =>
        {
            if (text == OutboxSql.Release)
                throw new StoreUnavailableException("The disk is gone.");
        };
        await node.StopAsync();
        Assert.Contains("Stopped: 0 messages were sent. What is left waits for other nodes for up to 00:00:30: The disk is gone.", log.All, StringComparison.Ordinal);
        free.SetResult(SendResult.Accepted);
    }

    [Fact]
    public async Task A_sender_that_obeys_its_cancellation_with_an_error_of_its_own_does_not_fail_the_stop()
    {
        await using var node = await StartAsync("Countersign:Delivery:DrainFor=00:00:00");
        node.Email.Behaviour = async (_, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new IOException("The connection was closed.");
        };
        await IssueAsync(node);
        await node.Email.FirstAsync(_ => true);
        await node.StopAsync();
        Assert.Empty(log.Errors);
        Assert.Null(Assert.Single(await node.OutboxAsync()).LeasedBy);
    }

    [Theory]
    [InlineData(null, 5, 30)]
    [InlineData("00:00:00", 5, 20)]
    [InlineData("00:01:00", 30, 80)]
    [InlineData("00:00:10", 90, 90)]
    [InlineData("nonsense", 5, 30)]
    public void The_host_gives_a_stop_the_time_that_it_needs(string? drainFor, int host, int expected)
    {
        var configuration = new ConfigurationManager { ["Countersign:Delivery:DrainFor"] = drainFor };
        var options = new HostOptions { ShutdownTimeout = TimeSpan.FromSeconds(host) };
        ShutdownTime.Allow(options, configuration);
        Assert.Equal(TimeSpan.FromSeconds(expected), options.ShutdownTimeout);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => database.DisposeAsync();

    async Task<StoreNode> StartAsync(string setting)
    {
        var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Settings = [setting], Log = log });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.StartAsync();
        return node;
    }

    /// <summary>A node with a message in the hands of each worker, and three more in its memory.</summary>
    async Task<StoreNode> StartBusyAsync(string setting)
    {
        var node = await StartAsync(setting);
        free = await OccupyAsync(node, waiting: 3);
        return node;
    }
}
