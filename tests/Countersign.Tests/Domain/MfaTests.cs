using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class MfaTests
{
    const string Email = "alice@example.com";
    const string PhoneNumber = "+4915112345678";

    readonly World world = new();

    [Theory]
    [InlineData(KeyType.Email, Email)]
    [InlineData(KeyType.PhoneNumber, PhoneNumber)]
    public void MFA_is_enabled_for_the_destination_alone_and_every_key_is_told(KeyType keyType, string destination)
    {
        var alice = world.Person(Email, PhoneNumber);
        var purpose = new Purpose(Operation.EnablingMfa, keyType);
        var code = alice.Code(purpose);
        Assert.Equal([(MessageKind.Code, destination)], world.Sent);

        Assert.Null(alice.Redeem(purpose, code).Refused);
        Assert.Equal(keyType == KeyType.Email, alice.Account.Email!.MfaEnabled);
        Assert.Equal(keyType == KeyType.PhoneNumber, alice.Account.PhoneNumber!.MfaEnabled);
        Assert.Equal(World.Start, alice.Account.Key(keyType)!.VerifiedAt);
        Assert.Equal([(MessageKind.MfaEnabled, PhoneNumber), (MessageKind.MfaEnabled, Email)], world.Sent.OrderBy(sent => sent.To));
        Assert.Equal([(AuditEventType.TokenRedeemed, purpose, null), (AuditEventType.MfaEnabled, purpose, null)], world.Recorded);
    }

    [Theory]
    [InlineData(KeyType.Email, Email)]
    [InlineData(KeyType.PhoneNumber, PhoneNumber)]
    public void MFA_is_disabled_for_the_destination_alone_and_every_key_is_told(KeyType keyType, string destination)
    {
        var alice = world.Person(Email, PhoneNumber, emailMfa: true, phoneNumberMfa: true);
        var purpose = new Purpose(Operation.DisablingMfa, keyType);
        var code = alice.Code(purpose);
        Assert.Equal([(MessageKind.Code, destination)], world.Sent);

        Assert.Null(alice.Redeem(purpose, code).Refused);
        Assert.Equal(keyType != KeyType.Email, alice.Account.Email!.MfaEnabled);
        Assert.Equal(keyType != KeyType.PhoneNumber, alice.Account.PhoneNumber!.MfaEnabled);
        Assert.Equal([(MessageKind.MfaDisabled, PhoneNumber), (MessageKind.MfaDisabled, Email)], world.Sent.OrderBy(sent => sent.To));
        Assert.Equal([(AuditEventType.TokenRedeemed, purpose, null), (AuditEventType.MfaDisabled, purpose, null)], world.Recorded);
    }

    [Fact]
    public void A_destination_without_a_key_has_no_MFA_to_switch()
    {
        var alice = world.Person(Email);
        Assert.Equal(Refusal.KeyMissing, alice.Issue(Purposes.EnablingMfaOfPhoneNumber).Refused?.Reason);
        Assert.Equal(Refusal.MfaDisabled, alice.Issue(Purposes.DisablingMfaOfPhoneNumber).Refused?.Reason);
    }

    [Fact]
    public void MFA_is_not_enabled_or_disabled_twice()
    {
        var alice = world.Person(Email, PhoneNumber, emailMfa: true);
        Assert.Equal(Refusal.MfaEnabled, alice.Issue(Purposes.EnablingMfaOfEmail).Refused?.Reason);
        Assert.Equal(Refusal.MfaDisabled, alice.Issue(Purposes.DisablingMfaOfPhoneNumber).Refused?.Reason);
    }

    [Fact]
    public void Enabling_is_asked_again_on_redeeming()
    {
        var alice = world.Person(Email);
        var code = alice.Code(Purposes.EnablingMfaOfEmail);
        alice.Becomes(World.Profile(Email, emailMfa: true));

        Assert.Equal(Refusal.MfaEnabled, alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused?.Reason);
        Assert.Equal([(AuditEventType.TokenRefused, Purposes.EnablingMfaOfEmail, "mfa-enabled")], world.Recorded);
        alice.Becomes(World.Profile(Email));
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused);
    }

    [Fact]
    public void Disabling_is_asked_again_on_redeeming()
    {
        var alice = world.Person(Email, emailMfa: true);
        var code = alice.Code(Purposes.DisablingMfaOfEmail);
        alice.Becomes(World.Profile(Email));

        Assert.Equal(Refusal.MfaDisabled, alice.Redeem(Purposes.DisablingMfaOfEmail, code).Refused?.Reason);
        Assert.Equal([(AuditEventType.TokenRefused, Purposes.DisablingMfaOfEmail, "mfa-disabled")], world.Recorded);
    }

    [Fact]
    public void A_key_that_is_replaced_takes_the_pending_switch_with_it()
    {
        var alice = world.Person(Email);
        var code = alice.Code(Purposes.EnablingMfaOfEmail);
        alice.Becomes(World.Profile("platform@example.com"));
        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail), alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused);
        Assert.False(alice.Account.Email!.MfaEnabled);
    }
}
