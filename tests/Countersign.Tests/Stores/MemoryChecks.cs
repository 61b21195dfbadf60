using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>What a node remembers, and how many commits at once fare.</summary>
static class MemoryChecks
{
    static readonly CancellationToken Ct = CancellationToken.None;

    public static async Task What_a_node_remembers_of_an_account_is_what_a_load_shows(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Settings = ["Countersign:Limits:Recipient:Email:Day=50", "Countersign:Limits:Client:IssuesPerHour=50"] });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com"), Locale = "de" });
        var store = node.OwnStore;
        Assert.Null(store.Recall("alice"));
        await node.LoadAsync("alice");

        var (adding, removing) = (new Purpose(Operation.AddingKey, KeyType.PhoneNumber), new Purpose(Operation.RemovingKey, KeyType.PhoneNumber));
        var caller = new Caller("alice", "203.0.113.7");
        var code = await node.CodeAsync("alice", adding.Operation, adding.KeyType, Sample.Number("+4915112345671"));
        await AssertRememberedAsync(version: 2);
        node.Clock.Advance(TimeSpan.FromMilliseconds(1_234.567));
        await node.Security.RedeemAsync(caller, "alice", adding, Sample.WrongCode(code), null, Ct);
        await AssertRememberedAsync(version: 3);
        await node.Security.RedeemAsync(caller, "alice", adding, code, null, Ct);
        await AssertRememberedAsync(version: 4);
        await node.CodeAsync("alice", Operation.AddingAntiPhishing, null);
        code = await node.CodeOfAsync(await node.Security.ResendAsync(caller, "alice", new Purpose(Operation.AddingAntiPhishing, null), Ct));
        await AssertRememberedAsync(version: 6);
        await node.Security.RedeemAsync(caller, "alice", new Purpose(Operation.AddingAntiPhishing, null), code, Sample.AntiPhishing("blue7heron"), Ct);
        await AssertRememberedAsync(version: 7);
        await node.Security.IssueAsync(caller, "alice", removing, null, Ct);
        await node.Security.CancelAsync(caller, "alice", removing, Ct);
        await AssertRememberedAsync(version: 9);

        var limits = new[] { new Limit(LimitScope.ClientIssues, "203.0.113.7", []), new Limit(LimitScope.Recipient, "alice@example.com", []) };
        var loaded = await store.LoadLimitsAsync(limits, Ct);
        Assert.All(loaded, limit => Assert.NotEqual(0, limit.Revision));
        Assert.Equal(loaded.Select(limit => (limit.Revision, limit.Uses)), store.RecallLimits(limits)!.Select(limit => (limit.Revision, limit.Uses)));
        Assert.Null(store.RecallLimits([.. limits, new Limit(LimitScope.Recipient, "bob@example.com", [])]));

        // Nothing that was lost is remembered.
        var stale = await node.LoadAsync("alice");
        Assert.True(await node.CommitAsync(stale, Change.Of(stale with { Locale = "fr" })));
        Assert.False(await node.CommitAsync(stale, Change.Of(stale with { Locale = "es" })));
        Assert.Null(store.Recall("alice"));
        await node.LoadAsync("alice");
        await node.Security.EraseAsync(new Caller("platform"), "alice", Ct);
        Assert.Null(store.Recall("alice"));

        async Task AssertRememberedAsync(long version)
        {
            var remembered = store.Recall("alice");
            Assert.Equal(version, remembered?.Version);
            var account = await node.LoadAsync("alice");
            Assert.Equal(Sample.Text(Alone(account)), Sample.Text(Alone(remembered!)));
            Assert.Equal((account.CommitId, account.Trail, account.Timeline), (remembered!.CommitId, remembered.Trail, remembered.Timeline));
        }
    }

    public static async Task A_token_that_was_issued_here_is_guessed_at_and_redeemed_without_a_read(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        var (caller, adding) = (new Caller("alice", "203.0.113.7"), new Purpose(Operation.AddingAntiPhishing, null));
        var code = await node.CodeOfAsync(await node.Security.IssueAsync(caller, "alice", adding, null, Ct));

        node.Engine.Clear();
        var guessed = await node.Security.RedeemAsync(caller, "alice", adding, Sample.WrongCode(code), Sample.AntiPhishing("blue7heron"), Ct);
        Assert.Equal((Refusal.TokenInvalid, 4), (guessed.Refused!.Reason, guessed.Refused.AttemptsRemaining));
        Assert.Null((await node.Security.RedeemAsync(caller, "alice", adding, code, Sample.AntiPhishing("blue7heron"), Ct)).Refused);
        Assert.Equal((2, 0, 0), (node.Engine.Count(AccountSql.Update), node.Engine.Count(AccountSql.Load), node.Engine.Count(LimitSql.Find)));
    }

    public static async Task An_account_that_is_remembered_is_read_by_its_last_commit(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true });
        await using var other = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true, Clock = node.Clock });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        var caller = new Caller("alice");
        await node.Security.GetAsync(caller, "alice", Ct);

        node.Engine.Clear();
        Assert.Equal("a***e@example.com", Assert.Single((await node.Security.GetAsync(caller, "alice", Ct)).Value!.UserKeys).Address.Masked);
        Assert.Equal((1, 0), Reads());

        // What another node has changed is seen all the same.
        await other.PutAsync("alice", new AccountProfile { Email = Sample.Email("al@example.org") });
        Assert.Equal("a***@example.org", Assert.Single((await node.Security.GetAsync(caller, "alice", Ct)).Value!.UserKeys).Address.Masked);
        Assert.Equal((2, 1), Reads());

        // How far a message has come is no matter of the account's commits.
        await node.Security.IssueAsync(caller, "alice", new Purpose(Operation.ChangingKey, KeyType.Email), null, Ct);
        var message = Assert.Single(await node.QueuedAsync(), queued => queued.Content.Code is not null);
        await node.ExecuteAsync("UPDATE outbox SET state = 'DEAD' WHERE id = @id", ("@id", message.Id));
        Assert.Equal(DeliveryState.Failed, Assert.Single((await node.Security.GetAsync(caller, "alice", Ct)).Value!.PendingOperations).Delivery);
        Assert.Equal((2, 2), Reads());

        (int Remembered, int Whole) Reads() => (node.Engine.Count(AccountSql.LoadRemembered), node.Engine.Count(AccountSql.Load));
    }

    public static async Task Whose_a_key_is_that_the_account_does_not_have_is_asked_each_time(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true });
        await using var other = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true, Clock = node.Clock });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.LoadAsync("alice");
        var taken = Sample.Email("bob@example.com");

        Assert.Null((await node.Store.LoadAsync("alice", taken, Ct)).NewKeyOwner);
        await other.PutAsync("bob", new AccountProfile { Email = taken, Locale = "fr", AntiPhishingCode = Sample.AntiPhishing("bobcode1") });
        var expected = new AddressOwner("bob", taken, "fr", Sample.AntiPhishing("bobcode1"));
        Assert.Equal(Sample.Text(expected), Sample.Text((await node.Store.LoadAsync("alice", taken, Ct)).NewKeyOwner));
        Assert.Equal(2, node.Engine.Count(AccountSql.LoadRemembered));

        // A pending operation to an address that is not the account's own depends on whose it is.
        var free = Sample.Number("+4915112345671");
        var adding = new Purpose(Operation.AddingKey, KeyType.PhoneNumber);
        var code = await node.CodeAsync("alice", adding.Operation, adding.KeyType, free);
        await other.PutAsync("carol", new AccountProfile { PhoneNumber = free });
        Assert.Equal(Refusal.KeyTaken, (await node.Security.RedeemAsync(new Caller("alice"), "alice", adding, code, null, Ct)).Refused!.Reason);
    }

    public static async Task Nobody_is_refused_by_what_another_node_has_changed(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true });
        await using var other = await StoreNode.CreateAsync(database, new StoreNode.Setup { Remembers = true, Clock = node.Clock });
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        var (caller, adding) = (new Caller("alice", "203.0.113.7"), new Purpose(Operation.AddingAntiPhishing, null));
        var first = await node.CodeOfAsync(await node.Security.IssueAsync(caller, "alice", adding, null, Ct));
        var second = await other.CodeOfAsync(await other.Security.ResendAsync(caller, "alice", adding, Ct));
        Assert.NotEqual(second, first);
        Assert.Equal(Refusal.TokenInvalid, (await other.Security.RedeemAsync(caller, "alice", adding, Sample.WrongCode(first, second), Sample.AntiPhishing("blue7heron"), Ct)).Refused!.Reason);

        // This node knows the first only, and no wrong try.
        Assert.Equal(0, node.OwnStore.Recall("alice")!.State(adding).Pending!.WrongTries);
        Assert.Equal(
            3, (await node.Security.RedeemAsync(caller, "alice", adding, Sample.WrongCode(first, second), Sample.AntiPhishing("blue7heron"), Ct)).Refused!.AttemptsRemaining);
        var third = await other.CodeOfAsync(await other.Security.ResendAsync(caller, "alice", adding, Ct));
        Assert.Null((await node.Security.RedeemAsync(caller, "alice", adding, third, Sample.AntiPhishing("blue7heron"), Ct)).Refused);
        Assert.Equal(2, (await node.EventsAsync("alice")).Count(type => type == "token_refused"));
    }

    public static async Task Of_commits_at_once_each_wins_or_loses_for_itself(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var users = Enumerable.Range(0, 16).Select(i => $"user-{i:00}").ToArray();
        foreach (var user in users)
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });

        // The first three are stale, and of the next two, which claim one number, one can have it.
        var accounts = await Task.WhenAll(users.Select(node.LoadAsync));
        foreach (var account in accounts[..3])
            Assert.True(await node.CommitAsync(account, Change.Of(account with { Locale = "fr" })));
        var number = new UserKey(Sample.Number("+4915112345671"), node.Clock.Now, MfaEnabled: false);
        var won = await CommitAllAsync(account => Array.IndexOf(accounts, account) is 3 or 4 ? account.With(number) : account);
        Assert.Equal([false, false, false], won[..3]);
        Assert.Single(won[3..5], isWon => isWon);
        Assert.All(won[5..], Assert.True);

        // The same where all can be: some with events, messages and tokens, some without.
        accounts = await Task.WhenAll(users.Select(node.LoadAsync));
        Assert.True(await node.CommitAsync(accounts[7], Change.Of(accounts[7] with { Locale = "fr" })));
        won = await CommitAllAsync(account => account with { Locale = "de" });
        Assert.Equal(users.Select(user => user != "user-07"), won);
        var after = await Task.WhenAll(users.Select(node.LoadAsync));
        Assert.Equal(users.Select(user => user == "user-07" ? "fr" : "de"), after.Select(account => account.Locale));
        Assert.Equal(accounts.Select(account => account.Version + 1), after.Select(account => account.Version));
        Assert.Equal(
            accounts.Select((account, i) => account.Trail.Events + (IsTold(i) && won[i] ? 2 : 0)), after.Select(account => account.Trail.Events));
        var notices = (await node.OutboxAsync()).Count(row => row.Kind == nameof(MessageKind.KeyAdded));
        Assert.Equal(won.Where((isWon, i) => isWon && IsTold(i)).Count(), notices);

        // Of the two that claimed the number, whoever has it by now is not.
        bool IsTold(int i) => i % 2 == 0 && accounts[i].PhoneNumber is null;

        Task<bool[]> CommitAllAsync(Func<Account, Account> change) => Task.WhenAll(accounts.Select((account, i) => Task.Run(() =>
        {
            var changed = Change.Of(change(account));
            return node.CommitAsync(account, IsTold(i) && changed.After is { PhoneNumber: null, Locale: not null }
                ? changed.Record(AuditEventType.AccountProvisioned).Record(AuditEventType.AccountProvisioned).Send(Sample.Notice(account.Email!.Address, node.Clock.Now))
                : changed);
        })));
    }

    public static async Task Of_hand_offs_at_once_each_is_recorded_for_itself(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await using var other = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = node.Clock });
        var users = Enumerable.Range(0, 12).Select(i => $"user-{i:00}").ToArray();
        foreach (var user in users)
        {
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
            await (user == "user-05" ? other : node).Security.IssueAsync(new Caller(user), user, new Purpose(Operation.ChangingKey, KeyType.Email), null, Ct);
        }

        var messages = (await node.QueuedAsync()).OrderBy(message => message.UserId, StringComparer.Ordinal).ToList();
        await Task.WhenAll(messages.Select((message, i) => node.Outbox.FinishAsync(
            message.UserId, message.Id, SendResult.Accepted with { Provider = $"provider-{i}" }, node.Clock.Now)));
        // What the other node has is not this one's to record.
        Assert.Equal(
            users.Select((user, i) => user == "user-05" ? $"{user} QUEUED " : $"{user} SENT provider-{i}"),
            await node.ReadAsync("SELECT user_id, state, COALESCE(provider, '') FROM outbox ORDER BY user_id", reader => $"{reader.GetString(0)} {reader.GetString(1)} {reader.GetString(2)}"));
    }

    /// <summary>Without what belongs to others: whose an address is, and how far a message came.</summary>
    static Account Alone(Account account) => account.Purposes.Values.Aggregate(account, (whole, state) => whole.With(
        state with { Pending = state.Pending is { } pending ? pending with { TargetOwner = null, Delivery = DeliveryState.Queued } : null }));
}
