using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class AddingKeyTests
{
    const string Email = "alice@example.com";
    const string PhoneNumber = "+4915112345678";

    readonly World world = new();

    [Fact]
    public void An_email_is_added_and_both_keys_are_told()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        var code = alice.Code(Purposes.AddingEmail, Email);
        world.Advance(TimeSpan.FromMinutes(5));

        var redeemed = alice.Redeem(Purposes.AddingEmail, code);

        Assert.Null(redeemed.Refused);
        Assert.Equal(Email, alice.Account.Email!.Address.Value);
        Assert.Equal(World.Start.AddMinutes(5), alice.Account.Email.VerifiedAt);
        Assert.False(alice.Account.Email.MfaEnabled);
        Assert.Equal([(MessageKind.KeyAdded, PhoneNumber), (MessageKind.KeyAdded, Email)], world.Sent.OrderBy(sent => sent.To));
        Assert.All(world.Messages, notice => Assert.Null(notice.Code));
        Assert.All(world.Messages, notice => Assert.Null(notice.Reference));
        Assert.All(world.Messages, notice => Assert.Equal("a***e@example.com", notice.Subject));
        Assert.Equal(
            [
                (AuditEventType.TokenRedeemed, Purposes.AddingEmail, null),
                (AuditEventType.UserKeyAdded, Purposes.AddingEmail, null),
            ],
            world.Recorded);
    }

    [Fact]
    public void A_phone_number_is_added_and_both_keys_are_told()
    {
        var alice = world.Person(email: Email, code: "banana9");
        var code = alice.Code(Purposes.AddingPhoneNumber, PhoneNumber);

        Assert.Null(alice.Redeem(Purposes.AddingPhoneNumber, code).Refused);
        Assert.Equal(PhoneNumber, alice.Account.PhoneNumber!.Address.Value);
        Assert.Equal([(MessageKind.KeyAdded, PhoneNumber), (MessageKind.KeyAdded, Email)], world.Sent.OrderBy(sent => sent.To));
        Assert.All(world.Messages, notice => Assert.Equal("+**********678", notice.Subject));
    }

    [Fact]
    public void The_first_key_of_an_account_without_any_can_be_added()
    {
        var alice = world.Person();
        var code = alice.Code(Purposes.AddingEmail, Email);
        Assert.Null(alice.Redeem(Purposes.AddingEmail, code).Refused);
        Assert.Equal([(MessageKind.KeyAdded, Email)], world.Sent);
    }

    [Fact]
    public void The_code_goes_to_the_new_key_and_is_in_the_answer_nowhere()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        var issued = alice.Issue(Purposes.AddingEmail, Email).Value!;

        var message = Assert.Single(world.Messages);
        Assert.Equal((MessageKind.Code, Email), (message.Kind, message.To.Value));
        Assert.Equal(world.LastCode, message.Code!.Value.Reveal());
        Assert.Equal(issued.Reference, message.Reference);
        Assert.Equal(issued.ExpiresAt, message.ExpiresAt);
        Assert.Equal("a***e@example.com", message.Subject);

        Assert.Equal(TimeSpan.FromMinutes(30), issued.Lifetime);
        Assert.Equal(World.Start.AddMinutes(30), issued.ExpiresAt);
        Assert.Equal(World.Start.AddSeconds(30), issued.ResendAt);
        Assert.Equal(Email, issued.Destination.Value);
        Assert.DoesNotContain(world.LastCode, issued.ToString(), StringComparison.Ordinal);
        Assert.Equal([(AuditEventType.TokenIssued, Purposes.AddingEmail, null)], world.Recorded);
    }

    [Theory]
    [InlineData(Email)]
    [InlineData(PhoneNumber)]
    public void A_key_type_that_the_account_has_is_not_issued_for(string newKey)
    {
        var alice = world.Person("old@example.com", "+4915100000000");
        var purpose = new Purpose(Operation.AddingKey, World.Address(newKey)!.KeyType);

        Assert.Equal(Refusal.KeyExists, alice.Issue(purpose, newKey).Refused?.Reason);
        Assert.Null(world.Stored);
    }

    [Fact]
    public void What_was_allowed_when_it_was_issued_is_asked_again_and_the_token_stays()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        var code = alice.Code(Purposes.AddingEmail, Email);
        alice.Becomes(World.Profile("platform@example.com", PhoneNumber));

        Assert.Equal(Refusal.KeyExists, alice.Redeem(Purposes.AddingEmail, code).Refused?.Reason);
        Assert.Equal("platform@example.com", alice.Account.Email!.Address.Value);
        Assert.Equal([(AuditEventType.TokenRefused, Purposes.AddingEmail, "key-exists")], world.Recorded);
        Assert.Empty(world.Messages);
        Assert.Equal(0, alice.State(Purposes.AddingEmail).Pending!.WrongTries);

        alice.Becomes(World.Profile(phoneNumber: PhoneNumber));
        Assert.Null(alice.Redeem(Purposes.AddingEmail, code).Refused);
    }

    [Fact]
    public void A_key_that_another_account_has_proven_meanwhile_is_taken()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        var code = alice.Code(Purposes.AddingEmail, Email);
        var bob = world.Person(email: "Alice@Example.com", userId: "bob");

        Assert.Equal(Refusal.KeyTaken, alice.Redeem(Purposes.AddingEmail, code).Refused?.Reason);
        Assert.Null(alice.Account.Email);
        Assert.Equal("Alice@example.com", bob.Account.Email!.Address.Value);
        Assert.Equal([(AuditEventType.TokenRefused, Purposes.AddingEmail, "key-taken")], world.Recorded);
    }

    [Fact]
    public void A_key_of_another_account_gets_the_same_answer_and_its_owner_a_notice()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        world.Person(email: "Bob@example.com", code: "bobs0code", userId: "bob");

        var decoy = alice.Issue(Purposes.AddingEmail, "bob@example.com").Value!;
        Assert.Equal(TimeSpan.FromMinutes(30), decoy.Lifetime);
        Assert.Equal(World.Start.AddSeconds(30), decoy.ResendAt);
        Assert.Equal("bob@example.com", decoy.Destination.Value);

        var notice = Assert.Single(world.Messages);
        Assert.Equal(MessageKind.AddressInUse, notice.Kind);
        Assert.Equal("Bob@example.com", notice.To.Value);
        Assert.Equal("bobs0code", notice.AntiPhishingCode!.Reveal());
        Assert.Null(notice.Code);
        Assert.Null(notice.Reference);

        var pending = alice.State(Purposes.AddingEmail).LivePending(world.Now)!;
        Assert.Equal("bob@example.com", pending.Target.Value);
        Assert.Equal(decoy.Reference, pending.Reference);
        Assert.Equal(World.Invalid(Purposes.AddingEmail, 4), alice.Redeem(Purposes.AddingEmail, world.LastCode).Refused);
        Assert.Null(alice.Account.Email);
    }

    [Fact]
    public void A_decoy_stays_one_when_the_owner_has_gone_until_it_is_sent_again()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        world.Person(email: Email, userId: "bob");
        var decoy = alice.Code(Purposes.AddingEmail, Email);
        world.Erase("bob");

        Assert.Equal(Refusal.TokenInvalid, alice.Redeem(Purposes.AddingEmail, decoy).Refused?.Reason);
        world.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(alice.Resend(Purposes.AddingEmail).Refused);
        Assert.Equal([(MessageKind.Code, Email)], world.Sent);
        var real = world.LastCode;

        Assert.Equal(Refusal.TokenInvalid, alice.Redeem(Purposes.AddingEmail, decoy).Refused?.Reason);
        Assert.Null(alice.Redeem(Purposes.AddingEmail, real).Refused);
    }

    [Fact]
    public void A_resend_to_a_key_that_is_another_accounts_by_now_is_a_decoy()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        alice.Code(Purposes.AddingEmail, Email);
        world.Person(email: Email, userId: "bob");
        world.Advance(TimeSpan.FromSeconds(30));

        Assert.Null(alice.Resend(Purposes.AddingEmail).Refused);
        Assert.Equal([(MessageKind.AddressInUse, Email)], world.Sent);
        Assert.Equal(Refusal.TokenInvalid, alice.Redeem(Purposes.AddingEmail, world.LastCode).Refused?.Reason);
    }

    [Fact]
    public void Another_target_ends_the_tokens_of_the_first()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        var first = alice.Code(Purposes.AddingEmail, "first@example.com");
        world.Advance(TimeSpan.FromSeconds(30));
        var second = alice.Code(Purposes.AddingEmail, "second@example.com");
        Assert.Equal(
            [
                (AuditEventType.TokenRevoked, Purposes.AddingEmail, "another target"),
                (AuditEventType.TokenIssued, Purposes.AddingEmail, null),
            ],
            world.Recorded);
        Assert.Equal([Purposes.AddingEmail], world.Stored!.Withdrawn);

        Assert.Equal(Refusal.TokenInvalid, alice.Redeem(Purposes.AddingEmail, first).Refused?.Reason);
        Assert.Null(alice.Redeem(Purposes.AddingEmail, second).Refused);
        Assert.Equal("second@example.com", alice.Account.Email!.Address.Value);
    }

    [Fact]
    public void The_same_target_in_another_spelling_is_the_same_target()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        var first = alice.Code(Purposes.AddingEmail, "Alice@example.com");
        world.Advance(TimeSpan.FromSeconds(30));
        alice.Code(Purposes.AddingEmail, "ALICE@EXAMPLE.COM");

        Assert.Null(alice.Redeem(Purposes.AddingEmail, first).Refused);
    }

    [Fact]
    public void The_other_key_type_is_another_operation()
    {
        var alice = world.Person();
        var email = alice.Code(Purposes.AddingEmail, Email);
        alice.Code(Purposes.AddingPhoneNumber, PhoneNumber);

        Assert.Equal(World.Invalid(Purposes.AddingPhoneNumber, 4), alice.Redeem(Purposes.AddingPhoneNumber, email).Refused);
        Assert.Null(alice.Redeem(Purposes.AddingEmail, email).Refused);
    }
}
