using Countersign.Delivery.Events;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>What the queue of events must do in every database.</summary>
static class EventChecks
{
    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    static readonly Purpose Changing = new(Operation.ChangingKey, KeyType.Email);

    static readonly string[] Webhook =
        ["Countersign:Events:Webhook:Url=https://platform.example.com/events", "Countersign:Events:Webhook:Secrets:0=whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"];

    public static async Task What_a_commit_records_is_queued_with_it_and_by_a_lost_commit_nothing(TestDatabase database)
    {
        await using var node = await CreateAsync(database);
        await RecordAsync(node, "bob");
        await RecordAsync(node, "alice");
        Assert.Equal(["alice 1.0", "bob 1.0"], await RowsAsync(node));
        await TakeAllAsync(node);

        var stale = await node.LoadAsync("alice");
        await RecordAsync(node, "alice", AuditEventType.TokenRedeemed, AuditEventType.UserKeyChanged);
        Assert.Equal(["alice 2.0", "alice 2.1"], await RowsAsync(node));
        // What was taken is not queued again by whoever was slower.
        await TakeAllAsync(node);
        Assert.False(await node.CommitAsync(stale, Change.Of(stale).Record(AuditEventType.TokenRefused)));
        Assert.Empty(await RowsAsync(node));

        // A commit that records nothing.
        var alice = await node.LoadAsync("alice");
        Assert.True(await node.CommitAsync(alice, Change.Of(alice)));
        Assert.Empty(await RowsAsync(node));
    }

    public static async Task Nothing_is_queued_without_a_webhook_or_of_types_that_nobody_asked_for(TestDatabase database)
    {
        await using var without = await StoreNode.CreateAsync(database);
        await RecordAsync(without, "alice", AuditEventType.TokenRedeemed, AuditEventType.UserKeyChanged);
        Assert.Empty(await RowsAsync(without));

        await using var node = await CreateAsync(database, settings: "Countersign:Events:Webhook:Types:0=user_key_changed");
        await RecordAsync(node, "alice", AuditEventType.TokenRedeemed);
        Assert.Empty(await RowsAsync(node));
        await RecordAsync(node, "alice", AuditEventType.TokenRedeemed, AuditEventType.UserKeyChanged, AuditEventType.TokenRevoked);
        Assert.Equal(["alice 3.1"], await RowsAsync(node));
        await TakeAllAsync(node);

        Assert.Equal(new Replayed(2, null), await ReplayAsync(node, node.Clock.Now));
        Assert.Equal(["alice 1.1", "alice 3.1"], await RowsAsync(node));
        await TakeAllAsync(node);
        Assert.Equal(new Replayed(2, null), await ReplayAsync(node, node.Clock.Now, userId: "alice"));
    }

    public static async Task An_erased_account_leaves_its_events_to_be_told(TestDatabase database)
    {
        await using var node = await CreateAsync(database);
        await RecordAsync(node, "alice");
        var alice = await node.LoadAsync("alice");
        Assert.True(await node.CommitAsync(alice, Provisioning.Erase(alice)));
        Assert.Equal(["alice 1.0", "alice 2.0"], await RowsAsync(node));
        Assert.Equal(["account_provisioned"], await TakeAsync(node));
        Assert.Equal(["account_erased"], await TakeAsync(node));
        Assert.Empty(await RowsAsync(node));
    }

    public static async Task Events_of_an_account_come_in_their_order_and_hold_up_no_other_account(TestDatabase database)
    {
        await using var node = await CreateAsync(database);
        // The later ones are due first, and it is not the time that decides.
        await RecordAsync(node, "alice", AuditEventType.TokenIssued, AuditEventType.TokenRevoked);
        await RecordAsync(node, "alice", AuditEventType.TokenRedeemed);
        await node.ExecuteAsync("UPDATE event_deliveries SET due_at = due_at - version");
        await RecordAsync(node, "bob");
        await RecordAsync(node, "bob", AuditEventType.TokenIssued);

        var first = await ClaimAsync(node);
        Assert.Equal(["alice 1.0", "bob 1.0"], Names(first));
        Assert.Empty(await ClaimAsync(node));
        await FinishAsync(node, first);
        var second = await ClaimAsync(node);
        Assert.Equal(["alice 1.1", "bob 2.0"], Names(second));
        await FinishAsync(node, second.Where(claimed => claimed.UserId == "bob"));
        second.RemoveAll(claimed => claimed.UserId == "bob");

        // Tried often enough, it lets the others by, and is still tried itself.
        for (var tries = 1; tries <= EventQueue.TriesInOrder; tries++)
        {
            Assert.Equal(["alice 1.1"], Names(second));
            Assert.Equal(tries - 1, second[0].Attempts);
            await node.Events.PostponeAsync(second[0], "busy", node.Clock.Now.AddSeconds(1), Ct);
            Assert.Equal(tries < EventQueue.TriesInOrder ? [] : ["alice 2.0"], Names(await ClaimAsync(node)));
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            second = await ClaimAsync(node);
        }

        Assert.Equal(["alice 1.1"], Names(second));
        Assert.Equal(EventQueue.TriesInOrder, second[0].Attempts);
    }

    public static async Task What_was_given_up_holds_up_nothing(TestDatabase database)
    {
        await using var node = await CreateAsync(database);
        await RecordAsync(node, "alice");
        await RecordAsync(node, "alice", AuditEventType.TokenIssued);
        var claimed = Assert.Single(await ClaimAsync(node));
        await node.Events.GiveUpAsync(claimed, "http 400", node.Clock.Now, Ct);
        Assert.Equal(["alice 2.0"], Names(await ClaimAsync(node)));
        Assert.Equal(["DEAD 1 http 400", "QUEUED 0 "], await node.ReadAsync(
            "SELECT state, attempts, COALESCE(last_error, '') FROM event_deliveries ORDER BY version",
            reader => $"{reader.GetString(0)} {reader.GetInt64(1)} {reader.GetString(2)}"));
        Assert.Equal(new EventDepth(1, 1, node.Clock.Now), await node.Events.MeasureAsync(Ct));

        // Forgotten when it is old; what waits never is.
        Assert.False(await node.Events.PruneAsync(node.Clock.Now, Ct));
        Assert.True(await node.Events.PruneAsync(node.Clock.Now.AddMilliseconds(1), Ct));
        Assert.Equal(["alice 2.0"], await RowsAsync(node));
    }

    public static async Task A_claim_is_one_nodes_until_it_ends(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await CreateAsync(database, clock);
        await using var second = await CreateAsync(database, clock);
        await RecordAsync(first, "alice");
        var lost = Assert.Single(await ClaimAsync(first));
        clock.Advance(Lease - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await ClaimAsync(second));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        var claimed = Assert.Single(await ClaimAsync(second));
        Assert.Empty(await ClaimAsync(first));

        var before = await Sample.DumpAsync(first.Engine);
        await DecideAsync(first, lost);
        Assert.Equal(before, await Sample.DumpAsync(first.Engine));

        // A claim of the same node, too, is over when the event was queued again meanwhile, and claimed anew.
        await ReplayAsync(second, clock.Now - Lease);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        var again = Assert.Single(await ClaimAsync(second));
        before = await Sample.DumpAsync(first.Engine);
        await DecideAsync(second, claimed);
        Assert.Equal(before, await Sample.DumpAsync(first.Engine));
        await second.Events.FinishAsync(again, Ct);
        Assert.Empty(await RowsAsync(first));
    }

    public static async Task Two_nodes_that_claim_events_at_once_share_them(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await CreateAsync(database, clock);
        await using var second = await CreateAsync(database, clock);
        for (var i = 0; i < 40; i++)
            await RecordAsync(first, $"user-{i:00}");

        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(racer => Task.Run(() => ClaimAsync(racer % 2 == 0 ? first : second))));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"user-{i:00} 1.0"), Names(claims.SelectMany(claim => claim)));
    }

    public static async Task A_node_gives_back_its_own_claims_only(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await CreateAsync(database, clock);
        await using var second = await CreateAsync(database, clock);
        await RecordAsync(first, "alice");
        Assert.Single(await ClaimAsync(first));
        await RecordAsync(first, "bob");
        Assert.Single(await ClaimAsync(second));

        await first.Events.ReleaseAsync(Ct);
        Assert.Equal(["alice 1.0"], Names(await ClaimAsync(second)));
    }

    public static async Task A_replay_queues_what_happened_in_its_span_and_nothing_else(TestDatabase database)
    {
        await using var node = await CreateAsync(database);
        var start = node.Clock.Now;
        // alice in the seconds 0 to 3, bob in second 2 as well.
        foreach (var user in new[] { "alice", "alice", "bob", "alice", "alice" })
        {
            await RecordAsync(node, user);
            if (user == "alice")
                node.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await TakeAllAsync(node);
        Assert.Equal(new Replayed(3, null), await ReplayAsync(node, start.AddSeconds(1), start.AddSeconds(3)));
        Assert.Equal(["alice 2.0", "alice 3.0", "bob 1.0"], await RowsAsync(node));
        await TakeAllAsync(node);
        Assert.Equal(new Replayed(2, null), await ReplayAsync(node, start.AddSeconds(1), start.AddSeconds(3), "alice"));
        Assert.Equal(["alice 2.0", "alice 3.0"], await RowsAsync(node));
        await TakeAllAsync(node);
        Assert.Equal(new Replayed(0, null), await ReplayAsync(node, start.AddSeconds(3).AddMilliseconds(1)));
        Assert.Empty(await RowsAsync(node));

        // A page at a time; what happened at one moment stays together.
        Assert.Equal(new Replayed(1, start.AddSeconds(1)), await ReplayAsync(node, start, max: 1));
        Assert.Equal(new Replayed(1, start.AddSeconds(2)), await ReplayAsync(node, start.AddSeconds(1), max: 2));
        Assert.Equal(new Replayed(2, start.AddSeconds(2).AddMilliseconds(1)), await ReplayAsync(node, start.AddSeconds(2), max: 1));
        Assert.Equal(new Replayed(1, null), await ReplayAsync(node, start.AddSeconds(2).AddMilliseconds(1), max: 1));
        Assert.Equal(["alice 1.0", "alice 2.0", "alice 3.0", "alice 4.0", "bob 1.0"], await RowsAsync(node));
        Assert.Equal(new Replayed(1, start.AddSeconds(1)), await ReplayAsync(node, start, userId: "alice", max: 1));
    }

    public static async Task A_replay_begins_anew_what_waits_or_was_given_up(TestDatabase database)
    {
        await using var node = await CreateAsync(database);
        await RecordAsync(node, "alice");
        await RecordAsync(node, "bob");
        foreach (var claimed in await ClaimAsync(node))
        {
            if (claimed.UserId == "alice")
                await node.Events.GiveUpAsync(claimed, "http 400", node.Clock.Now, Ct);
            else
                await node.Events.PostponeAsync(claimed, "http 503", node.Clock.Now.AddDays(1), Ct);
        }

        Assert.Empty(await ClaimAsync(node));
        var recorded = node.Clock.Now;
        node.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new Replayed(2, null), await ReplayAsync(node, recorded));
        var again = await ClaimAsync(node);
        Assert.Equal(["alice 1.0", "bob 1.0"], Names(again));
        Assert.All(again, claimed => Assert.Equal((0, node.Clock.Now), (claimed.Attempts, claimed.QueuedAt)));
    }

    public static async Task Sessions_end_at_the_last_change_of_their_account_that_asks_for_it(TestDatabase database)
    {
        await using var node = await CreateAsync(database);
        var start = node.Clock.Now;
        await RecordAsync(node, "alice");
        Assert.Null(await node.Events.FindSessionsNotBeforeAsync("alice", Ct));
        foreach (var (user, type) in new[]
        {
            ("alice", AuditEventType.MfaDisabled), ("alice", AuditEventType.UserKeyChanged), ("bob", AuditEventType.UserKeyRemoved), ("alice", AuditEventType.UserKeyAdded),
        })
        {
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            await RecordAsync(node, user, type);
        }

        Assert.Equal(start.AddSeconds(2), await node.Events.FindSessionsNotBeforeAsync("alice", Ct));
        Assert.Equal(start.AddSeconds(3), await node.Events.FindSessionsNotBeforeAsync("bob", Ct));
        Assert.Null(await node.Events.FindSessionsNotBeforeAsync("carol", Ct));
    }

    static Task<StoreNode> CreateAsync(TestDatabase database, TestClock? clock = null, params string[] settings) =>
        StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock ?? new TestClock(), Settings = [.. Webhook, .. settings] });

    /// <summary>A commit with events of these types; by default the one that an account begins with.</summary>
    static async Task RecordAsync(StoreNode node, string user, params AuditEventType[] types)
    {
        var account = (await node.Store.LoadAsync(user, null, Ct)).Account ?? Account.New(user);
        var change = (types.Length == 0 ? [AuditEventType.AccountProvisioned] : types)
            .Aggregate(Change.Of(account), (change, type) => change.Record(type, Changing));
        Assert.True(await node.CommitAsync(account, change));
    }

    static Task<List<ClaimedEvent>> ClaimAsync(StoreNode node) => node.Events.ClaimAsync(node.Clock.Now, Lease, 100, Ct);

    static Task<Replayed> ReplayAsync(StoreNode node, DateTimeOffset from, DateTimeOffset? to = null, string? userId = null, int max = 100) =>
        node.Events.ReplayAsync(from, to ?? node.Clock.Now.AddSeconds(1), userId, node.Clock.Now, max, Ct);

    static async Task DecideAsync(StoreNode node, ClaimedEvent claimed)
    {
        await node.Events.PostponeAsync(claimed, "late", node.Clock.Now, Ct);
        await node.Events.GiveUpAsync(claimed, "late", node.Clock.Now, Ct);
        await node.Events.FinishAsync(claimed, Ct);
    }

    static async Task FinishAsync(StoreNode node, IEnumerable<ClaimedEvent> claimed)
    {
        foreach (var one in claimed)
            await node.Events.FinishAsync(one, Ct);
    }

    static async Task<List<string>> TakeAsync(StoreNode node)
    {
        var claimed = await ClaimAsync(node);
        var types = new List<string>();
        foreach (var one in claimed)
            types.Add((await node.Events.FindAsync(one, Ct))!.Event.Type);
        await FinishAsync(node, claimed);
        return types;
    }

    static async Task TakeAllAsync(StoreNode node)
    {
        while ((await TakeAsync(node)).Count > 0)
        {
        }

        Assert.Empty(await RowsAsync(node));
    }

    static Task<List<string>> RowsAsync(StoreNode node) => node.ReadAsync(
        "SELECT user_id, version, ordinal FROM event_deliveries ORDER BY user_id, version, ordinal",
        reader => $"{reader.GetString(0)} {reader.GetInt64(1)}.{reader.GetInt64(2)}");

    static IEnumerable<string> Names(IEnumerable<ClaimedEvent> claimed) =>
        claimed.Select(one => $"{one.UserId} {one.Version}.{one.Ordinal}").Order(StringComparer.Ordinal);
}
