using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>What can be done to audit trails behind the back of the nodes, and what time does to them.</summary>
static class AuditChecks
{
    const int Racers = 64;

    /// <summary>Of each account, in an export: with as many events each, more than a page of 1,000.</summary>
    const int Seconds = 51;

    /// <summary>Events of one commit.</summary>
    const int AtOnce = 10;

    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly AccountProfile Profile = new() { Email = Sample.Email("alice@example.com") };
    static readonly Purpose ChangingEmail = new(Operation.ChangingKey, KeyType.Email);

    public static async Task A_trail_that_nobody_has_touched_is_as_it_was_written(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await LiveAsync(node, "alice", events: 5);
        await node.PutAsync("bob", Profile with { Email = Sample.Email("bob@example.com") });
        Assert.Null((await node.Security.EraseAsync(new Caller("platform"), "bob", Ct)).Refused);
        // The second life of the name, with nothing but its first event.
        await node.PutAsync("bob", Profile with { Email = Sample.Email("bob@example.com") });
        Assert.Null((await node.Security.EraseAsync(new Caller("platform"), "bob", Ct)).Refused);
        // A commit without an event.
        var alice = await node.LoadAsync("alice");
        Assert.True(await node.CommitAsync(alice, Change.Of(alice)));

        Assert.Equal(new AuditReport(2, 9, 0), (await VerifyAsync(node)).Report);
        Assert.Equal(new AuditReport(1, 5, 0), (await VerifyAsync(node, "alice")).Report);
    }

    public static async Task Whatever_is_done_to_a_trail_is_found(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        string[] tampered =
        [
            .. new[] { "type", "operation", "key_type", "target_masked", "reason", "actor", "ip", "user_agent" }
                .SelectMany(column => new[] { $"UPDATE audit_events SET {column} = 'x' WHERE {Third}", $"UPDATE audit_events SET {column} = '' WHERE {Third}" }),
            $"UPDATE audit_events SET at = at + 1 WHERE {Third}",
            $"UPDATE audit_events SET ordinal = 7 WHERE {Third}",
            $"UPDATE audit_events SET link = (SELECT link FROM audit_events WHERE user_id = '{{0}}' AND version = 2) WHERE {Third}",
            // Gone from the middle, from the beginning, from the end.
            $"DELETE FROM audit_events WHERE {Third}",
            "DELETE FROM audit_events WHERE user_id = '{0}' AND version = 1",
            "DELETE FROM audit_events WHERE user_id = '{0}' AND version = 5",
            "DELETE FROM audit_events WHERE user_id = '{0}'",
            // The order of two events.
            "UPDATE audit_events SET version = CASE version WHEN 2 THEN 13 ELSE 12 END WHERE user_id = '{0}' AND version IN (2, 3)",
            // Another account's trail in place of its own; an event more.
            "UPDATE audit_events SET user_id = '{0}-moved' WHERE user_id = '{0}'",
            """
            INSERT INTO audit_events (user_id, version, ordinal, at, type, actor, link, key_id)
            SELECT user_id, 6, 0, at, type, actor, link, key_id FROM audit_events WHERE user_id = '{0}' AND version = 5
            """,
            // The end is cut off, and the account says so too.
            """
            UPDATE accounts SET trail_events = 4, trail_link = (SELECT link FROM audit_events WHERE user_id = '{0}' AND version = 4) WHERE user_id = '{0}';
            DELETE FROM audit_events WHERE user_id = '{0}' AND version = 5
            """,
            "UPDATE accounts SET trail_events = 0, trail_link = trail_seal WHERE user_id = '{0}'",
            "DELETE FROM accounts WHERE user_id = '{0}'",
            // Somebody says that what is missing was too old to be kept.
            """
            INSERT INTO trail_beginnings (user_id, events, link, seal, key_id)
            SELECT user_id, 2, link, link, key_id FROM audit_events WHERE user_id = '{0}' AND version = 2;
            DELETE FROM audit_events WHERE user_id = '{0}' AND version <= 2
            """,
        ];
        foreach (var (text, i) in tampered.Select((text, i) => (text, i)))
        {
            var userId = $"user-{i}";
            await LiveAsync(node, userId, events: 5);
            Assert.Empty((await VerifyAsync(node, userId)).Findings);

            foreach (var statement in text.Replace("{0}", userId, StringComparison.Ordinal).Split(';'))
                await node.ExecuteAsync(statement);
            var (report, findings) = await VerifyAsync(node, userId);
            Assert.True(report.Findings > 0, $"Not found: {text}");
            Assert.All(findings, finding => Assert.StartsWith($"{userId}: ", finding, StringComparison.Ordinal));
        }

        // One event edited in the middle is one finding, which names it.
        await LiveAsync(node, "carol", events: 5);
        await node.ExecuteAsync($"UPDATE audit_events SET actor = 'x' WHERE {Third.Replace("{0}", "carol", StringComparison.Ordinal)}");
        Assert.Equal(
            ["carol: event 3.0 is not what was written, or what stood before it is missing or was moved"], (await VerifyAsync(node, "carol")).Findings);
    }

    public static async Task A_trail_goes_on_where_that_of_the_erased_account_ended(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", Profile);
        var never = await node.Store.NewAsync("bob", Ct);
        Assert.Equal((0, 0), (never.FormerVersion, never.Trail.Events));
        Assert.Null((await node.Security.EraseAsync(new Caller("platform"), "alice", Ct)).Refused);

        // Whoever did not know of the first life, or knew an earlier end of it, does not begin the second.
        var former = await node.Store.NewAsync("alice", Ct);
        Assert.Equal((2, 2), (former.FormerVersion, former.Trail.Events));
        Assert.False(await node.CommitAsync(Account.New("alice"), Change.Of(Account.New("alice"))));
        Assert.False(await node.CommitAsync(former with { FormerVersion = 1 }, Change.Of(former)));
        Assert.Equal(former.Trail, (await node.Store.NewAsync("alice", Ct)).Trail);

        Assert.True(await node.CommitAsync(former, Provisioning.Create("alice", Profile, node.Clock.Now)));
        Assert.Equal(0, (await node.Store.NewAsync("alice", Ct)).FormerVersion);
        Assert.Equal(new AuditReport(1, 3, 0), (await VerifyAsync(node)).Report);

        await node.ExecuteAsync("DELETE FROM accounts");
        Assert.Equal(["alice: there are 3 events, and no account that says where they end"], (await VerifyAsync(node)).Findings);
    }

    public static async Task What_is_too_old_goes_and_the_rest_can_be_verified(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, Keeping("10.00:00:00"));
        await LiveAsync(node, "alice", events: 5, every: TimeSpan.FromDays(3));
        await LiveAsync(node, "bob", events: 5);

        await node.Retention.ApplyAsync(node.Clock.Now, Ct);

        // Of the fourth and the fifth day of the five, and of all of today.
        Assert.Equal(["4.0", "5.0"], (await node.Store.ReadEventsAsync("alice", 100, Ct)).Reverse().Select(e => e.Id).TakeLast(2));
        Assert.Equal(4, (await node.Store.ReadEventsAsync("alice", 100, Ct)).Count);
        Assert.Equal(5, (await node.Store.ReadEventsAsync("bob", 100, Ct)).Count);
        Assert.Equal(new AuditReport(2, 9, 0), (await VerifyAsync(node)).Report);

        // Time goes on, and so do trails.
        node.Clock.Advance(TimeSpan.FromDays(8));
        await node.Retention.ApplyAsync(node.Clock.Now, Ct);
        var alice = await node.LoadAsync("alice");
        Assert.True(await node.CommitAsync(alice, Change.Of(alice).Record(AuditEventType.TokenIssued)));
        Assert.Equal(["6.0", "5.0"], (await node.Store.ReadEventsAsync("alice", 100, Ct)).Select(e => e.Id));
        Assert.Equal(new AuditReport(2, 7, 0), (await VerifyAsync(node)).Report);

        // An account of which nothing is left goes on all the same.
        node.Clock.Advance(TimeSpan.FromDays(20));
        await node.Retention.ApplyAsync(node.Clock.Now, Ct);
        Assert.Equal(new AuditReport(2, 0, 0), (await VerifyAsync(node)).Report);
        await node.ExecuteAsync("UPDATE trail_beginnings SET events = 5 WHERE user_id = 'bob'");
        Assert.Empty((await VerifyAsync(node, "bob")).Findings);
        await node.ExecuteAsync("UPDATE trail_beginnings SET events = 4 WHERE user_id = 'bob'");
        Assert.Equal(
            ["bob: the beginning of the trail was altered", "bob: the trail has 4 events, counted from its beginning, and should have 5"],
            (await VerifyAsync(node, "bob")).Findings);
    }

    public static async Task What_is_old_behind_a_younger_event_stays_and_keeps_nothing_else(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, Keeping("10.00:00:00"));
        await LiveAsync(node, "alice", events: 1);
        var alice = await node.LoadAsync("alice");
        // More than are looked at at once, and all at the same moment.
        var change = Enumerable.Range(0, 2 * AuditRetention.Batch).Aggregate(Change.Of(alice), (change, _) => change.Record(AuditEventType.TokenIssued));
        Assert.True(await node.CommitAsync(alice, change));
        node.Clock.Advance(TimeSpan.FromDays(1));
        await LiveAsync(node, "bob", events: 2);
        node.Clock.Advance(TimeSpan.FromDays(20));
        await node.ExecuteAsync("UPDATE audit_events SET at = @now WHERE user_id = 'alice' AND version = 1", ("@now", node.Clock.Now.ToUnixTimeMilliseconds()));

        await node.Retention.ApplyAsync(node.Clock.Now, Ct);

        Assert.Equal(1 + (2 * AuditRetention.Batch), (await node.Store.ReadEventsAsync("alice", int.MaxValue, Ct)).Count);
        Assert.Empty(await node.Store.ReadEventsAsync("bob", 100, Ct));
    }

    public static async Task Of_two_nodes_that_shorten_a_trail_one_does(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await LiveAsync(node, "alice", events: 5);
        SqlStatement Move(long from, long to) => new(
            AuditSql.MoveBeginning,
            ("@user_id", "alice"), ("@events", to), ("@link", new byte[] { 1 }), ("@seal", new byte[] { 2 }), ("@key_id", "test"), ("@old_events", from));

        Assert.True(await node.Database.TryCommitAsync(Move(0, 2), Ct));
        Assert.False(await node.Database.TryCommitAsync(Move(0, 1), Ct));
        Assert.True(await node.Database.TryCommitAsync(Move(2, 3), Ct));
    }

    public static async Task Without_a_setting_events_are_kept_for_ever(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await LiveAsync(node, "alice", events: 3);
        node.Clock.Advance(TimeSpan.FromDays(10_000));
        await node.Retention.ApplyAsync(node.Clock.Now, Ct);
        Assert.Equal(new AuditReport(1, 3, 0), (await VerifyAsync(node)).Report);
    }

    public static async Task An_export_has_every_event_once_in_the_order_of_time(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var begin = node.Clock.Now;
        // Two accounts with events at the very same times, on more than one page.
        for (var second = 0; second < Seconds; second++)
        {
            foreach (var userId in new[] { "alice", "bob" })
            {
                var account = second == 0 ? Account.New(userId) : await node.LoadAsync(userId);
                var change = Enumerable.Range(0, AtOnce).Aggregate(Change.Of(account), (change, _) => change.Record(AuditEventType.TokenIssued));
                Assert.True(await node.CommitAsync(account, change));
            }

            node.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var all = await ExportAsync(node, begin, null);
        Assert.Equal(2 * Seconds * AtOnce, all.Distinct().Count());
        Assert.Equal(all.OrderBy(e => e.Event.At).ThenBy(e => e.UserId, StringComparer.Ordinal), all);
        var last = all[^1].Event.At;
        string[] Latest(string userId) => [.. Enumerable.Range(0, AtOnce).Select(ordinal => $"{userId} {Seconds}.{ordinal}")];
        Assert.Equal([.. Latest("alice"), .. Latest("bob")], (await ExportAsync(node, last, null)).Select(e => $"{e.UserId} {e.Event.Id}"));
        Assert.Equal(Latest("bob"), (await ExportAsync(node, last, "bob")).Select(e => $"{e.UserId} {e.Event.Id}"));
        Assert.Equal(Seconds * AtOnce, (await ExportAsync(node, begin, "alice")).Count);
        Assert.Empty(await ExportAsync(node, last.AddMilliseconds(1), null));
    }

    public static async Task Of_refusals_at_once_so_many_are_recorded_as_a_minute_allows(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await using var other = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = node.Clock });
        await node.PutAsync("alice", Profile);

        async Task RefuseAsync() => await Task.WhenAll(Enumerable.Range(0, Racers).Select(racer => Task.Run(async () =>
        {
            var security = (racer % 2 == 0 ? node : other).Security;
            var refused = (await security.IssueAsync(new Caller("alice"), "alice", new Purpose(Operation.RemovingKey, KeyType.Email), null, Ct)).Refused;
            Assert.Equal(Refusal.LastKey, refused!.Reason);
        })));
        await RefuseAsync();
        Assert.Equal(Account.MaxRefusalsPerMinute, await node.RefusalsAsync("alice"));
        node.Clock.Advance(TimeSpan.FromMinutes(1));
        await RefuseAsync();
        Assert.Equal(2 * Account.MaxRefusalsPerMinute, await node.RefusalsAsync("alice"));

        // What changes something is recorded all the same.
        await node.CodeAsync("alice", Operation.ChangingKey, KeyType.Email);
        Assert.Equal("token_issued", (await node.EventsAsync("alice"))[^1]);
        Assert.Empty((await VerifyAsync(node)).Findings);
    }

    /// <summary>The third of the events that <see cref="LiveAsync"/> makes.</summary>
    const string Third = "user_id = '{0}' AND version = 3";

    /// <summary>One event in each version.</summary>
    static async Task LiveAsync(StoreNode node, string userId, int events, TimeSpan every = default)
    {
        var profile = new AccountProfile { Locale = "en" };
        Assert.True(await node.CommitAsync(Account.New(userId), Provisioning.Create(userId, profile, node.Clock.Now)));
        for (var i = 1; i < events; i++)
        {
            node.Clock.Advance(every);
            var account = await node.LoadAsync(userId);
            Assert.True(await node.CommitAsync(account, Change.Of(account).Record(AuditEventType.TokenIssued, ChangingEmail, $"target-{i}", $"reason-{i}"), userId));
        }
    }

    static StoreNode.Setup Keeping(string retention) => new() { Settings = [$"Countersign:Audit:Retention={retention}"] };

    static async Task<(AuditReport Report, List<string> Findings)> VerifyAsync(StoreNode node, string? only = null)
    {
        var findings = new List<string>();
        var report = await node.Verification.VerifyAsync(only, finding => findings.Add(finding.ToString()), Ct);
        Assert.Equal(report.Findings, findings.Count);
        return (report, findings);
    }

    static async Task<List<ExportedEvent>> ExportAsync(StoreNode node, DateTimeOffset since, string? only)
    {
        var events = new List<ExportedEvent>();
        await foreach (var e in node.Export.ReadAsync(since, only, Ct))
            events.Add(e);
        return events;
    }
}
