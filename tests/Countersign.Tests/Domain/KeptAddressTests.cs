using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class KeptAddressTests
{
    const string Email = "alice@example.com";
    const string NewEmail = "new@example.org";
    const string PhoneNumber = "+4915112345678";

    readonly World world = new();

    [Fact]
    public void A_removed_address_gets_a_decoy_from_others_for_thirty_days_and_a_word_that_says_why()
    {
        GiveUpNumber();
        var bob = world.Person("bob@example.com", code: "bobcode1", userId: "bob");

        var issued = bob.Issue(Purposes.AddingPhoneNumber, PhoneNumber);
        Assert.Equal(PhoneNumber, issued.Value!.Destination.Value);
        Assert.Equal([(MessageKind.AddressKept, PhoneNumber)], world.Sent);
        var message = Assert.Single(world.Messages);
        Assert.Equal((null, null, null), (message.Code, message.Reference, message.AntiPhishingCode));
        Assert.Equal([(AuditEventType.TokenIssued, Purposes.AddingPhoneNumber, "key-taken")], world.Recorded);
        Assert.Equal(World.Invalid(Purposes.AddingPhoneNumber, 4), bob.Redeem(Purposes.AddingPhoneNumber, world.LastCode).Refused);

        world.Advance(TimeSpan.FromDays(30));
        Assert.Null(bob.Redeem(Purposes.AddingPhoneNumber, bob.Code(Purposes.AddingPhoneNumber, PhoneNumber)).Refused);
    }

    [Fact]
    public void A_token_that_was_issued_before_does_not_complete_for_an_address_that_is_kept()
    {
        var bob = world.Person("bob@example.com", userId: "bob");
        var code = bob.Code(Purposes.AddingPhoneNumber, PhoneNumber);
        GiveUpNumber();

        Assert.Equal(new Refused(Refusal.KeyTaken, Purposes.AddingPhoneNumber), bob.Redeem(Purposes.AddingPhoneNumber, code).Refused);
        Assert.Null(bob.Account.PhoneNumber);
    }

    [Fact]
    public void A_replaced_address_is_kept_and_its_last_holder_takes_it_back()
    {
        var alice = world.Person(Email);
        alice.Redeem(Purposes.ChangingToNewEmail, alice.CodeForNewKey(NewEmail));
        var bob = world.Person(userId: "bob");
        bob.Issue(Purposes.AddingEmail, Email);
        Assert.Equal([(MessageKind.AddressKept, Email)], world.Sent);

        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(alice.Redeem(Purposes.ChangingToNewEmail, alice.CodeForNewKey(Email)).Refused);
        bob.Issue(Purposes.AddingEmail, NewEmail);
        Assert.Equal([(MessageKind.AddressKept, NewEmail)], world.Sent);
        world.Advance(TimeSpan.FromMinutes(1));
        bob.Issue(Purposes.AddingEmail, Email);
        Assert.Equal([(MessageKind.AddressInUse, Email)], world.Sent);
    }

    [Fact]
    public void What_the_platform_takes_away_or_erases_is_free_at_once()
    {
        var alice = world.Person(Email, PhoneNumber);
        alice.Becomes(World.Profile(Email));
        var bob = world.Person(userId: "bob");
        Assert.Null(bob.Redeem(Purposes.AddingPhoneNumber, bob.Code(Purposes.AddingPhoneNumber, PhoneNumber)).Refused);

        bob.Redeem(Purposes.AddingEmail, bob.Code(Purposes.AddingEmail, NewEmail));
        bob.Redeem(Purposes.RemovingPhoneNumber, bob.Code(Purposes.RemovingPhoneNumber));
        world.Erase("bob");
        Assert.Null(alice.Redeem(Purposes.AddingPhoneNumber, alice.Code(Purposes.AddingPhoneNumber, PhoneNumber)).Refused);
    }

    [Fact]
    public void With_the_setting_at_zero_nothing_is_kept()
    {
        world.Rules = world.Rules with { KeepReleasedFor = TimeSpan.Zero };
        GiveUpNumber();
        var bob = world.Person(userId: "bob");
        Assert.Null(bob.Redeem(Purposes.AddingPhoneNumber, bob.Code(Purposes.AddingPhoneNumber, PhoneNumber)).Refused);
    }

    void GiveUpNumber()
    {
        var alice = world.Person(Email, PhoneNumber, "b3ta29");
        Assert.Null(alice.Redeem(Purposes.RemovingPhoneNumber, alice.Code(Purposes.RemovingPhoneNumber)).Refused);
    }
}
