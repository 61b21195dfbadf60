using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class GuessBudgetTests
{
    static readonly Purpose Purpose = Purposes.EnablingMfaOfEmail;
    static readonly TimeSpan ResendAfter = TimeSpan.FromSeconds(30);

    readonly World world = new();
    readonly Person alice;

    public GuessBudgetTests() => alice = world.Person("alice@example.com");

    [Fact]
    public void The_fifth_wrong_try_ends_the_tokens_and_from_then_on_nothing_is_tried()
    {
        var code = alice.Code(Purpose);
        Assert.Equal([4, 3, 2, 1, 0], Guess(5));
        Assert.Equal(
            [
                (AuditEventType.TokenRefused, Purpose, "token-invalid"),
                (AuditEventType.TokenRevoked, Purpose, "guess budget spent"),
            ],
            world.Recorded);
        Assert.Equal([Purpose], world.Stored!.Withdrawn);

        Assert.Equal(new Refused(Refusal.TooManyAttempts, Purpose, RetryAfter: ResendAfter), alice.Redeem(Purpose, code).Refused);
        Assert.Null(world.Stored);
        Assert.False(alice.Account.Email!.MfaEnabled);
    }

    [Fact]
    public void After_the_fifth_wrong_try_a_new_token_gives_a_new_five()
    {
        alice.Code(Purpose);
        Guess(5);
        world.Advance(ResendAfter);
        Assert.Equal(Refusal.NothingPending, alice.Resend(Purpose).Refused?.Reason);

        var code = alice.Code(Purpose);
        Assert.Equal([4, 3, 2, 1], Guess(4));
        Assert.Null(alice.Redeem(Purpose, code).Refused);
    }

    [Fact]
    public void The_wait_that_a_spent_budget_names_is_never_nothing()
    {
        alice.Code(Purpose);
        Guess(5);
        world.Advance(TimeSpan.FromMinutes(10));

        // A token could be issued at once, but no sooner than now: the header counts whole seconds from one.
        var refused = alice.Redeem(Purpose, World.WrongCode(1)).Refused!;
        Assert.Equal(Refusal.TooManyAttempts, refused.Reason);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.RetryAfter);
    }

    [Fact]
    [Trait("ASVS", "6.6.3")]
    [Trait("Attack", "3")]
    public void Neither_a_resend_nor_issuing_again_gives_more_tries_on_what_is_pending()
    {
        alice.Code(Purpose);
        Assert.Equal([4, 3], Guess(2));
        world.Advance(ResendAfter);
        Assert.Null(alice.Resend(Purpose).Refused);
        Assert.Equal([2, 1], Guess(2));
        world.Advance(ResendAfter);
        Assert.Null(alice.Issue(Purpose).Refused);
        var newest = world.LastCode;
        Assert.Equal([0], Guess(1));
        Assert.Equal(Refusal.TooManyAttempts, alice.Redeem(Purpose, newest).Refused?.Reason);
    }

    [Fact]
    public void A_cancelled_or_expired_operation_has_ended_and_the_next_has_its_own_five()
    {
        alice.Code(Purpose);
        Assert.Equal([4, 3], Guess(2));
        alice.Cancel(Purpose);
        world.Advance(ResendAfter);
        alice.Code(Purpose);
        Assert.Equal([4, 3], Guess(2));
        world.Advance(TimeSpan.FromMinutes(30));
        alice.Code(Purpose);
        Assert.Equal([4], Guess(1));
    }

    [Fact]
    public void The_tenth_wrong_try_of_a_day_locks_and_what_is_left_of_the_day_shows_before()
    {
        alice.Code(Purpose);
        Guess(4);
        alice.Cancel(Purpose);
        world.Advance(ResendAfter);
        alice.Code(Purpose);
        Guess(4);
        alice.Cancel(Purpose);
        world.Advance(ResendAfter);

        alice.Code(Purpose);
        Assert.Equal([1, 0], Guess(2));
        Assert.Equal(
            [
                (AuditEventType.TokenRefused, Purpose, "token-invalid"),
                (AuditEventType.TokenRevoked, Purpose, "guess budget spent"),
                (AuditEventType.OperationLocked, Purpose, null),
            ],
            world.Recorded);

        var locked = new Refused(Refusal.TooManyAttempts, Purpose, RetryAfter: TimeSpan.FromMinutes(15));
        Assert.Equal(locked, alice.Issue(Purpose).Refused);
        Assert.Equal(locked, alice.Resend(Purpose).Refused);
        Assert.Equal(locked, alice.Redeem(Purpose, "123456").Refused);
        Assert.Null(alice.Cancel(Purpose).Refused);
    }

    [Fact]
    [Trait("Attack", "3")]
    [Trait("ASVS", "6.6.3")]
    public void A_thousand_tokens_give_ten_tries_and_no_more()
    {
        world.Rules = world.Rules with { IssuesPerHour = 1_000_000, ResendAfterEmail = TimeSpan.Zero };
        var tried = 0;
        for (var i = 0; i < 1_000; i++)
        {
            alice.Issue(Purpose);
            alice.Cancel(Purpose);
            alice.Issue(Purpose);
            if (alice.Redeem(Purpose, World.WrongCode(i)).Refused?.Reason == Refusal.TokenInvalid)
                tried++;
        }

        Assert.Equal(10, tried);
    }

    [Fact]
    public void A_lock_is_named_before_a_guard()
    {
        Lock();
        alice.Becomes(World.Profile("alice@example.com", emailMfa: true));
        Assert.Equal(Refusal.TooManyAttempts, alice.Issue(Purpose).Refused?.Reason);
    }

    [Fact]
    [Trait("Attack", "18")]
    public void A_lock_is_of_one_operation_and_key_type()
    {
        Lock();
        Assert.Null(alice.Issue(Purposes.ChangingEmail).Refused);
        Assert.Null(alice.Issue(Purposes.AddingAntiPhishing).Refused);
    }

    [Fact]
    public void A_locked_second_step_stops_the_first_before_its_code_is_tried()
    {
        foreach (var _ in Enumerable.Range(0, 2))
        {
            alice.CodeForNewKey("new@example.com");
            for (var i = 0; i < 5; i++)
                Assert.Equal(Refusal.TokenInvalid, alice.Redeem(Purposes.ChangingToNewEmail, World.WrongCode(i)).Refused?.Reason);
            world.Advance(ResendAfter);
        }

        var first = alice.Code(Purposes.ChangingEmail);
        Assert.Equal(
            new Refused(Refusal.TooManyAttempts, Purposes.ChangingToNewEmail, RetryAfter: TimeSpan.FromMinutes(15) - ResendAfter),
            alice.IssueForNewKey("new@example.com", first).Refused);
        Assert.NotNull(alice.State(Purposes.ChangingEmail).LivePending(world.Now));
    }

    [Fact]
    public void Each_lock_is_longer_and_the_last_one_repeats()
    {
        foreach (var expected in new[] { TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(1) })
        {
            Lock();
            var refused = alice.Issue(Purpose).Refused!;
            Assert.Equal((Refusal.TooManyAttempts, (TimeSpan?)expected), (refused.Reason, refused.RetryAfter));
            world.Advance(expected - TimeSpan.FromMilliseconds(1));
            Assert.Equal(Refusal.TooManyAttempts, alice.Issue(Purpose).Refused?.Reason);
            world.Advance(TimeSpan.FromMilliseconds(1));
            Assert.NotEqual(Refusal.TooManyAttempts, alice.Issue(Purpose).Refused?.Reason);
            world.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public void After_a_lock_redeeming_waits_for_a_token_to_be_issued()
    {
        Lock();
        world.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(Refusal.TooManyAttempts, alice.Redeem(Purpose, "123456").Refused?.Reason);
        Assert.Null(alice.Redeem(Purpose, alice.Code(Purpose)).Refused);
    }

    [Fact]
    public void A_success_clears_the_count_and_the_locks()
    {
        Lock();
        world.Advance(TimeSpan.FromHours(1));
        Assert.Null(alice.Redeem(Purpose, alice.Code(Purpose)).Refused);
        Assert.Equal(GuessBudget.Fresh, alice.State(Purpose).Guesses);

        alice.Becomes(World.Profile("alice@example.com"));
        world.Advance(TimeSpan.FromHours(1));
        Lock();
        Assert.Equal(TimeSpan.FromMinutes(15), alice.Issue(Purpose).Refused!.RetryAfter);
    }

    [Fact]
    public void Wrong_tries_of_more_than_a_day_ago_do_not_count()
    {
        var rules = world.Rules;
        var budget = GuessBudget.Fresh;
        for (var i = 0; i < 9; i++)
            budget = budget.AfterWrongTry(rules, World.Start);

        Assert.Equal(1, budget.Remaining(rules, World.Start.AddDays(1).AddMilliseconds(-1)));
        Assert.Equal(10, budget.Remaining(rules, World.Start.AddDays(1)));
        Assert.True(budget.AfterWrongTry(rules, World.Start.AddDays(1).AddMilliseconds(-1)).IsLocked(World.Start.AddDays(1)));
        Assert.False(budget.AfterWrongTry(rules, World.Start.AddDays(1)).IsLocked(World.Start.AddDays(1)));
    }

    [Fact]
    public void A_lock_ends_at_its_moment()
    {
        var budget = new GuessBudget(SlidingWindow.Empty, 1, World.Start);
        Assert.True(budget.IsLocked(World.Start.AddMilliseconds(-1)));
        Assert.False(budget.IsLocked(World.Start));
        Assert.False(GuessBudget.Fresh.IsLocked(World.Start));
    }

    /// <summary>Wrong tries on what is pending: how many were left after each.</summary>
    List<int?> Guess(int times) => Enumerable.Range(0, times)
        .Select(i => alice.Redeem(Purpose, World.WrongCode(i)).Refused!)
        .Select(refused => refused.Reason == Refusal.TokenInvalid ? refused.AttemptsRemaining : -1)
        .ToList();

    /// <summary>Ten wrong tries.</summary>
    void Lock()
    {
        alice.Code(Purpose);
        Guess(5);
        world.Advance(ResendAfter);
        alice.Code(Purpose);
        Guess(5);
    }
}
