using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Support;

namespace Countersign.Tests.Stores;

/// <summary>What support does to accounts, in every database.</summary>
static class SupportChecks
{
    const string Reason = "ticket 4711";

    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly Caller Olga = new("olga", "198.51.100.9", "console/1.0");
    static readonly EmailAddress AliceEmail = Sample.Email("alice@example.com");
    static readonly PhoneNumber AliceNumber = Sample.Number("+4915112345678");
    static readonly Purpose AddingNumber = new(Operation.AddingKey, KeyType.PhoneNumber);
    static readonly Purpose ChangingEmail = new(Operation.ChangingKey, KeyType.Email);
    static readonly Purpose RemovingEmail = new(Operation.RemovingKey, KeyType.Email);

    public static async Task An_account_is_found_by_its_id_and_its_addresses_and_by_nothing_else(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail, PhoneNumber = AliceNumber });
        await node.PutAsync("bob@example.com", new AccountProfile { Email = Sample.Email("robert@example.com") });

        Assert.Equal([new AccountMatch("alice", QueryKind.UserId, false, null)], await FindAsync(node, " alice "));
        Assert.Equal([new AccountMatch("alice", QueryKind.Email, false, null)], await FindAsync(node, "Alice@EXAMPLE.com"));
        Assert.Equal([new AccountMatch("alice", QueryKind.PhoneNumber, false, null)], await FindAsync(node, "+49 151 12345678"));
        // An id that looks like an address.
        Assert.Equal([new AccountMatch("bob@example.com", QueryKind.UserId, false, null)], await FindAsync(node, "bob@example.com"));
        await node.PutAsync("eve", new AccountProfile { Email = Sample.Email("bob@example.com") });
        Assert.Equal(["eve", "bob@example.com"], (await FindAsync(node, "bob@example.com")).Select(match => match.UserId));

        foreach (var query in new[] { "", " ", "alic", "ALICE", "alice%", "%", "alice@example.org", "+4915112345679", "4915112345678", "a\0b", new string('x', 300) })
            Assert.Empty(await FindAsync(node, query));
    }

    public static async Task An_address_that_is_kept_leads_to_its_last_holder_until_then(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail, PhoneNumber = AliceNumber });
        var code = await node.CodeAsync("alice", Operation.RemovingKey, KeyType.Email);
        Assert.Null((await node.Security.RedeemAsync(new Caller("alice"), "alice", RemovingEmail, code, null, Ct)).Refused);
        var until = node.Clock.Now.AddDays(30);

        Assert.Equal([new AccountMatch("alice", QueryKind.Email, false, until)], await FindAsync(node, "alice@example.com"));
        node.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Empty(await FindAsync(node, "alice@example.com"));
    }

    public static async Task An_erased_account_is_found_by_its_id_with_its_trail(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail });
        Assert.Equal(SupportStatus.Done, await node.Support.EraseAsync(Olga, "alice", Reason, Ct));
        Assert.Equal(SupportStatus.AccountNotFound, await node.Support.EraseAsync(Olga, "alice", Reason, Ct));

        Assert.Equal([new AccountMatch("alice", QueryKind.UserId, true, null)], await FindAsync(node, "alice"));
        Assert.Empty(await FindAsync(node, "alice@example.com"));
        var found = (await node.Support.GetAsync(Olga, "alice", Ct))!;
        Assert.True(found.IsErased);
        Assert.Empty(found.Keys);
        Assert.Empty(found.Messages);
        Assert.Equal(["account_erased ticket 4711 olga", "account_provisioned  platform"], found.Events.Select(e => $"{e.Type} {e.Reason} {e.Actor}"));
        Assert.Equal((TrailState.Intact, 2L), (found.Trail.State, found.Trail.Events));
        Assert.Equal(node.Clock.Now, found.SessionsNotBefore);
        Assert.Null(await node.Support.GetAsync(Olga, "nobody", Ct));
        Assert.Null(await node.Support.GetAsync(Olga, "", Ct));
    }

    public static async Task A_look_is_in_the_trail_once_in_a_while_per_operator_and_kind(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail });
        await node.PutAsync("bob", new AccountProfile { Email = Sample.Email("bob@example.com") });
        await FindAsync(node, "bob");
        await node.Support.GetAsync(Olga, "bob", Ct);
        for (var i = 0; i < 3; i++)
        {
            await FindAsync(node, "alice@example.com");
            await node.Support.GetAsync(Olga, "alice", Ct);
        }

        await node.Support.GetAsync(Olga with { Actor = "oskar" }, "alice", Ct);
        Assert.Equal(["found by email olga", "opened olga", "opened oskar"], await ViewsAsync(node));
        node.Clock.Advance(Account.ViewSpan - TimeSpan.FromMilliseconds(1));
        await node.Support.GetAsync(Olga, "alice", Ct);
        Assert.Equal(3, (await ViewsAsync(node)).Count);
        node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await node.Support.GetAsync(Olga, "alice", Ct);
        Assert.Equal(["found by email olga", "opened olga", "opened oskar", "opened olga"], await ViewsAsync(node));

        var view = (await node.Store.ReadEventsAsync("alice", 1, Ct))[0];
        Assert.Equal(("198.51.100.9", "console/1.0"), (view.IpAddress, view.UserAgent));
        Assert.Equal(["found by user id olga", "opened olga"], await ViewsAsync(node, "bob"));
    }

    public static async Task Of_looks_at_once_one_is_recorded(TestDatabase database)
    {
        const int Racers = 16;
        var setup = new StoreNode.Setup();
        await using var first = await StoreNode.CreateAsync(database, setup);
        await using var second = await StoreNode.CreateAsync(database, setup);
        await first.PutAsync("alice", new AccountProfile { Email = AliceEmail });

        setup.Gate.Arm(reads: Racers);
        var found = await Task.WhenAll(Enumerable.Range(0, Racers).Select(racer =>
            Task.Run(() => (racer % 2 == 0 ? first : second).Support.GetAsync(Olga, "alice", Ct))));

        Assert.All(found, one => Assert.Equal(TrailState.Intact, one!.Trail.State));
        Assert.Equal(["opened olga"], await ViewsAsync(first));
    }

    public static async Task A_case_has_what_an_operator_needs(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(
            database, new StoreNode.Setup { Settings = ["Countersign:Limits:IssuesPerHour=5", "Countersign:Limits:ResendAfter:Email=00:00:30"] });
        await node.PutAsync("alice", new AccountProfile
        {
            Email = AliceEmail, PhoneNumber = AliceNumber, PhoneNumberMfa = true, AntiPhishingCode = Sample.AntiPhishing("bluebird9"), Locale = "de",
        });
        await node.PutAsync("bob", new AccountProfile { Email = Sample.Email("bob@example.com") });
        await node.CodeAsync("bob", Operation.ChangingKey, KeyType.Email);
        var start = node.Clock.Now;
        var code = await node.CodeAsync("alice", Operation.ChangingKey, KeyType.Email);
        await node.Security.RedeemAsync(new Caller("alice"), "alice", RemovingEmail, code, null, Ct);
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        await node.CodeAsync("alice", Operation.RemovingKey, KeyType.Email);
        for (var i = 0; i < 2; i++)
            await node.Security.RedeemAsync(new Caller("alice"), "alice", RemovingEmail, Sample.WrongCode(await CodeAsync(node)), null, Ct);

        var found = (await node.Support.GetAsync(Olga, "alice", Ct))!;

        Assert.Equal(("alice", false, "de", "b*******9", null), (found.UserId, found.IsErased, found.Locale, found.AntiPhishingCode, found.FrozenUntil));
        Assert.Equal(
            [new SupportKey(KeyType.Email, "a***e@example.com", false, start), new SupportKey(KeyType.PhoneNumber, "+**********678", true, start)], found.Keys);
        Assert.Equal(
            [
                (ChangingEmail, "a***e@example.com", start.AddMinutes(30), start.AddSeconds(30), 5, DeliveryState.Queued),
                (RemovingEmail, "a***e@example.com", start.AddSeconds(1).AddMinutes(30), start.AddSeconds(31), 3, DeliveryState.Queued),
            ],
            found.PendingOperations.Select(pending => (
                pending.Purpose, pending.Destination, pending.ExpiresAt, pending.ResendAt, pending.AttemptsRemaining, pending.Delivery)));
        Assert.Equal(
            [
                new SupportLimits(ChangingEmail, 1, 5, 0, 10, 0, null, start.AddSeconds(30)),
                new SupportLimits(RemovingEmail, 1, 5, 2, 10, 0, null, start.AddSeconds(31)),
            ],
            found.Limits);
        Assert.Equal(
            [("userKeys/removing", true, false), ("userKeys/changing", true, false)], found.Messages.Select(message => (message.View.Operation, message.CanDrop, message.CanRetry)));
        Assert.All(found.Messages, message => Assert.Equal(("alice", "a***e@example.com", false), (message.View.UserId, message.View.DestinationMasked, message.View.IsErased)));
        Assert.Equal(
            ["support_viewed", "token_refused", "token_refused", "token_issued", "request_refused", "token_issued", "account_provisioned"],
            found.Events.Select(e => e.Type));
        Assert.Equal((TrailState.Intact, 7L), (found.Trail.State, found.Trail.Events));
        Assert.Null(found.SessionsNotBefore);

        var json = System.Text.Json.JsonSerializer.Serialize(found);
        foreach (var secret in (string[])["alice@example.com", "12345678", "bluebird9", (await CodeAsync(node)).Reveal()])
            Assert.DoesNotContain(secret, json, StringComparison.OrdinalIgnoreCase);
    }

    public static async Task A_case_says_that_somebody_has_altered_its_trail(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail });
        await node.CodeAsync("alice", Operation.ChangingKey, KeyType.Email);
        await node.ExecuteAsync("UPDATE audit_events SET actor = 'mallory' WHERE user_id = 'alice' AND version = 2");

        var trail = (await node.Support.GetAsync(Olga, "alice", Ct))!.Trail;
        Assert.Equal(TrailState.Broken, trail.State);
        Assert.Equal(["event 2.0 is not what was written, or what stood before it is missing or was moved"], trail.Findings);
    }

    public static async Task An_operator_revokes_and_unlocks_with_a_reason(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Settings = ["Countersign:Limits:WrongTriesPerDay=2"] });
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail });
        var code = await node.CodeAsync("alice", Operation.AddingKey, KeyType.PhoneNumber, AliceNumber);

        Assert.Equal(SupportStatus.BadReason, await node.Support.RevokeAsync(Olga, "alice", AddingNumber, "no", Ct));
        Assert.Equal(SupportStatus.Done, await node.Support.RevokeAsync(Olga, "alice", AddingNumber, $" {Reason} ", Ct));
        Assert.Equal(SupportStatus.NothingPending, await node.Support.RevokeAsync(Olga, "alice", null, Reason, Ct));
        Assert.Equal(SupportStatus.AccountNotFound, await node.Support.RevokeAsync(Olga, "nobody", null, Reason, Ct));
        Assert.Equal(Refusal.TokenInvalid, (await node.Security.RedeemAsync(new Caller("alice"), "alice", AddingNumber, code, null, Ct)).Refused?.Reason);
        Assert.Equal(OutboxState.Withdrawn, Assert.Single(await node.OutboxAsync()).State);

        code = await node.CodeAsync("alice", Operation.AddingKey, KeyType.PhoneNumber, AliceNumber);
        for (var i = 0; i < 2; i++)
            await node.Security.RedeemAsync(new Caller("alice"), "alice", AddingNumber, Sample.WrongCode(code), null, Ct);
        Assert.Equal(node.Clock.Now.AddMinutes(15), Assert.Single((await node.Support.GetAsync(Olga, "alice", Ct))!.Limits).LockedUntil);
        Assert.Equal(SupportStatus.Done, await node.Support.UnlockAsync(Olga, "alice", AddingNumber, Reason, Ct));
        Assert.Equal(SupportStatus.NotLocked, await node.Support.UnlockAsync(Olga, "alice", AddingNumber, Reason, Ct));
        code = await node.CodeAsync("alice", Operation.AddingKey, KeyType.PhoneNumber, AliceNumber);
        Assert.Null((await node.Security.RedeemAsync(new Caller("alice"), "alice", AddingNumber, code, null, Ct)).Refused);

        Assert.Equal(SupportStatus.Done, await node.Support.LiftHoldAsync(Olga, "alice", HoldReason.KeyAdded, new string('x', 500), Ct));
        Assert.Equal(SupportStatus.NotHeld, await node.Support.LiftHoldAsync(Olga, "alice", HoldReason.KeyAdded, Reason, Ct));
        var actions = (await node.Store.ReadEventsAsync("alice", 100, Ct)).Where(e => e.Actor == "olga" && e.Type != "support_viewed").Reverse();
        Assert.Equal(
            [
                "token_revoked userKeys/adding PHONE_NUMBER support: ticket 4711", "request_refused   nothing-pending",
                "operation_unlocked userKeys/adding PHONE_NUMBER ticket 4711", "request_refused userKeys/adding PHONE_NUMBER not-locked",
                $"hold_lifted   userKeys/adding: {new string('x', 500)}", "request_refused   not-held",
            ],
            actions.Select(e => $"{e.Type} {e.Operation} {e.KeyType} {e.Reason}"));
    }

    public static async Task A_token_is_revoked_or_redeemed_and_never_both(TestDatabase database)
    {
        foreach (var winner in (string[])["olga", "owner"])
        {
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);
            var user = $"alice-{winner}";
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
            var number = Sample.Number(winner == "olga" ? "+4915112345671" : "+4915112345672");
            var code = await node.CodeAsync(user, Operation.AddingKey, KeyType.PhoneNumber, number);

            setup.Gate.Arm(reads: 2, winner);
            var revoking = node.Support.RevokeAsync(Olga, user, AddingNumber, Reason, Ct);
            var redeeming = node.Security.RedeemAsync(new Caller("owner"), user, AddingNumber, code, null, Ct);
            var (revoked, redeemed) = (await revoking, await redeeming);

            var isRevoked = winner == "olga";
            Assert.Equal(isRevoked ? SupportStatus.Done : SupportStatus.NothingPending, revoked);
            Assert.Equal(isRevoked ? Refusal.TokenInvalid : null, redeemed.Refused?.Reason);
            Assert.Equal(isRevoked, (await node.LoadAsync(user)).PhoneNumber is null);
            Assert.Equal(
                isRevoked
                    ? ["account_provisioned", "token_issued", "token_revoked"]
                    : ["account_provisioned", "token_issued", "token_redeemed", "user_key_added"],
                await node.EventsAsync(user));
        }
    }

    /// <summary>Whoever is first: what is counted is what came after the lock had gone.</summary>
    public static async Task An_unlock_and_the_guess_that_locks_come_one_after_the_other(TestDatabase database)
    {
        foreach (var winner in (string[])["olga", "owner"])
        {
            var setup = new StoreNode.Setup { Settings = ["Countersign:Limits:WrongTriesPerDay=2"] };
            await using var node = await StoreNode.CreateAsync(database, setup);
            var user = $"alice-{winner}";
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
            var code = await node.CodeAsync(user, Operation.ChangingKey, KeyType.Email);
            var (wrong, target) = (Sample.WrongCode(code), Sample.Email($"new-{winner}@example.com"));
            await node.Security.IssueForNewKeyAsync(new Caller("owner"), user, target, wrong, Ct);

            setup.Gate.Arm(reads: 2, winner);
            var unlocking = node.Support.UnlockAsync(Olga, user, ChangingEmail, Reason, Ct);
            var guessing = node.Security.IssueForNewKeyAsync(new Caller("owner"), user, target, wrong, Ct);
            Assert.Equal(SupportStatus.Done, await unlocking);
            Assert.Equal(Refusal.TokenInvalid, (await guessing).Refused?.Reason);

            var guesses = (await node.LoadAsync(user)).State(ChangingEmail).Guesses;
            Assert.Equal((winner == "olga" ? 1 : 0, 0, false), (guesses.WrongTries.Count(node.Clock.Now, GuessBudget.Span), guesses.Locks, guesses.IsLocked(node.Clock.Now)));
            Assert.Equal(
                winner == "olga"
                    ? ["account_provisioned", "token_issued", "token_refused", "operation_unlocked", "token_refused"]
                    : ["account_provisioned", "token_issued", "token_refused", "token_refused", "token_revoked", "operation_locked", "operation_unlocked"],
                await node.EventsAsync(user));
        }
    }

    static Task<IReadOnlyList<AccountMatch>> FindAsync(StoreNode node, string query) => node.Support.FindAsync(Olga, query, Ct);

    static async Task<List<string>> ViewsAsync(StoreNode node, string userId = "alice") =>
        [.. (await node.Store.ReadEventsAsync(userId, 1_000, Ct)).Reverse().Where(e => e.Type == "support_viewed").Select(e => $"{e.Reason} {e.Actor}")];

    /// <summary>The last that was sent to alice.</summary>
    static async Task<TokenCode> CodeAsync(StoreNode node) => Sample.Code((await node.QueuedAsync()).Last(message => message.UserId == "alice").Content.Code!);
}
