using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class RemovingKeyTests
{
    const string Email = "alice@example.com";
    const string PhoneNumber = "+4915112345678";

    readonly World world = new();

    [Fact]
    public void A_removed_email_takes_the_anti_phishing_code_with_it_and_both_keys_are_told()
    {
        var alice = world.Person(Email, PhoneNumber, "banana9");
        var code = alice.Code(Purposes.RemovingEmail);
        Assert.Equal([(MessageKind.Code, Email)], world.Sent);

        Assert.Null(alice.Redeem(Purposes.RemovingEmail, code).Refused);
        Assert.Null(alice.Account.Email);
        Assert.Null(alice.Account.AntiPhishingCode);
        Assert.Equal(PhoneNumber, alice.Account.PhoneNumber!.Address.Value);
        Assert.Equal([(MessageKind.KeyRemoved, PhoneNumber), (MessageKind.KeyRemoved, Email)], world.Sent.OrderBy(sent => sent.To));
        Assert.Equal("banana9", world.Messages.Single(notice => notice.To.Value == Email).AntiPhishingCode!.Reveal());
        Assert.All(world.Messages, notice => Assert.Equal("a***e@example.com", notice.Subject));
        Assert.Equal(
            [
                (AuditEventType.TokenRedeemed, Purposes.RemovingEmail, null),
                (AuditEventType.UserKeyRemoved, Purposes.RemovingEmail, null),
            ],
            world.Recorded);
    }

    [Fact]
    public void A_removed_phone_number_leaves_the_anti_phishing_code()
    {
        var alice = world.Person(Email, PhoneNumber, "banana9");
        var code = alice.Code(Purposes.RemovingPhoneNumber);
        Assert.Equal([(MessageKind.Code, PhoneNumber)], world.Sent);

        Assert.Null(alice.Redeem(Purposes.RemovingPhoneNumber, code).Refused);
        Assert.Null(alice.Account.PhoneNumber);
        Assert.Equal("banana9", alice.Account.AntiPhishingCode!.Reveal());
        Assert.Equal([(MessageKind.KeyRemoved, PhoneNumber), (MessageKind.KeyRemoved, Email)], world.Sent.OrderBy(sent => sent.To));
    }

    [Fact]
    public void A_key_that_is_not_there_cannot_be_removed()
    {
        var alice = world.Person(Email);
        Assert.Equal(Refusal.KeyMissing, alice.Issue(Purposes.RemovingPhoneNumber).Refused?.Reason);
    }

    [Fact]
    public void The_last_key_is_named_before_its_MFA()
    {
        var alice = world.Person(Email, emailMfa: true);
        Assert.Equal(Refusal.LastKey, alice.Issue(Purposes.RemovingEmail).Refused?.Reason);
    }

    [Fact]
    public void A_key_with_MFA_cannot_be_removed()
    {
        var alice = world.Person(Email, PhoneNumber, phoneNumberMfa: true);
        Assert.Equal(Refusal.MfaEnabled, alice.Issue(Purposes.RemovingPhoneNumber).Refused?.Reason);
        Assert.Null(alice.Issue(Purposes.RemovingEmail).Refused);
    }

    [Fact]
    public void With_the_MFA_switch_off_a_key_with_MFA_can_be_removed()
    {
        var alice = world.Person(Email, PhoneNumber, phoneNumberMfa: true);
        world.Rules = world.Rules with { Mfa = false };
        var code = alice.Code(Purposes.RemovingPhoneNumber);
        Assert.Null(alice.Redeem(Purposes.RemovingPhoneNumber, code).Refused);
    }

    [Fact]
    public void Of_two_removals_that_were_both_allowed_only_one_can_be_redeemed()
    {
        var alice = world.Person(Email, PhoneNumber);
        var email = alice.Code(Purposes.RemovingEmail);
        var phoneNumber = alice.Code(Purposes.RemovingPhoneNumber);

        Assert.Null(alice.Redeem(Purposes.RemovingEmail, email).Refused);
        Assert.Equal(Refusal.LastKey, alice.Redeem(Purposes.RemovingPhoneNumber, phoneNumber).Refused?.Reason);
        Assert.Equal([(AuditEventType.TokenRefused, Purposes.RemovingPhoneNumber, "last-key")], world.Recorded);
        Assert.Equal(PhoneNumber, alice.Account.PhoneNumber!.Address.Value);
        Assert.NotNull(alice.State(Purposes.RemovingPhoneNumber).LivePending(world.Now));
    }

    [Fact]
    public void MFA_that_was_enabled_in_between_stops_the_removal_and_the_token_stays()
    {
        var alice = world.Person(Email, PhoneNumber);
        var code = alice.Code(Purposes.RemovingEmail);
        alice.Becomes(World.Profile(Email, PhoneNumber, emailMfa: true));

        Assert.Equal(Refusal.MfaEnabled, alice.Redeem(Purposes.RemovingEmail, code).Refused?.Reason);
        alice.Becomes(World.Profile(Email, PhoneNumber));
        Assert.Null(alice.Redeem(Purposes.RemovingEmail, code).Refused);
    }

    [Fact]
    public void A_removed_key_takes_with_it_every_pending_token_that_went_to_it_or_was_about_it()
    {
        var alice = world.Person(Email, PhoneNumber);
        var change = alice.CodeForNewKey("new@example.com");
        var adding = alice.Code(Purposes.AddingAntiPhishing);
        var mfa = alice.Code(Purposes.EnablingMfaOfEmail);
        var other = alice.Code(Purposes.EnablingMfaOfPhoneNumber);
        var removal = alice.Code(Purposes.RemovingEmail);

        Assert.Null(alice.Redeem(Purposes.RemovingEmail, removal).Refused);
        Assert.Equal(
            new[] { Purposes.RemovingEmail, Purposes.ChangingToNewEmail, Purposes.AddingAntiPhishing, Purposes.EnablingMfaOfEmail }.ToHashSet(),
            world.Stored!.Withdrawn.ToHashSet());
        Assert.Equal(World.Invalid(Purposes.ChangingToNewEmail), alice.Redeem(Purposes.ChangingToNewEmail, change).Refused);
        Assert.Equal(
            World.Invalid(Purposes.AddingAntiPhishing), alice.Redeem(Purposes.AddingAntiPhishing, adding, "cherry7").Refused);
        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail), alice.Redeem(Purposes.EnablingMfaOfEmail, mfa).Refused);
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfPhoneNumber, other).Refused);
    }
}
