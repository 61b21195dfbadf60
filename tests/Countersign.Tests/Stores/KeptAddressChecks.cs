using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>An address that was given up is kept for its last holder for a while.</summary>
static class KeptAddressChecks
{
    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly EmailAddress Address = Sample.Email("Alice@example.com");
    static readonly EmailAddress Other = Sample.Email("other@example.com");

    public static async Task An_address_that_is_kept_is_nobody_elses_until_then(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var until = await GiveUpAsync(node);
        await node.PutAsync("bob", new AccountProfile { PhoneNumber = Sample.Number("+4915112345679") });

        // As a request of somebody else sees it: whose it was, and nothing that is only for a holder.
        var expected = Sample.Text(new AddressOwner("alice", Address, null, null) { KeptUntil = until });
        Assert.Equal(expected, Sample.Text((await node.Store.LoadAsync("bob", Sample.Email("ALICE@example.com"), Ct)).NewKeyOwner));
        Assert.Equal(expected, Sample.Text(await node.Store.FindOwnerAsync(Address, Ct)));

        node.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMilliseconds(1));
        var before = await Sample.DumpAsync(node.Engine);
        Assert.False(await ClaimAsync(node, "bob", Address));
        Assert.Equal(before, await Sample.DumpAsync(node.Engine));

        node.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await ClaimAsync(node, "bob", Address));
        Assert.Equal("bob", await node.OwnerAsync(Address));
        Assert.Null((await node.Store.FindOwnerAsync(Address, Ct))!.KeptUntil);
    }

    public static async Task Its_last_holder_takes_it_back(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var until = await GiveUpAsync(node);
        var alice = await node.LoadAsync("alice");
        var third = new UserKey(Sample.Email("third@example.com"), node.Clock.Now, false);
        Assert.True(await node.CommitAsync(alice, Change.Of(alice.With(third)) with { ReleasedAt = until }));

        Assert.True(await ClaimAsync(node, "alice", Address));
        Assert.Equal("alice", await node.OwnerAsync(Address));
        Assert.Equal(("alice", until), await node.Store.FindOwnerAsync(Other, Ct) is { } owner ? (owner.UserId, owner.KeptUntil) : default);
    }

    public static async Task The_platform_gives_it_to_whom_it_says(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await GiveUpAsync(node);
        await node.PutAsync("bob", new AccountProfile { Email = Address });
        Assert.Equal("bob", await node.OwnerAsync(Address));

        // What is somebody's key it does not give away, and what it takes away is not kept.
        var taken = await node.Security.PutAsync(new Caller("platform"), "carol", new AccountProfile { Email = Address }, Ct);
        Assert.Equal(Refusal.KeyTaken, taken.Refused?.Reason);
        await node.PutAsync("bob", new AccountProfile());
        Assert.Null(await node.Store.FindOwnerAsync(Address, Ct));
    }

    public static async Task A_verified_claim_of_a_kept_address_is_left_out(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        await GiveUpAsync(node);
        var first = await GetAsync(node, "bob");
        Assert.Empty(first.UserKeys);

        node.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(Address, Assert.Single((await GetAsync(node, "carol")).UserKeys).Address);
    }

    public static async Task What_was_kept_is_forgotten_when_its_time_is_over_and_no_key_is(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var until = await GiveUpAsync(node);
        var expired = new ExpiredRows(node.Database);

        Assert.False(await expired.ForgetAsync(until.AddMilliseconds(-1), Ct));
        Assert.NotNull(await node.Store.FindOwnerAsync(Address, Ct));
        Assert.True(await expired.ForgetAsync(until, Ct));
        Assert.False(await expired.ForgetAsync(until, Ct));
        Assert.Null(await node.Store.FindOwnerAsync(Address, Ct));
        Assert.Equal("alice", await node.OwnerAsync(Other));
    }

    /// <summary>Alice changes her email, and the one that she had is kept for 30 days.</summary>
    static async Task<DateTimeOffset> GiveUpAsync(StoreNode node)
    {
        await node.PutAsync("alice", new AccountProfile { Email = Address, Locale = "fr", AntiPhishingCode = Sample.AntiPhishing("b3ta29") });
        var alice = await node.LoadAsync("alice");
        var until = node.Clock.Now.AddDays(30);
        Assert.True(await node.CommitAsync(alice, Change.Of(alice.With(new UserKey(Other, node.Clock.Now, false))) with { ReleasedAt = until }));
        return until;
    }

    static async Task<bool> ClaimAsync(StoreNode node, string userId, EmailAddress address)
    {
        var account = await node.LoadAsync(userId);
        return await node.CommitAsync(account, Change.Of(account.With(new UserKey(address, node.Clock.Now, false))).Record(AuditEventType.UserKeyAdded));
    }

    static async Task<AccountView> GetAsync(StoreNode node, string userId) =>
        (await node.Security.GetAsync(new Caller(userId) { Claims = new AccountProfile { Email = Address } }, userId, Ct)).Value!;
}
