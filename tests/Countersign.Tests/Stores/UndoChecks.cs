using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>What changes can be undone to, and what becomes of it when several are at it.</summary>
static class UndoChecks
{
    const int Racers = 64;

    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly EmailAddress Email = Sample.Email("Alice@example.com");
    static readonly EmailAddress Other = Sample.Email("mallory@example.org");
    static readonly Purpose NewEmail = new(Operation.ChangingNewKey, KeyType.Email);
    static readonly string[] WithLinks = ["Countersign:PublicUrl=https://accounts.example.com"];

    public static async Task What_a_change_can_be_undone_to_comes_back_and_is_sealed(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var whole = new Snapshot(
            new UserKey(Email, node.Clock.Now.AddDays(-1), true), new UserKey(Sample.Number("+4915112345678"), node.Clock.Now, false), Sample.AntiPhishing("b3ta29"));
        var points = new[] { Point(1, node.Clock.Now, whole), Point(2, node.Clock.Now, new Snapshot(null, null, null)) };
        var alice = Account.New("alice");
        foreach (var point in points)
        {
            Assert.True(await node.CommitAsync(alice, Change.Of(alice) with { Offers = point }));
            alice = await node.LoadAsync("alice");
        }

        foreach (var point in points)
        {
            var found = await node.Store.FindUndoAsync(point.Id, Ct);
            Assert.Equal("alice", found!.UserId);
            Assert.Equal(point with { Digest = default }, found.Point with { Digest = default });
            Assert.Equal(point.Digest.ToArray(), found.Point.Digest.ToArray());
        }

        Assert.Null(await node.Store.FindUndoAsync("another", Ct));
        var dump = await Sample.DumpAsync(node.Engine);
        foreach (var secret in new[] { "Alice@example.com", "+4915112345678", "b3ta29" })
        {
            Assert.DoesNotContain(secret, dump);
            Assert.DoesNotContain(Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(secret)), dump);
        }
    }

    public static async Task What_is_younger_is_void_and_nothing_else_is(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        foreach (var userId in new[] { "bob", "alice" })
        {
            var account = Account.New(userId);
            for (var version = 1; version <= 3; version++)
            {
                var point = Point(version, node.Clock.Now, new Snapshot(null, null, null), userId);
                Assert.True(await node.CommitAsync(account, Change.Of(account) with { Offers = point }));
                account = await node.LoadAsync(userId);
            }
        }

        var alice = await node.LoadAsync("alice");
        Assert.True(await node.CommitAsync(alice, Change.Of(alice) with { VoidsUndosFrom = 2 }));
        Assert.Equal(["alice 1", "bob 1", "bob 2", "bob 3"], await node.ReadAsync(
            "SELECT user_id, version FROM undos ORDER BY user_id, version", reader => $"{reader.GetString(0)} {reader.GetInt64(1)}"));
    }

    public static async Task A_link_that_has_expired_is_forgotten_and_no_other(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var point = Point(1, node.Clock.Now, new Snapshot(null, null, null));
        Assert.True(await node.CommitAsync(Account.New("alice"), Change.Of(Account.New("alice")) with { Offers = point }));
        var expired = new ExpiredRows(node.Database);

        Assert.False(await expired.ForgetAsync(point.ExpiresAt.AddMilliseconds(-1), Ct));
        Assert.NotNull(await node.Store.FindUndoAsync(point.Id, Ct));
        Assert.True(await expired.ForgetAsync(point.ExpiresAt, Ct));
        Assert.Null(await node.Store.FindUndoAsync(point.Id, Ct));
    }

    public static async Task Of_many_clicks_on_one_link_one_undoes(TestDatabase database)
    {
        var setup = new StoreNode.Setup { Settings = WithLinks };
        await using var first = await StoreNode.CreateAsync(database, setup);
        await using var second = await StoreNode.CreateAsync(database, setup);
        var link = await ChangeAsync(first, "alice");

        // Each loads the account and asks for the owner of the address that comes back.
        setup.Gate.Arm(reads: 2 * Racers);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, Racers).Select(racer => Task.Run(() =>
            (racer % 2 == 0 ? first : second).Security.UndoAsync(new Caller($"racer-{racer}"), link, Ct))));

        var winner = Assert.Single(outcomes, outcome => outcome.Value is not null);
        Assert.Equal([Email], winner.Value!.UserKeys.Select(key => key.Address));
        Assert.All(outcomes.Except([winner]), outcome => Assert.Equal(new Refused(Refusal.TokenInvalid), outcome.Refused));
        Assert.Equal(1, (await first.EventsAsync("alice")).Count(type => type == "change_undone"));
        Assert.Equal(2, (await first.QueuedAsync()).Count(message => message.Content.Kind == MessageKind.ChangeUndone));
        Assert.Equal("alice", await first.OwnerAsync(Email));
        Assert.Null(await first.Store.FindOwnerAsync(Other, Ct));
    }

    public static async Task Undoing_and_a_further_change_come_one_after_the_other(TestDatabase database)
    {
        foreach (var winner in new[] { "undo", "redeem" })
        {
            var setup = new StoreNode.Setup { Settings = WithLinks };
            await using var node = await StoreNode.CreateAsync(database, setup);
            var (user, number) = ($"alice-{winner}", Sample.Number(winner == "undo" ? "+4915112345671" : "+4915112345672"));
            var link = await ChangeAsync(node, user);
            var adding = new Purpose(Operation.AddingKey, KeyType.PhoneNumber);
            var code = await node.CodeAsync(user, adding.Operation, adding.KeyType, number);

            setup.Gate.Arm(reads: 3, winner);
            var undoing = node.Security.UndoAsync(new Caller("undo"), link, Ct);
            var redeeming = node.Security.RedeemAsync(new Caller("redeem"), user, adding, code, null, Ct);
            var (undone, redeemed) = (await undoing, await redeeming);

            // Whatever the order, the first holder has the account, and nobody has a link to take it away again.
            Assert.Null(undone.Refused);
            Assert.Equal(winner == "undo" ? Refusal.AccountFrozen : null, redeemed.Refused?.Reason);
            var account = await node.LoadAsync(user);
            Assert.Equal(($"{user}@example.com", null), (account.Email!.Address.Value, account.PhoneNumber));
            Assert.Null(await node.OwnerAsync(number));
            Assert.Empty(await node.ReadAsync($"SELECT id FROM undos WHERE user_id = '{user}'", reader => reader.GetString(0)));
        }
    }

    /// <summary>The link is looked up, and is used by somebody else before the account is loaded, which then says nothing of it.</summary>
    public static async Task A_link_that_is_used_before_the_account_is_loaded_undoes_nothing_again(TestDatabase database)
    {
        var setup = new StoreNode.Setup { Settings = [.. WithLinks, "Countersign:Undo:FreezeFor=00:00:00"] };
        await using var node = await StoreNode.CreateAsync(database, setup);
        var link = await ChangeAsync(node, "alice");
        setup.Gate.BeforeNextLoad = async () =>
        {
            Assert.Null((await node.Security.UndoAsync(new Caller("first"), link, Ct)).Refused);
            // What the owner does next is not to be undone by a second click.
            var number = Sample.Number("+4915112345671");
            var code = await node.CodeAsync("alice", Operation.AddingKey, KeyType.PhoneNumber, number);
            Assert.Null((await node.Security.RedeemAsync(new Caller("alice"), "alice", new Purpose(Operation.AddingKey, KeyType.PhoneNumber), code, null, Ct)).Refused);
        };

        var second = await node.Security.UndoAsync(new Caller("second"), link, Ct);
        Assert.Equal(new Refused(Refusal.TokenInvalid), second.Refused);
        Assert.NotNull((await node.LoadAsync("alice")).PhoneNumber);
    }

    /// <summary>An account whose email is somebody else's by now, and the link that its old one got.</summary>
    static async Task<UndoToken> ChangeAsync(StoreNode node, string userId)
    {
        var (email, other) = userId == "alice" ? (Email, Other) : (Sample.Email($"{userId}@example.com"), Sample.Email($"{userId}@example.org"));
        await node.PutAsync(userId, new AccountProfile { Email = email });
        var first = await node.CodeAsync(userId, Operation.ChangingKey, KeyType.Email);
        var code = await node.CodeOfAsync(await node.Security.IssueForNewKeyAsync(new Caller(userId), userId, other, first, Ct));
        Assert.Null((await node.Security.RedeemAsync(new Caller(userId), userId, NewEmail, code, null, Ct)).Refused);

        var notice = Assert.Single(await node.QueuedAsync(), message => message.UserId == userId && message.Content.UndoToken is not null);
        Assert.Equal(email.Value, notice.Content.To);
        Assert.True(UndoToken.TryParse(notice.Content.UndoToken, out var link));
        return link;
    }

    static UndoPoint Point(long version, DateTimeOffset now, Snapshot before, string userId = "alice") => new(
        $"{userId}-{version}", version == 1 ? NewEmail : new Purpose(Operation.ChangingAntiPhishing, null), version,
        Enumerable.Repeat((byte)version, 32).ToArray(), $"key-{version}", now, now.AddDays(version), before);
}
