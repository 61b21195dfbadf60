using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class ChangingKeyTests
{
    const string Email = "alice@example.com";
    const string NewEmail = "new@example.com";
    const string PhoneNumber = "+4915112345678";
    const string NewPhoneNumber = "+4915187654321";

    readonly World world = new();

    [Theory]
    [InlineData(Email, NewEmail)]
    [InlineData(PhoneNumber, NewPhoneNumber)]
    public void A_key_is_replaced_in_two_steps_and_the_old_the_new_and_the_other_are_told(string oldKey, string newKey)
    {
        var alice = world.Person(Email, PhoneNumber, "banana9");
        var keyType = World.Address(newKey)!.KeyType;
        var code = alice.CodeForNewKey(newKey);
        world.Advance(TimeSpan.FromMinutes(1));

        Assert.Null(alice.Redeem(new Purpose(Operation.ChangingNewKey, keyType), code).Refused);

        var key = alice.Account.Key(keyType)!;
        Assert.Equal(newKey, key.Address.Value);
        Assert.Equal(World.Start.AddMinutes(1), key.VerifiedAt);
        Assert.Equal(
            new[] { Email, PhoneNumber, newKey }.Order(StringComparer.Ordinal),
            world.Sent.Select(sent => sent.To).Order(StringComparer.Ordinal));
        Assert.Contains(oldKey, world.Sent.Select(sent => sent.To));
        Assert.All(world.Messages, notice => Assert.Equal(MessageKind.KeyChanged, notice.Kind));
        Assert.All(world.Messages, notice => Assert.Equal(key.Address.Masked, notice.Subject));
        Assert.Equal(
            [
                (AuditEventType.TokenRedeemed, new Purpose(Operation.ChangingNewKey, keyType), null),
                (AuditEventType.UserKeyChanged, new Purpose(Operation.ChangingNewKey, keyType), null),
            ],
            world.Recorded);
        Assert.Equal("banana9", alice.Account.AntiPhishingCode!.Reveal());
    }

    [Fact]
    public void The_first_code_goes_to_the_current_key_with_the_anti_phishing_code_and_the_second_to_the_new_one_without()
    {
        var alice = world.Person(Email, code: "banana9");
        var first = alice.Code(Purposes.ChangingEmail);
        Assert.Equal([(MessageKind.Code, Email)], world.Sent);
        Assert.Equal("banana9", world.Messages.Single().AntiPhishingCode!.Reveal());

        var issued = alice.IssueForNewKey(NewEmail, first).Value!;
        Assert.Equal([(MessageKind.Code, NewEmail)], world.Sent);
        Assert.Null(world.Messages.Single().AntiPhishingCode);
        Assert.Equal("n***w@example.com", world.Messages.Single().Subject);
        Assert.Equal(NewEmail, issued.Destination.Value);
    }

    [Fact]
    public void The_first_token_is_consumed_in_the_change_that_issues_the_second()
    {
        var alice = world.Person(Email);
        var first = alice.Code(Purposes.ChangingEmail);
        Assert.Null(alice.IssueForNewKey(NewEmail, first).Refused);

        Assert.Equal(
            [
                (AuditEventType.TokenRedeemed, Purposes.ChangingEmail, null),
                (AuditEventType.TokenIssued, Purposes.ChangingToNewEmail, null),
            ],
            world.Recorded);
        Assert.Null(alice.State(Purposes.ChangingEmail).Pending);
        Assert.Equal(World.Invalid(Purposes.ChangingEmail), alice.IssueForNewKey("other@example.com", first).Refused);
        Assert.Null(world.Stored);
    }

    [Theory]
    [InlineData(KeyType.Email)]
    [InlineData(KeyType.PhoneNumber)]
    public void A_key_that_is_not_there_cannot_be_changed(KeyType keyType)
    {
        var alice = world.Person();
        Assert.Equal(Refusal.KeyMissing, alice.Issue(new Purpose(Operation.ChangingKey, keyType)).Refused?.Reason);
    }

    [Fact]
    public void A_missing_key_is_named_before_its_MFA_and_the_MFA_of_the_other_key_does_not_matter()
    {
        var alice = world.Person(Email, PhoneNumber, emailMfa: true);
        Assert.Equal(Refusal.MfaEnabled, alice.Issue(Purposes.ChangingEmail).Refused?.Reason);
        Assert.Null(alice.Issue(Purposes.ChangingPhoneNumber).Refused);
    }

    [Fact]
    public void With_the_MFA_switch_off_MFA_stands_in_nobodys_way()
    {
        var alice = world.Person(Email, emailMfa: true);
        world.Rules = world.Rules with { Mfa = false };
        var code = alice.CodeForNewKey(NewEmail);

        Assert.Null(alice.Redeem(Purposes.ChangingToNewEmail, code).Refused);
        // The new key is proven for itself: what was said of the old one does not pass to it.
        Assert.False(alice.Account.Email!.MfaEnabled);
    }

    [Fact]
    public void MFA_that_was_enabled_in_between_stops_the_second_step_and_spends_nothing()
    {
        var alice = world.Person(Email);
        var first = alice.Code(Purposes.ChangingEmail);
        alice.Becomes(World.Profile(Email, emailMfa: true));

        Assert.Equal(new Refused(Refusal.MfaEnabled, Purposes.ChangingToNewEmail), alice.IssueForNewKey(NewEmail, first).Refused);
        Assert.Equal(
            new AuditEntry(AuditEventType.TokenRefused, Purposes.ChangingEmail, "a***e@example.com", "mfa-enabled"), Assert.Single(world.Stored!.Events));
        Assert.Empty(world.Stored.Messages);

        alice.Becomes(World.Profile(Email));
        Assert.Null(alice.IssueForNewKey(NewEmail, first).Refused);
    }

    [Fact]
    public void MFA_that_was_enabled_in_between_stops_the_change_and_the_token_stays()
    {
        var alice = world.Person(Email);
        var code = alice.CodeForNewKey(NewEmail);
        alice.Becomes(World.Profile(Email, emailMfa: true));

        Assert.Equal(Refusal.MfaEnabled, alice.Redeem(Purposes.ChangingToNewEmail, code).Refused?.Reason);
        Assert.Equal(Email, alice.Account.Email!.Address.Value);
        Assert.Equal([(AuditEventType.TokenRefused, Purposes.ChangingToNewEmail, "mfa-enabled")], world.Recorded);

        alice.Becomes(World.Profile(Email));
        Assert.Null(alice.Redeem(Purposes.ChangingToNewEmail, code).Refused);
    }

    [Fact]
    public void The_current_key_is_no_new_key_in_whatever_case_it_is_written()
    {
        var alice = world.Person(Email);
        var first = alice.Code(Purposes.ChangingEmail);

        Assert.Equal(Refusal.SameKey, alice.IssueForNewKey("ALICE@example.COM", first).Refused?.Reason);
        Assert.Null(world.Stored);
        Assert.Null(alice.IssueForNewKey(NewEmail, first).Refused);
    }

    [Fact]
    public void A_wrong_first_code_counts_against_the_first_step()
    {
        var alice = world.Person(Email);
        alice.Code(Purposes.ChangingEmail);

        Assert.Equal(World.Invalid(Purposes.ChangingEmail, 4), alice.IssueForNewKey(NewEmail, World.WrongCode(1)).Refused);
        Assert.Equal(1, alice.State(Purposes.ChangingEmail).Pending!.WrongTries);
        Assert.Null(alice.State(Purposes.ChangingToNewEmail).Pending);
        Assert.Empty(world.Messages);
    }

    [Fact]
    public void The_code_of_the_first_step_does_not_redeem_the_change()
    {
        var alice = world.Person(Email);
        var first = alice.Code(Purposes.ChangingEmail);
        Assert.Equal(World.Invalid(Purposes.ChangingToNewEmail), alice.Redeem(Purposes.ChangingToNewEmail, first).Refused);
        Assert.Null(alice.IssueForNewKey(NewEmail, first).Refused);
        Assert.Equal(Refusal.TokenInvalid, alice.Redeem(Purposes.ChangingToNewEmail, first).Refused?.Reason);
        Assert.Equal(Email, alice.Account.Email!.Address.Value);
    }

    [Fact]
    public void The_code_of_one_key_type_takes_no_step_for_the_other()
    {
        var alice = world.Person(Email, PhoneNumber);
        var first = alice.Code(Purposes.ChangingEmail);
        Assert.Equal(World.Invalid(Purposes.ChangingPhoneNumber), alice.IssueForNewKey(NewPhoneNumber, first).Refused);
    }

    [Fact]
    public void A_send_limit_of_the_second_step_does_not_consume_the_first()
    {
        world.Rules = world.Rules with { IssuesPerHour = 1, ResendAfterEmail = TimeSpan.Zero };
        var alice = world.Person(Email);
        Assert.NotEmpty(alice.CodeForNewKey(NewEmail));
        world.Advance(TimeSpan.FromMinutes(59));
        world.Rules = world.Rules with { IssuesPerHour = 2 };
        var first = alice.Code(Purposes.ChangingEmail);
        world.Rules = world.Rules with { IssuesPerHour = 1 };

        Assert.Equal(
            new Refused(Refusal.RateLimited, Purposes.ChangingToNewEmail, RetryAfter: TimeSpan.FromMinutes(1)),
            alice.IssueForNewKey("other@example.com", first).Refused);
        Assert.Null(world.Stored);
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(alice.IssueForNewKey("other@example.com", first).Refused);
    }

    [Fact]
    public void A_new_key_of_another_account_gets_a_decoy_and_is_taken_only_on_redeeming()
    {
        var alice = world.Person(Email, code: "banana9");
        world.Person(email: NewEmail, userId: "bob");

        var decoy = alice.CodeForNewKey(NewEmail);
        Assert.Equal([(MessageKind.AddressInUse, NewEmail)], world.Sent);
        Assert.Null(world.Messages.Single().AntiPhishingCode);
        Assert.Equal(Refusal.TokenInvalid, alice.Redeem(Purposes.ChangingToNewEmail, decoy).Refused?.Reason);

        world.Advance(TimeSpan.FromMinutes(1));
        var real = alice.CodeForNewKey("free@example.com");
        world.Person(email: "free@example.com", userId: "carol");
        Assert.Equal(Refusal.KeyTaken, alice.Redeem(Purposes.ChangingToNewEmail, real).Refused?.Reason);
        Assert.Equal(Email, alice.Account.Email!.Address.Value);
    }

    [Fact]
    public void A_replaced_key_takes_its_pending_tokens_with_it_and_leaves_the_others()
    {
        var alice = world.Person(Email, PhoneNumber, "banana9");
        var change = alice.CodeForNewKey(NewEmail);
        var removal = alice.Code(Purposes.RemovingEmail);
        var code = alice.Code(Purposes.ChangingAntiPhishing);
        var mfa = alice.Code(Purposes.EnablingMfaOfEmail);
        var other = alice.Code(Purposes.RemovingPhoneNumber);

        Assert.Null(alice.Redeem(Purposes.ChangingToNewEmail, change).Refused);
        Assert.Equal(
            new[] { Purposes.ChangingToNewEmail, Purposes.RemovingEmail, Purposes.ChangingAntiPhishing, Purposes.EnablingMfaOfEmail }.ToHashSet(),
            world.Stored!.Withdrawn.ToHashSet());
        Assert.Equal(3, world.Recorded.Count(entry => (entry.Type, entry.Reason) == (AuditEventType.TokenRevoked, "key replaced or removed")));
        Assert.Equal(World.Invalid(Purposes.RemovingEmail), alice.Redeem(Purposes.RemovingEmail, removal).Refused);
        Assert.Equal(
            World.Invalid(Purposes.ChangingAntiPhishing), alice.Redeem(Purposes.ChangingAntiPhishing, code, "cherry7").Refused);
        Assert.Equal(World.Invalid(Purposes.EnablingMfaOfEmail), alice.Redeem(Purposes.EnablingMfaOfEmail, mfa).Refused);
        Assert.Null(alice.Redeem(Purposes.RemovingPhoneNumber, other).Refused);
    }

    [Fact]
    public void A_key_that_the_platform_replaces_takes_both_steps_of_a_change_with_it()
    {
        var alice = world.Person(Email);
        var second = alice.CodeForNewKey(NewEmail);
        world.Advance(TimeSpan.FromMinutes(1));
        var first = alice.Code(Purposes.ChangingEmail);
        alice.Becomes(World.Profile("platform@example.com"));

        Assert.Equal(World.Invalid(Purposes.ChangingToNewEmail), alice.Redeem(Purposes.ChangingToNewEmail, second).Refused);
        Assert.Equal(World.Invalid(Purposes.ChangingEmail), alice.IssueForNewKey("other@example.com", first).Refused);
    }

    [Fact]
    public void The_notice_to_the_old_and_the_new_email_shows_the_code_that_the_reader_knows()
    {
        var alice = world.Person(Email, PhoneNumber, "banana9");
        var code = alice.CodeForNewKey(NewEmail);
        alice.Redeem(Purposes.ChangingToNewEmail, code);

        var shown = world.Messages.ToDictionary(notice => notice.To.Value, notice => notice.AntiPhishingCode?.Reveal());
        Assert.Equal("banana9", shown[Email]);
        Assert.Equal("banana9", shown[NewEmail]);
        Assert.Null(shown[PhoneNumber]);
    }
}
