using System.Collections.Immutable;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>
/// What a store must do, as plain methods: the conformance suite runs them on every database, and the seeded faults show that each of them can
/// fail.
/// </summary>
static class StoreChecks
{
    public static async Task A_limit_is_forgotten_when_it_counts_no_more(TestDatabase database)
    {
        var clock = new TestClock();
        await using var node = await StoreNode.CreateAsync(
            database, new StoreNode.Setup { Clock = clock, Settings = ["Countersign:Limits:Recipient:Email:TenMinutes=5"] });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        Assert.NotNull((await node.Security.IssueAsync(new Caller("alice"), "alice", new Purpose(Operation.ChangingKey, KeyType.Email), null, CancellationToken.None)).Value);
        var limit = new Limit(LimitScope.Recipient, "alice@example.com", [new Quota(5, TimeSpan.FromMinutes(10))]);
        Assert.Equal((1L, 1), await StateAsync());

        // At the end of the hour in which a day is over.
        var forgottenAt = new DateTimeOffset(clock.Now.UtcDateTime.Date, TimeSpan.Zero).AddDays(1).AddHours(clock.Now.Hour + 1);
        clock.Advance(forgottenAt - clock.Now - TimeSpan.FromMilliseconds(1));
        Assert.False(await new ExpiredRows(node.Database).ForgetAsync(clock.Now, CancellationToken.None));
        Assert.Equal((1L, 0), await StateAsync());
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await new ExpiredRows(node.Database).ForgetAsync(clock.Now, CancellationToken.None));
        Assert.Equal((0L, 0), await StateAsync());

        async Task<(long Revision, int Uses)> StateAsync()
        {
            var state = Assert.Single(await node.Store.LoadLimitsAsync([limit], CancellationToken.None));
            return (state.Revision, state.Uses.Count(clock.Now, TimeSpan.FromDays(1)));
        }
    }

    static readonly CancellationToken Ct = CancellationToken.None;

    public static async Task Everything_of_an_account_comes_back(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var bobsCode = Sample.AntiPhishing("bobcode1");
        var bob = Account.New("bob") with
        {
            Email = new UserKey(Sample.Email("Taken@example.org"), node.Clock.Now, false),
            Locale = "fr",
            AntiPhishingCode = bobsCode,
            Holds = ImmutableDictionary<HoldReason, DateTimeOffset>.Empty.Add(HoldReason.Recovered, node.Clock.Now),
        };
        Assert.True(await node.CommitAsync(Account.New("bob"), Change.Of(bob)));
        var stored = Full(node.Clock.Now, DeliveryState.Queued);
        var changing = new Purpose(Operation.ChangingNewKey, KeyType.Email);
        var message = Sample.CodeMessage("message-1", Sample.Email("taken@example.org"), changing, node.Clock.Now);

        Assert.True(await node.CommitAsync(Account.New("alice"), Change.Of(stored).Record(AuditEventType.AccountProvisioned).Send(message)));
        var first = await node.LoadAsync("alice");
        Assert.Equal(Sample.Text(stored with { Version = 1 }), Sample.Text(first));

        // All of it once more, over rows that are there already.
        var changed = Full(node.Clock.Now.AddDays(1), DeliveryState.Queued) with
        {
            Version = first.Version,
            Locale = null,
            AntiPhishingCode = null,
            PhoneNumber = null,
            FrozenUntil = null,
            Holds = first.Holds.Remove(HoldReason.KeyAdded).SetItem(HoldReason.KeyChanged, node.Clock.Now),
        };
        var (ended, kept) = (changed.State(changing), changed.State(new Purpose(Operation.AddingAntiPhishing, null)));
        changed = changed
            .With(ended with { Pending = null, Spent = true, Guesses = GuessBudget.Fresh })
            .With(kept with { Pending = kept.Pending! with { TargetOwner = kept.Pending.TargetOwner! with { Locale = null } } });
        Assert.True(await node.CommitAsync(first, Change.Of(changed).Record(AuditEventType.UserKeyRemoved)));
        Assert.Equal(Sample.Text(changed with { Version = 2 }), Sample.Text(await node.LoadAsync("alice")));
    }

    public static async Task A_load_names_who_has_the_new_key(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var taken = Sample.Email("Taken@Example.org");
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.PutAsync("bob", new AccountProfile { Email = taken, Locale = "fr", AntiPhishingCode = Sample.AntiPhishing("bobcode1") });

        var asked = Sample.Email("tAKEN@example.ORG");
        var expected = new AddressOwner("bob", taken, "fr", Sample.AntiPhishing("bobcode1"));
        Assert.Equal(Sample.Text(expected), Sample.Text((await node.Store.LoadAsync("alice", asked, Ct)).NewKeyOwner));
        Assert.Equal("bob", await node.OwnerAsync(asked));

        // Whatever the owner changes of it later.
        var respelled = Sample.Email("TAKEN@example.org");
        await node.PutAsync("bob", new AccountProfile { Email = respelled, Locale = "de", AntiPhishingCode = Sample.AntiPhishing("bobcode2") });
        expected = new AddressOwner("bob", respelled, "de", Sample.AntiPhishing("bobcode2"));
        Assert.Equal(Sample.Text(expected), Sample.Text((await node.Store.LoadAsync("alice", asked, Ct)).NewKeyOwner));

        Assert.Null((await node.Store.LoadAsync("alice", Sample.Email("free@example.org"), Ct)).NewKeyOwner);
        Assert.Null(await node.OwnerAsync(Sample.Email("free@example.org")));
        // The same text as a key of the other type is another key.
        Assert.Null(await node.OwnerAsync(Sample.Number("+4915112345678")));
        Assert.Null((await node.Store.LoadAsync("nobody", null, Ct)).Account);
    }

    public static async Task An_address_that_was_given_up_is_anybodys(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var address = Sample.Email("shared@example.org");
        await node.PutAsync("alice", new AccountProfile { Email = address });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        Assert.Null(await node.OwnerAsync(address));
        await node.PutAsync("bob", new AccountProfile { Email = address });
        Assert.Equal("bob", await node.OwnerAsync(address));

        await node.Security.EraseAsync(new Caller("platform"), "bob", Ct);
        Assert.Null(await node.OwnerAsync(address));
    }

    public static async Task Secrets_are_sealed_in_the_rows(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Settings = ["Countersign:Tokens:Code=Base32"] });
        var canary = Sample.AntiPhishing("CanaryCode42");
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com"), AntiPhishingCode = canary });
        var code = await node.CodeAsync("alice", Operation.ChangingAntiPhishing, null);

        // Texts as they are, bytes in hexadecimal: a secret would show in either form.
        var dump = await Sample.DumpAsync(node.Engine);
        Assert.Contains("a***e@example.com", dump);
        foreach (var secret in new[] { canary.Reveal(), code.Reveal(), code.RevealForReading() })
        {
            Assert.DoesNotContain(secret, dump);
            Assert.DoesNotContain(Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(secret)), dump);
        }
    }

    public static async Task A_stale_commit_writes_nothing(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var now = node.Clock.Now;
        var given = Sample.Number("+4915112345678");
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com"), PhoneNumber = given });
        var whole = await node.LoadAsync("alice");
        await node.CommitAsync(whole, Change.Of(whole.Without(KeyType.PhoneNumber)) with { ReleasedAt = now.AddDays(30) });
        // Twice, so that a third would supersede the first.
        await node.CodeAsync("alice", Operation.ChangingKey, KeyType.Email);
        await node.CodeAsync("alice", Operation.ChangingKey, KeyType.Email);
        var pending = new Purpose(Operation.ChangingKey, KeyType.Email);
        var issued = await node.LoadAsync("alice");
        var held = ImmutableDictionary<HoldReason, DateTimeOffset>.Empty.Add(HoldReason.KeyAdded, now);
        await node.CommitAsync(
            issued, Change.Of(WithWrongTries(issued, pending, 2, now) with { Holds = held }) with { Offers = Undo("first", now) },
            request: Sample.Request("earlier"));
        await node.Inbox.KeepAsync(Outgoing("alice"), Ct);

        // Somebody else is faster. That commit has no event, so that an event of a stale one would find its place free.
        var stale = await node.LoadAsync("alice");
        Assert.True(await node.CommitAsync(stale, Change.Of(stale with { Locale = "de" })));
        var before = await Sample.DumpAsync(node.Engine);

        var email = Sample.Email("alice@example.com");
        Change[] changes =
        [
            Change.Of(stale.With(new UserKey(given, now, true))),
            Change.Of(stale.With(new UserKey(Sample.Number("+4915112345679"), now, true)))
                .Record(AuditEventType.UserKeyAdded).Send(Sample.Notice(email, now)),
            Change.Of(WithWrongTries(stale, pending, 4, now)).Record(AuditEventType.TokenRefused),
            Change.Of(stale.Without(KeyType.Email)) with { Withdrawn = [pending] },
            Change.Of(stale.Without(KeyType.Email)) with { ReleasedAt = now.AddDays(30) },
            Change.Of((stale with { Locale = "fr" }).With(new UserKey(Sample.Email("ALICE@example.com"), now, false))),
            Change.Of(stale.With(stale.State(pending) with { Pending = stale.State(pending).Pending! with { MessageId = "third" } })),
            Change.Of(stale) with { Drawn = [new LimitState(new Limit(LimitScope.Recipient, email.Canonical, []), SlidingWindow.Empty.Add(now, TimeSpan.FromDays(1)), 0)] },
            Change.Of(stale with { Holds = held.Clear().Add(HoldReason.Recovered, now) }),
            Change.Of(stale) with { Offers = Undo("second", now) },
            Change.Of(stale) with { VoidsUndosFrom = 0 },
            Provisioning.Erase(stale),
        ];
        foreach (var change in changes)
        {
            Assert.False(await node.CommitAsync(stale, change, request: Sample.Request("stale")));
            Assert.Equal(before, await Sample.DumpAsync(node.Engine));
        }
    }

    public static async Task A_kept_answer_is_found_by_its_account_and_key_until_it_expires(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        foreach (var user in new[] { "alice", "bob" })
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
        var (first, second) = (Sample.Request("first"), Sample.Request("second", "another body"));
        await KeepAsync("alice", first);
        await KeepAsync("alice", second);
        await KeepAsync("bob", second);

        Assert.Equal("Answer to first", await FindAsync("alice", first));
        Assert.Equal("Answer to second", await FindAsync("alice", second));
        Assert.Null(await FindAsync("bob", first));
        Assert.Null(await FindAsync("carol", first));
        var kept = await node.Store.FindAnswerAsync("alice", second.Key, node.Clock.Now, Ct);
        Assert.Equal((true, false), (kept!.IsOf(second.Digest), kept.IsOf(first.Digest)));
        var dump = await Sample.DumpAsync(node.Engine);
        foreach (var secret in new[] { Sample.Answer(first).Answer, first.Digest, second.Digest })
            Assert.DoesNotContain(Convert.ToHexString(secret), dump);

        // To the millisecond; the next one is kept in its place.
        node.Clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromMilliseconds(1));
        Assert.Equal("Answer to first", await FindAsync("alice", first));
        node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await FindAsync("alice", first));
        await KeepAsync("alice", first);
        Assert.Equal("Answer to first", await FindAsync("alice", first));

        Assert.True(await new ExpiredRows(node.Database).ForgetAsync(node.Clock.Now, Ct));
        Assert.False(await new ExpiredRows(node.Database).ForgetAsync(node.Clock.Now, Ct));
        Assert.Equal([1L], await node.ReadAsync("SELECT COUNT(*) FROM idempotency_keys", reader => reader.GetInt64(0)));
        Assert.Equal("Answer to first", await FindAsync("alice", first));

        async Task KeepAsync(string user, RepeatableRequest request)
        {
            var account = await node.LoadAsync(user);
            Assert.True(await node.CommitAsync(account, Change.Of(account), request: request));
        }

        async Task<string?> FindAsync(string user, RepeatableRequest request)
        {
            KeptAnswer? found = null;
            // One of another account, or under another key, does not open.
            Assert.Null(await Record.ExceptionAsync(async () => found = await node.Store.FindAnswerAsync(user, request.Key, node.Clock.Now, Ct)));
            return found is null ? null : System.Text.Encoding.ASCII.GetString(found.Answer);
        }
    }

    public static async Task What_was_decided_upon_another_history_of_the_database_is_not_stored(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        var alice = await node.LoadAsync("alice");
        var before = await Sample.DumpAsync(node.Engine);

        // As a node would have loaded it from the old primary: of the same version, which the new one has come to by another way.
        Assert.False(await node.CommitAsync(alice with { Timeline = alice.Timeline + 1 }, Change.Of(alice with { Locale = "de" })));
        Assert.Equal(before, await Sample.DumpAsync(node.Engine));
    }

    public static async Task What_is_remembered_of_another_history_of_the_database_is_loaded_anew(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        var alice = await node.LoadAsync("alice");
        await node.ExecuteAsync("DROP VIEW store_timeline");
        await node.ExecuteAsync("CREATE VIEW store_timeline AS SELECT CAST(77 AS BIGINT) AS timeline");

        // A backup of which not all is there has the same commits.
        var loaded = await node.LoadAsync("alice");
        Assert.Equal((alice.CommitId, 77), (loaded.CommitId, loaded.Timeline));
    }

    public static async Task A_token_of_another_history_of_the_database_does_not_count(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com"), PhoneNumber = Sample.Number("+4915112345678") });
        var removing = new Purpose(Operation.RemovingKey, KeyType.Email);
        var code = await node.CodeAsync("alice", removing.Operation, removing.KeyType);
        await node.ExecuteAsync("UPDATE one_time_tokens SET timeline = timeline - 1");

        var redeemed = await node.Security.RedeemAsync(new Caller("alice"), "alice", removing, code, null, Ct);
        Assert.Equal(Refusal.TokenInvalid, redeemed.Refused?.Reason);
        Assert.Null((await node.LoadAsync("alice")).State(removing).Pending);

        // One more is one of this history.
        code = await node.CodeAsync("alice", removing.Operation, removing.KeyType);
        redeemed = await node.Security.RedeemAsync(new Caller("alice"), "alice", removing, code, null, Ct);
        Assert.Null(redeemed.Refused);
    }

    public static async Task A_commit_that_claims_a_key_of_another_account_writes_nothing(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var now = node.Clock.Now;
        await node.PutAsync("bob", new AccountProfile { PhoneNumber = Sample.Number("+4915112345678") });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        var alice = await node.LoadAsync("alice");
        var before = await Sample.DumpAsync(node.Engine);

        var claiming = alice.With(new UserKey(Sample.Number("+4915112345678"), now, false));
        var claim = Change.Of(WithWrongTries(claiming, new Purpose(Operation.AddingKey, KeyType.PhoneNumber), 1, now))
            .Record(AuditEventType.UserKeyAdded)
            .Send(Sample.Notice(Sample.Email("alice@example.com"), now));
        Assert.False(await node.CommitAsync(alice, claim));
        Assert.Equal(before, await Sample.DumpAsync(node.Engine));

        // The same for an account that would be new.
        var claimant = Account.New("carol").With(new UserKey(Sample.Number("+4915112345678"), now, false));
        Assert.False(await node.CommitAsync(Account.New("carol"), Change.Of(claimant).Record(AuditEventType.AccountProvisioned)));
        Assert.Equal(before, await Sample.DumpAsync(node.Engine));
    }

    public static async Task Erasing_leaves_the_audit_trail_and_nothing_else(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("bob", new AccountProfile { Email = Sample.Email("bob@example.com") });
        await node.CodeAsync("bob", Operation.AddingKey, KeyType.PhoneNumber, Sample.Number("+4915112345679"));
        await node.Inbox.KeepAsync(Outgoing("bob"), Ct);
        var bob = await node.LoadAsync("bob");
        await node.CommitAsync(bob, Change.Of(bob), request: Sample.Request("key"));
        var bobs = Lines(await Sample.DumpAsync(node.Engine), "bob");
        Assert.Equal(9, bobs.Count);

        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.CodeAsync("alice", Operation.AddingKey, KeyType.PhoneNumber, Sample.Number("+4915112345678"));
        var alice = await node.LoadAsync("alice");
        var moved = alice.With(new UserKey(Sample.Email("moved@example.com"), node.Clock.Now, false));
        await node.CommitAsync(
            alice, Change.Of(moved) with { ReleasedAt = node.Clock.Now.AddDays(30), Offers = Undo("first", node.Clock.Now) });
        alice = await node.LoadAsync("alice");
        var guessed = WithWrongTries(alice, new Purpose(Operation.AddingKey, KeyType.PhoneNumber), 2, node.Clock.Now);
        var held = guessed.Held(HoldReason.KeyRemoved, new CountersignOptions().ToRules(), node.Clock.Now);
        await node.CommitAsync(alice, Change.Of(held), request: Sample.Request("key"));
        await node.Inbox.KeepAsync(Outgoing("alice"), Ct);

        alice = await node.LoadAsync("alice");
        Assert.True(await node.CommitAsync(alice, Provisioning.Erase(alice), "platform"));
        Assert.Null(await node.LoadAsync("alice"));
        Assert.Null(await node.OwnerAsync(Sample.Email("alice@example.com")));

        var dump = await Sample.DumpAsync(node.Engine);
        var left = Lines(dump, "alice");
        var (trail, end) = (left[..^1], left[^1]);
        Assert.Equal(["account_provisioned", "token_issued", "account_erased"], trail.Select(line => line.Split('|')[4]));
        Assert.Equal("3", end.Split('|')[2]);
        Assert.DoesNotContain("alice@example.com", dump);
        Assert.DoesNotContain("moved@example.com", dump);
        Assert.DoesNotContain("+4915112345678", dump);
        Assert.Equal(bobs, Lines(dump, "bob"));
    }

    public static async Task An_account_that_comes_again_continues_its_trail(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var profile = new AccountProfile { Email = Sample.Email("alice@example.com") };
        await node.PutAsync("alice", profile);
        await node.CodeAsync("alice", Operation.ChangingKey, KeyType.Email);
        var first = await node.LoadAsync("alice");
        Assert.Equal(2, first.Version);

        for (var round = 1; round <= 2; round++)
        {
            Assert.Null((await node.Security.EraseAsync(new Caller("platform"), "alice", Ct)).Refused);
            Assert.True(await node.CommitAsync(await node.Store.NewAsync("alice", Ct), Provisioning.Create("alice", profile, node.Clock.Now)));
            // Nothing of the first life is left, and nobody who has loaded it can commit to the second.
            var second = await node.LoadAsync("alice");
            Assert.Empty(second.Purposes);
            Assert.Equal(2 + (2 * round), second.Version);
            Assert.False(await node.CommitAsync(first, Change.Of(first with { Locale = "de" })));
        }

        var events = await node.Store.ReadEventsAsync("alice", 100, Ct);
        Assert.Equal(["6.0", "5.0", "4.0", "3.0", "2.0", "1.0"], events.Select(e => e.Id));
        Assert.Equal(
            ["account_provisioned", "token_issued", "account_erased", "account_provisioned", "account_erased", "account_provisioned"],
            await node.EventsAsync("alice"));
    }

    public static async Task Of_many_creations_at_once_one_wins(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        // Without an event too: its place in the trail would stop a second creation by itself.
        foreach (var (user, events) in new[] { ("alice", 1), ("bob", 0) })
        {
            var won = await Task.WhenAll(Enumerable.Range(0, 64).Select(racer => Task.Run(() =>
            {
                var change = Change.Of(Account.New(user) with { Locale = $"x-{racer}" });
                return node.CommitAsync(Account.New(user), events == 0 ? change : change.Record(AuditEventType.AccountProvisioned), $"racer-{racer}");
            })));

            Assert.Single(won, true);
            var created = await node.LoadAsync(user);
            Assert.Equal((1, $"x-{Array.IndexOf(won, true)}"), (created.Version, created.Locale));
            var trail = await node.Store.ReadEventsAsync(user, 100, Ct);
            Assert.Equal(Enumerable.Repeat($"racer-{Array.IndexOf(won, true)}", events), trail.Select(e => e.Actor));
        }
    }

    public static async Task Events_come_newest_first_and_as_many_as_asked_for(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        for (var i = 0; i < 11; i++)
        {
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            var account = await node.LoadAsync("alice");
            var purpose = new Purpose(Operation.ChangingKey, KeyType.Email);
            await node.CommitAsync(account, Change.Of(account)
                .Record(AuditEventType.TokenRedeemed, purpose, $"target-{i}")
                .Record(AuditEventType.TokenRefused, purpose, $"target-{i}", "token-invalid"));
        }

        var events = await node.Store.ReadEventsAsync("alice", 5, Ct);
        Assert.Equal(["12.1", "12.0", "11.1", "11.0", "10.1"], events.Select(e => e.Id));
        var newest = new AuditEvent(
            "12.1", node.Clock.Now, "token_refused", "userKeys/changing", "EMAIL", "target-10", "token-invalid", "alice", "203.0.113.7", "tests/1.0");
        Assert.Equal(newest, events[0]);
        Assert.Equal(23, (await node.Store.ReadEventsAsync("alice", 1_000, Ct)).Count);
        Assert.Empty(await node.Store.ReadEventsAsync("bob", 1_000, Ct));
    }

    /// <summary>Every field of the aggregate has a value of its own.</summary>
    static Account Full(DateTimeOffset now, DeliveryState delivery)
    {
        var email = Sample.Email("Alice@Example.com");
        var tries = SlidingWindow.Empty.Add(now.AddHours(-2), GuessBudget.Span).Add(now, GuessBudget.Span).Add(now, GuessBudget.Span);
        var issues = SlidingWindow.Empty.Add(now.AddMinutes(-5), SendBudget.Span).Add(now, SendBudget.Span);
        var change = new PendingOperation(
            Sample.Email("taken@Example.org"), "K7Q", "message-1", Sample.Token(1, now.AddMinutes(30)), Sample.Token(2, now.AddMinutes(25)), 3,
            delivery, new AddressOwner("bob", Sample.Email("Taken@example.org"), "fr", Sample.AntiPhishing("bobcode1")));
        // Its message was swept long ago; the target is the account's own.
        var phishing = new PendingOperation(
            email, "ABC", "message-2", Sample.Token(3, now.AddMinutes(10)), null, 0, DeliveryState.Sent,
            new AddressOwner("alice", email, "de-AT", null));

        return (Account.New("alice") with
            {
                Locale = "de-AT",
                AntiPhishingCode = Sample.AntiPhishing("b3ta29"),
                Email = new UserKey(email, now.AddDays(-1), true),
                PhoneNumber = new UserKey(Sample.Number("+49 151 1234 5678"), now.AddDays(-2), false),
                FrozenUntil = now.AddHours(48),
                Holds = ImmutableDictionary<HoldReason, DateTimeOffset>.Empty
                    .Add(HoldReason.KeyAdded, now.AddHours(6)).Add(HoldReason.KeyChanged, now.AddHours(24)),
            })
            .With(new PurposeState(
                new Purpose(Operation.ChangingNewKey, KeyType.Email), change, false, new SendBudget(issues, now),
                new GuessBudget(tries, 2, now.AddHours(1))))
            .With(new PurposeState(
                new Purpose(Operation.AddingAntiPhishing, null), phishing, false, new SendBudget(SlidingWindow.Empty, now.AddMinutes(-1)),
                GuessBudget.Fresh))
            .With(new PurposeState(
                new Purpose(Operation.DisablingMfa, KeyType.PhoneNumber), null, true, new SendBudget(issues, null), new GuessBudget(tries, 0, null)));
    }

    static UndoPoint Undo(string id, DateTimeOffset now) => new(
        id, new Purpose(Operation.ChangingNewKey, KeyType.Email), 1, new byte[32], "key", now, now.AddDays(7), new Snapshot(null, null, null));

    static Account WithWrongTries(Account account, Purpose purpose, int tries, DateTimeOffset now)
    {
        var window = Enumerable.Range(0, tries).Aggregate(SlidingWindow.Empty, (counted, _) => counted.Add(now, GuessBudget.Span));
        return account.With(account.State(purpose) with { Guesses = new GuessBudget(window, 0, null), Spent = tries > 3 });
    }

    static Countersign.Delivery.OutgoingMessage Outgoing(string userId) =>
        new($"inbox-of-{userId}", userId, Sample.Email($"{userId}@example.com"), "Subject", "Text", null, null, null);

    static List<string> Lines(string dump, string userId) => [.. dump.Split('\n').Where(line => line.Contains($"{userId}|", StringComparison.Ordinal))];
}
