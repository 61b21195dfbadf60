using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class ProvisioningTests
{
    const string Email = "alice@example.com";
    const string NewEmail = "new@example.com";
    const string PhoneNumber = "+4915112345678";

    readonly World world = new();

    [Fact]
    public void A_new_account_is_what_the_platform_says_and_nobody_is_told()
    {
        var put = world.Put("alice", World.Profile(Email, PhoneNumber, "banana9", emailMfa: true) with { Locale = "de-AT" }).Value!;

        Assert.Equal("alice", put.UserId);
        Assert.Equal(new UserKey(World.Address(Email)!, World.Start, true), put.Email);
        Assert.Equal(new UserKey(World.Address(PhoneNumber)!, World.Start, false), put.PhoneNumber);
        Assert.Equal("banana9", put.AntiPhishingCode!.Reveal());
        Assert.Equal("de-AT", put.Locale);
        Assert.Empty(world.Messages);
        Assert.Equal([(AuditEventType.AccountProvisioned, null, null)], world.Recorded);
    }

    [Fact]
    public void What_is_so_already_stores_nothing()
    {
        var profile = World.Profile(Email, PhoneNumber, "banana9", emailMfa: true) with { Locale = "en" };
        world.Put("alice", profile);
        world.Advance(TimeSpan.FromDays(1));

        Assert.Equal(World.Start, world.Put("alice", profile).Value!.Email!.VerifiedAt);
        Assert.Null(world.Stored);
    }

    [Fact]
    public void Another_locale_is_stored_and_no_ones_business()
    {
        var alice = world.Person(Email);
        alice.Becomes(World.Profile(Email) with { Locale = "fr" });
        Assert.Equal("fr", alice.Account.Locale);
        Assert.Empty(world.Messages);
        Assert.Empty(world.Recorded);
    }

    [Fact]
    public void Another_spelling_of_the_same_key_is_stored_and_written_to_from_then_on()
    {
        var alice = world.Person("alice@example.com", emailMfa: true);
        world.Advance(TimeSpan.FromDays(1));
        alice.Becomes(World.Profile("Alice@example.com", emailMfa: true));

        Assert.Equal("Alice@example.com", alice.Account.Email!.Address.Value);
        Assert.Equal(World.Start, alice.Account.Email.VerifiedAt);
        Assert.True(alice.Account.Email.MfaEnabled);
        Assert.Empty(world.Messages);

        Assert.Null(alice.Issue(Purposes.DisablingMfaOfEmail).Refused);
        Assert.Equal([(MessageKind.Code, "Alice@example.com")], world.Sent);
    }

    [Fact]
    public void A_key_that_the_platform_replaces_tells_the_old_the_new_and_the_other_one()
    {
        var alice = world.Person(Email, PhoneNumber, "banana9", emailMfa: true);
        world.Advance(TimeSpan.FromMinutes(1));
        alice.Becomes(World.Profile(NewEmail, PhoneNumber, "banana9"));

        Assert.Equal(new UserKey(World.Address(NewEmail)!, World.Start.AddMinutes(1), false), alice.Account.Email);
        Assert.Equal(
            [(MessageKind.KeyChanged, PhoneNumber), (MessageKind.KeyChanged, Email), (MessageKind.KeyChanged, NewEmail)],
            world.Sent.OrderBy(sent => sent.To));
        Assert.Equal([(AuditEventType.UserKeyChanged, Purposes.ChangingToNewEmail, null)], world.Recorded);
    }

    [Fact]
    public void A_key_that_the_platform_replaces_keeps_the_MFA_that_it_asks_for()
    {
        var alice = world.Person(Email, emailMfa: true);
        alice.Becomes(World.Profile(NewEmail, emailMfa: true));
        Assert.True(alice.Account.Email!.MfaEnabled);
        Assert.Equal(NewEmail, alice.Account.Email.Address.Value);
    }

    [Fact]
    public void Keys_that_the_platform_adds_and_removes_are_told_of()
    {
        var alice = world.Person(Email, code: "banana9");
        alice.Becomes(World.Profile(phoneNumber: PhoneNumber));

        Assert.Null(alice.Account.Email);
        Assert.Null(alice.Account.AntiPhishingCode);
        Assert.Contains((MessageKind.KeyRemoved, Email), world.Sent);
        Assert.Contains((MessageKind.KeyAdded, PhoneNumber), world.Sent);
        Assert.Equal(
            [
                (AuditEventType.UserKeyRemoved, Purposes.RemovingEmail, null),
                (AuditEventType.UserKeyAdded, Purposes.AddingPhoneNumber, null),
            ],
            world.Recorded);
    }

    [Fact]
    public void The_platform_may_take_the_last_key()
    {
        var alice = world.Person(Email);
        alice.Becomes(World.Profile());
        Assert.Empty(alice.Account.Keys);
        Assert.Equal([(MessageKind.KeyRemoved, Email)], world.Sent);
    }

    [Fact]
    public void MFA_and_the_code_that_the_platform_sets_are_told_of()
    {
        var alice = world.Person(Email, PhoneNumber, "banana9", emailMfa: true);
        alice.Becomes(World.Profile(Email, PhoneNumber, "cherry7", phoneNumberMfa: true));

        Assert.Equal(
            [
                (AuditEventType.MfaDisabled, Purposes.DisablingMfaOfEmail, null),
                (AuditEventType.MfaEnabled, Purposes.EnablingMfaOfPhoneNumber, null),
                (AuditEventType.AntiPhishingCodeSet, Purposes.ChangingAntiPhishing, null),
            ],
            world.Recorded);
        foreach (var kind in new[] { MessageKind.MfaDisabled, MessageKind.MfaEnabled, MessageKind.AntiPhishingCodeSet })
            Assert.Equal([PhoneNumber, Email], world.Sent.Where(sent => sent.Kind == kind).Select(sent => sent.To).Order());
        Assert.All(
            world.Messages.Where(message => message.To.KeyType == KeyType.Email),
            message => Assert.Equal("banana9", message.AntiPhishingCode!.Reveal()));
    }

    [Fact]
    public void A_code_that_the_platform_takes_away_is_told_of()
    {
        var alice = world.Person(Email, code: "banana9");
        alice.Becomes(World.Profile(Email));
        Assert.Null(alice.Account.AntiPhishingCode);
        Assert.Equal([(MessageKind.AntiPhishingCodeSet, Email)], world.Sent);
        Assert.Null(world.Messages.Single().Subject);
    }

    [Fact]
    public void A_key_that_the_platform_replaces_ends_what_was_pending_for_it_and_nothing_else()
    {
        var alice = world.Person(Email, PhoneNumber);
        var removal = alice.Code(Purposes.RemovingEmail);
        var other = alice.Code(Purposes.EnablingMfaOfPhoneNumber);
        alice.Becomes(World.Profile(NewEmail, PhoneNumber));

        Assert.Equal([Purposes.RemovingEmail], world.Stored!.Withdrawn);
        Assert.Equal(World.Invalid(Purposes.RemovingEmail), alice.Redeem(Purposes.RemovingEmail, removal).Refused);
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfPhoneNumber, other).Refused);
    }

    [Fact]
    public void Erasing_records_that_and_tells_nobody()
    {
        world.Person(Email);
        world.Erase("alice");
        Assert.True(world.Stored!.Erases);
        Assert.Equal([(AuditEventType.AccountErased, null, null)], world.Recorded);
        Assert.Empty(world.Messages);
        Assert.Null(world.Find("alice"));
    }

    [Fact]
    public void A_profile_leaves_out_the_keys_that_are_taken()
    {
        var profile = World.Profile(Email, PhoneNumber);
        Assert.Equal(profile, profile.Without([]));
        Assert.Equal(profile with { Email = null }, profile.Without([World.Address("ALICE@example.com")!]));
        Assert.Equal(profile with { PhoneNumber = null }, profile.Without([World.Address(PhoneNumber)!]));
    }
}
