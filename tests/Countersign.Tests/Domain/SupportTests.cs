using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class SupportTests
{
    const string Reason = "ticket 4711: the owner was called back";

    readonly World world = new();

    [Fact]
    public void An_operator_revokes_one_pending_operation_and_the_trail_says_why()
    {
        var account = Pending(Purposes.RemovingEmail, Purposes.EnablingMfaOfEmail);

        var (status, change) = account.Revoke(Purposes.RemovingEmail, Reason, world.Now);

        Assert.Equal(SupportStatus.Done, status);
        Assert.Equal(
            new AuditEntry(AuditEventType.TokenRevoked, Purposes.RemovingEmail, "a***e@example.com", $"support: {Reason}"), Assert.Single(change!.Events));
        Assert.Equal([Purposes.RemovingEmail], change.Withdrawn);
        Assert.Null(change.After.State(Purposes.RemovingEmail).Pending);
        Assert.NotNull(change.After.State(Purposes.EnablingMfaOfEmail).LivePending(world.Now));
    }

    [Fact]
    public void An_operator_revokes_all_that_is_pending_at_once()
    {
        var account = Pending(Purposes.RemovingEmail, Purposes.EnablingMfaOfEmail);

        var change = account.Revoke(null, Reason, world.Now).Change!;

        Assert.Equal([Purposes.RemovingEmail, Purposes.EnablingMfaOfEmail], change.Withdrawn.OrderBy(purpose => purpose.Operation));
        Assert.DoesNotContain(change.After.Purposes.Values, state => state.Pending is not null);
        Assert.Equal(SupportStatus.NothingPending, change.After.Revoke(null, Reason, world.Now).Status);
    }

    [Fact]
    public void What_is_not_pending_or_has_expired_cannot_be_revoked_and_the_trail_has_the_try()
    {
        var account = Pending(Purposes.RemovingEmail);

        var (other, change) = account.Revoke(Purposes.EnablingMfaOfEmail, Reason, world.Now);
        Assert.Equal(SupportStatus.NothingPending, other);
        Assert.Equal(
            new AuditEntry(AuditEventType.RequestRefused, Purposes.EnablingMfaOfEmail, null, "nothing-pending"), Assert.Single(change!.Events));
        Assert.NotNull(change.After.State(Purposes.RemovingEmail).LivePending(world.Now));

        Assert.Equal(SupportStatus.NothingPending, account.Revoke(null, Reason, world.Now.AddMinutes(30)).Status);
    }

    [Fact]
    public void An_operator_unlocks_an_operation_with_its_wrong_tries_and_locks()
    {
        var locked = Guessed(Purposes.RemovingEmail, 10);
        Assert.Equal((0, 1, true), Budget(locked, Purposes.RemovingEmail));

        var (status, change) = locked.Unlock(Purposes.RemovingEmail, Reason, world.Now);

        Assert.Equal(SupportStatus.Done, status);
        Assert.Equal(new AuditEntry(AuditEventType.OperationUnlocked, Purposes.RemovingEmail, null, Reason), Assert.Single(change!.Events));
        Assert.Equal((0, 0, false), Budget(change.After, Purposes.RemovingEmail));
        Assert.Equal(SupportStatus.NotLocked, change.After.Unlock(Purposes.RemovingEmail, Reason, world.Now).Status);
    }

    [Fact]
    public void Wrong_tries_that_have_not_locked_yet_are_forgotten_and_those_of_the_token_count_on()
    {
        var tried = Guessed(Purposes.RemovingEmail, 3);

        var after = tried.Unlock(Purposes.RemovingEmail, Reason, world.Now).Change!.After;

        Assert.Equal((0, 0, false), Budget(after, Purposes.RemovingEmail));
        Assert.Equal(3, after.State(Purposes.RemovingEmail).Pending!.WrongTries);
        var (status, refused) = tried.Unlock(Purposes.EnablingMfaOfEmail, Reason, world.Now);
        Assert.Equal((SupportStatus.NotLocked, "not-locked"), (status, Assert.Single(refused!.Events).Reason));
        // A lock that is over, and tries of yesterday, are nothing to be unlocked.
        Assert.Equal(SupportStatus.NotLocked, tried.Unlock(Purposes.RemovingEmail, Reason, world.Now.AddDays(1)).Status);
    }

    [Fact]
    public void An_operator_lifts_a_hold_that_stands_and_no_other()
    {
        var account = Account.New("alice").Held(HoldReason.KeyRemoved, world.Rules, world.Now);

        var (status, change) = account.LiftForSupport(HoldReason.KeyRemoved, Reason, world.Now);
        Assert.Equal(SupportStatus.Done, status);
        Assert.Equal(new AuditEntry(AuditEventType.HoldLifted, null, null, $"userKeys/removing: {Reason}"), Assert.Single(change!.Events));
        Assert.Empty(change.After.HoldsAt(world.Now));

        var (refused, recorded) = account.LiftForSupport(HoldReason.KeyAdded, Reason, world.Now);
        Assert.Equal((SupportStatus.NotHeld, AuditEventType.RequestRefused, "not-held"), (refused, recorded!.Events[0].Type, recorded.Events[0].Reason));
    }

    [Theory]
    [InlineData(nameof(MessageAction.Retry), AuditEventType.MessageRetried)]
    [InlineData(nameof(MessageAction.Drop), AuditEventType.MessageDropped)]
    public void What_is_done_to_a_message_goes_with_what_the_trail_says_of_it(string action, AuditEventType type)
    {
        var order = new MessageOrder("01K-0", Enum.Parse<MessageAction>(action));

        var change = Account.New("alice").Order(order, Purposes.RemovingEmail, "a***e@example.com", Reason).Change!;

        Assert.Equal(order, change.Order);
        Assert.Equal(new AuditEntry(type, Purposes.RemovingEmail, "a***e@example.com", $"01K-0: {Reason}"), Assert.Single(change.Events));
    }

    [Fact]
    public void Of_operators_who_are_refused_again_and_again_the_trail_has_a_minutes_worth()
    {
        var account = Account.New("alice");
        var recorded = 0;
        for (var i = 0; i < 50; i++)
        {
            if (account.Revoke(null, Reason, world.Now).Change is not { } change)
                continue;
            account = change.After;
            recorded++;
        }

        Assert.Equal(20, recorded);
    }

    [Fact]
    public void A_look_is_recorded_once_and_changes_nothing()
    {
        var account = Pending(Purposes.RemovingEmail);

        var (status, change) = account.View("opened", isRecorded: false);
        Assert.Equal(SupportStatus.Done, status);
        Assert.Equal(new AuditEntry(AuditEventType.SupportViewed, null, null, "opened"), Assert.Single(change!.Events));
        Assert.Same(account, change.After);
        Assert.Empty(change.Messages);
        Assert.Equal(new SupportDecision(SupportStatus.Done, null), account.View("opened", isRecorded: true));
    }

    [Theory]
    [InlineData(null, "Say why, in 3 characters or more. It is kept in the account's audit trail.")]
    [InlineData("", "Say why, in 3 characters or more. It is kept in the account's audit trail.")]
    [InlineData("  ab  ", "Say why, in 3 characters or more. It is kept in the account's audit trail.")]
    [InlineData("abc", null)]
    [InlineData(" Тікет 4711 ", null)]
    [InlineData("two\nlines", "A reason is one line of plain text, without line breaks, other control characters or emoji.")]
    [InlineData("nul\0", "A reason is one line of plain text, without line breaks, other control characters or emoji.")]
    public void A_reason_is_one_line_that_says_something(string? reason, string? problem) => Assert.Equal(problem, SupportReason.Problem(reason));

    [Fact]
    public void A_reason_has_500_characters_at_most()
    {
        Assert.Null(SupportReason.Problem(new string('x', 500)));
        Assert.Equal("A reason has 500 characters at most. This one has 501.", SupportReason.Problem(new string('x', 501)));
    }

    static (int WrongTries, int Locks, bool IsLocked) Budget(Account account, Purpose purpose)
    {
        var guesses = account.State(purpose).Guesses;
        return (guesses.WrongTries.Count(World.Start, GuessBudget.Span), guesses.Locks, guesses.IsLocked(World.Start));
    }

    Account Pending(params Purpose[] purposes)
    {
        world.Person(email: "alice@example.com", phoneNumber: "+4915112345678");
        foreach (var purpose in purposes)
            Assert.Null(world.Issue("alice", purpose, null).Refused);
        return world.Find("alice")!;
    }

    /// <summary>An account whose owner has tried so many wrong codes, at one moment.</summary>
    Account Guessed(Purpose purpose, int tries)
    {
        world.Rules = world.Rules with { ResendAfterEmail = TimeSpan.Zero, IssuesPerHour = 100 };
        world.Person(email: "alice@example.com", phoneNumber: "+4915112345678");
        for (var i = 0; i < tries; i++)
        {
            if (world.Find("alice")!.State(purpose).LivePending(world.Now) is null)
                Assert.Null(world.Issue("alice", purpose, null).Refused);
            Assert.Equal(Refusal.TokenInvalid, world.Redeem("alice", purpose, "999999").Refused?.Reason);
        }

        return world.Find("alice")!;
    }
}
