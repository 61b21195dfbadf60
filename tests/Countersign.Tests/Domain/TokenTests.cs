using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class TokenTests
{
    const string Email = "alice@example.com";
    const string PhoneNumber = "+4915112345678";

    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);
    static readonly TimeSpan ResendAfter = TimeSpan.FromSeconds(30);

    readonly World world = new();

    [Fact]
    public void A_token_is_redeemed_once()
    {
        var alice = world.Person(Email);
        var code = alice.Code(Purposes.EnablingMfaOfEmail);
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused);

        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail), alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused);
        Assert.Null(world.Stored);
    }

    [Fact]
    public void A_token_counts_until_its_expiry_and_not_at_it()
    {
        var alice = world.Person(Email);
        var code = alice.Code(Purposes.EnablingMfaOfEmail);
        world.Advance(Lifetime);
        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail), alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused);

        code = alice.Code(Purposes.EnablingMfaOfEmail);
        world.Advance(Lifetime - TimeSpan.FromMilliseconds(1));
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused);
    }

    [Fact]
    public void Nothing_is_counted_where_nothing_is_pending()
    {
        var alice = world.Person(Email);
        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail), alice.Redeem(Purposes.EnablingMfaOfEmail, "123456").Refused);
        Assert.Null(world.Stored);
        Assert.Empty(alice.Account.Purposes);
    }

    [Fact]
    public void A_wrong_try_is_stored_and_recorded()
    {
        var alice = world.Person(Email);
        alice.Code(Purposes.EnablingMfaOfEmail);

        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail, 4), alice.Redeem(Purposes.EnablingMfaOfEmail, World.WrongCode(1)).Refused);
        Assert.Equal(1, alice.State(Purposes.EnablingMfaOfEmail).Pending!.WrongTries);
        Assert.Equal([(AuditEventType.TokenRefused, Purposes.EnablingMfaOfEmail, "token-invalid")], world.Recorded);
        Assert.Empty(world.Messages);
        Assert.Empty(world.Stored!.Withdrawn);
    }

    [Fact]
    public void The_newest_two_tokens_are_both_redeemable_and_one_ends_the_other()
    {
        foreach (var which in new[] { 0, 1 })
        {
            var own = new World();
            var alice = own.Person(Email);
            var codes = new List<string> { alice.Code(Purposes.EnablingMfaOfEmail) };
            own.Advance(ResendAfter);
            Assert.Null(alice.Resend(Purposes.EnablingMfaOfEmail).Refused);
            codes.Add(own.LastCode);

            Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, codes[which]).Refused);
            Assert.Equal([Purposes.EnablingMfaOfEmail], own.Stored!.Withdrawn);
            Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail), alice.Redeem(Purposes.EnablingMfaOfEmail, codes[1 - which]).Refused);
        }
    }

    [Fact]
    public void A_third_token_supersedes_the_first()
    {
        var alice = world.Person(Email);
        var first = alice.Code(Purposes.EnablingMfaOfEmail);
        world.Advance(ResendAfter);
        var second = alice.Code(Purposes.EnablingMfaOfEmail);
        world.Advance(ResendAfter);
        Assert.Null(alice.Resend(Purposes.EnablingMfaOfEmail).Refused);

        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail, 4), alice.Redeem(Purposes.EnablingMfaOfEmail, first).Refused);
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, second).Refused);
    }

    [Fact]
    public void The_earlier_token_keeps_its_own_expiry()
    {
        var alice = world.Person(Email);
        var first = alice.Code(Purposes.EnablingMfaOfEmail);
        world.Advance(Lifetime - TimeSpan.FromSeconds(1));
        var second = alice.Code(Purposes.EnablingMfaOfEmail);
        world.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail, 4), alice.Redeem(Purposes.EnablingMfaOfEmail, first).Refused);
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, second).Refused);
    }

    [Fact]
    public void A_resend_goes_to_the_same_destination_with_a_code_and_a_reference_of_its_own()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        var first = alice.Issue(Purposes.AddingEmail, Email).Value!;
        var firstCode = world.LastCode;
        world.Advance(ResendAfter);

        var second = alice.Resend(Purposes.AddingEmail).Value!;
        Assert.Equal(Email, second.Destination.Value);
        Assert.NotEqual(first.Reference, second.Reference);
        Assert.NotEqual(firstCode, world.LastCode);
        Assert.Equal(world.Now + Lifetime, second.ExpiresAt);
        Assert.Equal([(MessageKind.Code, Email)], world.Sent);
        Assert.Equal([(AuditEventType.TokenIssued, Purposes.AddingEmail, null)], world.Recorded);
    }

    [Fact]
    public void There_is_nothing_to_resend_before_issuing_and_after_the_expiry()
    {
        var alice = world.Person(Email);
        Assert.Equal(new Refused(Refusal.NothingPending, Purposes.EnablingMfaOfEmail), alice.Resend(Purposes.EnablingMfaOfEmail).Refused);
        alice.Code(Purposes.EnablingMfaOfEmail);
        world.Advance(Lifetime);
        Assert.Equal(new Refused(Refusal.NothingPending, Purposes.EnablingMfaOfEmail), alice.Resend(Purposes.EnablingMfaOfEmail).Refused);
    }

    [Fact]
    public void A_resend_before_its_time_is_refused_with_the_time_that_is_left()
    {
        var alice = world.Person(Email, PhoneNumber);
        alice.Code(Purposes.EnablingMfaOfEmail);
        alice.Code(Purposes.EnablingMfaOfPhoneNumber);
        world.Advance(TimeSpan.FromSeconds(29));

        Assert.Equal(
            new Refused(Refusal.RateLimited, Purposes.EnablingMfaOfEmail, RetryAfter: TimeSpan.FromSeconds(1)),
            alice.Resend(Purposes.EnablingMfaOfEmail).Refused);
        Assert.Equal(
            new Refused(Refusal.RateLimited, Purposes.EnablingMfaOfPhoneNumber, RetryAfter: TimeSpan.FromSeconds(31)),
            alice.Issue(Purposes.EnablingMfaOfPhoneNumber).Refused);
        Assert.Null(world.Stored);
    }

    [Fact]
    public void A_cancelled_operation_redeems_no_more_and_its_messages_are_withdrawn()
    {
        var alice = world.Person(Email);
        var code = alice.Code(Purposes.EnablingMfaOfEmail);

        Assert.Null(alice.Cancel(Purposes.EnablingMfaOfEmail).Refused);
        Assert.Equal([(AuditEventType.TokenRevoked, Purposes.EnablingMfaOfEmail, "cancelled")], world.Recorded);
        Assert.Equal([Purposes.EnablingMfaOfEmail], world.Stored!.Withdrawn);
        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail), alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused);
        Assert.Equal(Refusal.NothingPending, alice.Resend(Purposes.EnablingMfaOfEmail).Refused?.Reason);
    }

    [Fact]
    public void Cancelling_ends_that_operation_and_no_other()
    {
        var alice = world.Person(Email, PhoneNumber);
        var email = alice.Code(Purposes.RemovingEmail);
        alice.Code(Purposes.RemovingPhoneNumber);
        alice.Cancel(Purposes.RemovingPhoneNumber);
        Assert.Null(alice.Redeem(Purposes.RemovingEmail, email).Refused);
    }

    [Fact]
    public void Cancelling_nothing_stores_nothing()
    {
        var alice = world.Person(Email);
        Assert.Same(alice.Account.UserId, alice.Cancel(Purposes.EnablingMfaOfEmail).Value!.UserId);
        Assert.Null(world.Stored);
    }

    [Fact]
    public void The_pause_counts_from_the_last_issue_also_after_a_cancel_and_not_after_a_success()
    {
        var alice = world.Person(Email);
        alice.Code(Purposes.EnablingMfaOfEmail);
        alice.Cancel(Purposes.EnablingMfaOfEmail);
        Assert.Equal(
            new Refused(Refusal.RateLimited, Purposes.EnablingMfaOfEmail, RetryAfter: ResendAfter), alice.Issue(Purposes.EnablingMfaOfEmail).Refused);

        world.Advance(ResendAfter);
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, alice.Code(Purposes.EnablingMfaOfEmail)).Refused);
        Assert.Null(alice.Redeem(Purposes.DisablingMfaOfEmail, alice.Code(Purposes.DisablingMfaOfEmail)).Refused);
        Assert.Null(alice.Issue(Purposes.EnablingMfaOfEmail).Refused);
    }

    [Fact]
    public void Five_tokens_in_an_hour_are_all_also_after_a_success()
    {
        var alice = world.Person(Email);
        for (var i = 0; i < 5; i++)
        {
            Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, alice.Code(Purposes.EnablingMfaOfEmail)).Refused);
            alice.Becomes(World.Profile(Email));
            world.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(
            new Refused(Refusal.RateLimited, Purposes.EnablingMfaOfEmail, RetryAfter: TimeSpan.FromMinutes(55)),
            alice.Issue(Purposes.EnablingMfaOfEmail).Refused);
        world.Advance(TimeSpan.FromMinutes(55));
        Assert.Null(alice.Issue(Purposes.EnablingMfaOfEmail).Refused);
    }

    [Fact]
    public void A_guard_is_named_before_a_send_limit()
    {
        var alice = world.Person(Email);
        alice.Code(Purposes.EnablingMfaOfEmail);
        alice.Becomes(World.Profile(Email, emailMfa: true));
        Assert.Equal(Refusal.MfaEnabled, alice.Issue(Purposes.EnablingMfaOfEmail).Refused?.Reason);
    }

    [Fact]
    [Trait("ASVS", "8.2.2")]
    [Trait("Attack", "5")]
    public void Somebody_elses_code_redeems_nothing()
    {
        var alice = world.Person(Email);
        var bob = world.Person("bob@example.com", userId: "bob");
        var bobs = bob.Code(Purposes.EnablingMfaOfEmail);
        alice.Code(Purposes.EnablingMfaOfEmail);

        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail, 4), alice.Redeem(Purposes.EnablingMfaOfEmail, bobs).Refused);
        Assert.Null(bob.Redeem(Purposes.EnablingMfaOfEmail, bobs).Refused);
    }

    [Fact]
    public void A_code_is_good_for_its_own_purpose_and_for_no_other()
    {
        foreach (var purpose in Purposes.All)
        {
            foreach (var other in Purposes.All.Where(other => other != purpose))
            {
                var (token, target) = Token(purpose, "482913");
                Assert.True(World.Codes.Matches(token, "alice", purpose, target, new TokenCode("482913", CodeFormat.Digits6)));
                Assert.False(World.Codes.Matches(token, "alice", other, target, new TokenCode("482913", CodeFormat.Digits6)), $"{purpose} as {other}");
            }
        }
    }

    [Fact]
    public void The_lifetime_is_that_of_the_operation_and_the_channel()
    {
        var options = new CountersignOptions();
        options.Tokens.Lifetimes.Add(new LifetimeOptions { Operation = "userKeys/removing", Channel = "EMAIL", Lifetime = TimeSpan.FromSeconds(90) });
        world.Rules = options.ToRules();
        var alice = world.Person(Email, PhoneNumber);

        Assert.Equal(TimeSpan.FromSeconds(90), alice.Issue(Purposes.RemovingEmail).Value!.Lifetime);
        Assert.Equal(world.Now + TimeSpan.FromSeconds(90), world.Messages.Single().ExpiresAt);
        Assert.Equal(Lifetime, alice.Issue(Purposes.RemovingPhoneNumber).Value!.Lifetime);
    }

    static (OneTimeToken Token, Address Target) Token(Purpose purpose, string code)
    {
        var target = World.Address(purpose.KeyType == KeyType.PhoneNumber ? PhoneNumber : Email)!;
        var digest = World.Codes.Digest("alice", purpose, target, new TokenCode(code, CodeFormat.Digits6));
        return (new OneTimeToken(digest, World.Codes.CurrentKeyId, World.Start + Lifetime), target);
    }
}
