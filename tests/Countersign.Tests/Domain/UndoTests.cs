using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class UndoTests
{
    const string Email = "alice@example.com";
    const string PhoneNumber = "+4915112345678";
    const string MallorysEmail = "mallory@example.org";
    const string MallorysNumber = "+4915187654321";

    readonly World world = new() { Rules = new CountersignOptions { PublicUrl = "https://accounts.example.com" }.ToRules() };

    [Fact]
    public void A_change_offers_its_undoing_to_the_keys_that_were_there_before_and_to_no_other()
    {
        var alice = world.Person(Email, PhoneNumber, "b3ta29");
        Change(alice, MallorysEmail);

        Assert.Equal([Email, PhoneNumber], world.Messages.Where(message => message.Undo is not null).Select(message => message.To.Value));
        Assert.Equal([MallorysEmail], world.Messages.Where(message => message.Undo is null).Select(message => message.To.Value));
        var link = Link();
        Assert.Equal(World.Start.AddDays(7), link.ExpiresAt);
        Assert.Equal((World.Start, World.Start.AddDays(7)), (world.Undos[link.Token.Id].CreatedAt, world.Undos[link.Token.Id].ExpiresAt));
    }

    [Fact]
    public void Undoing_brings_back_keys_MFA_and_anti_phishing_code_and_tells_everybody_with_the_code_that_each_knows()
    {
        var alice = world.Person(Email, PhoneNumber, "b3ta29", phoneNumberMfa: true);
        var before = alice.Account;
        Change(alice, MallorysEmail);
        var link = Link();
        alice.Redeem(Purposes.DisablingMfaOfPhoneNumber, alice.Code(Purposes.DisablingMfaOfPhoneNumber));
        alice.Redeem(Purposes.ChangingAntiPhishing, alice.Code(Purposes.ChangingAntiPhishing), "mallory1");

        var undone = world.Undo("alice", link.Token);
        Assert.Null(undone.Refused);
        Assert.Equal((before.Email, before.PhoneNumber, before.AntiPhishingCode), (alice.Account.Email, alice.Account.PhoneNumber, alice.Account.AntiPhishingCode));
        Assert.Equal(
            [(MallorysEmail, "mallory1"), (PhoneNumber, null), (Email, "b3ta29")],
            world.Messages.Select(message => (message.To.Value, message.AntiPhishingCode?.Reveal())));
        Assert.All(world.Messages, message => Assert.Equal((MessageKind.ChangeUndone, null), (message.Kind, message.Undo)));
        Assert.Equal([(AuditEventType.ChangeUndone, Purposes.ChangingToNewEmail, "back to version 3")], world.Recorded);
        Assert.Contains(new Hold(HoldReason.Recovered, World.Start.AddHours(48)), alice.Account.HoldsAt(world.Now));
    }

    [Fact]
    public void Every_change_can_be_undone()
    {
        var alice = world.Person(Email);
        foreach (var (purpose, change) in new (Purpose, Action)[]
        {
            (Purposes.AddingPhoneNumber, () => alice.Redeem(Purposes.AddingPhoneNumber, alice.Code(Purposes.AddingPhoneNumber, PhoneNumber))),
            (Purposes.EnablingMfaOfEmail, () => alice.Redeem(Purposes.EnablingMfaOfEmail, alice.Code(Purposes.EnablingMfaOfEmail))),
            (Purposes.DisablingMfaOfEmail, () => alice.Redeem(Purposes.DisablingMfaOfEmail, alice.Code(Purposes.DisablingMfaOfEmail))),
            (Purposes.AddingAntiPhishing, () => alice.Redeem(Purposes.AddingAntiPhishing, alice.Code(Purposes.AddingAntiPhishing), "b3ta29")),
            (Purposes.ChangingAntiPhishing, () => alice.Redeem(Purposes.ChangingAntiPhishing, alice.Code(Purposes.ChangingAntiPhishing), "c3ta29")),
            (Purposes.ChangingToNewEmail, () => Change(alice, MallorysEmail)),
            (Purposes.RemovingPhoneNumber, () => alice.Redeem(Purposes.RemovingPhoneNumber, alice.Code(Purposes.RemovingPhoneNumber))),
        })
        {
            var before = Snapshot.Of(alice.Account);
            change();
            Assert.NotEqual(before, Snapshot.Of(alice.Account));
            var point = world.Undos[Link().Token.Id];
            Assert.Equal((purpose, before), (point.Purpose, point.Before));
        }

        Assert.Equal(7, world.Undos.Count);
    }

    [Fact]
    public void Two_changes_in_a_row_lead_back_to_the_first_holder_and_the_second_ones_link_to_nothing()
    {
        var alice = world.Person(Email, PhoneNumber);
        Change(alice, MallorysEmail);
        var owners = Link();
        Change(alice, MallorysNumber);
        var mallorys = world.Messages.Single(message => message.To.Value == MallorysEmail).Undo!;

        Assert.Null(world.Undo("alice", owners.Token).Refused);
        Assert.Equal((Email, PhoneNumber), (alice.Account.Email!.Address.Value, alice.Account.PhoneNumber!.Address.Value));
        Assert.Equal(new Refused(Refusal.TokenInvalid), world.Undo("alice", mallorys.Token).Refused);
        Assert.Empty(world.Undos);
    }

    [Fact]
    public void The_younger_link_leads_back_one_step_and_the_older_one_still_works_after_it()
    {
        var alice = world.Person(Email, PhoneNumber);
        Change(alice, MallorysEmail);
        var first = Link();
        Change(alice, MallorysNumber);
        Assert.Null(world.Undo("alice", Link().Token).Refused);
        Assert.Equal((MallorysEmail, PhoneNumber), (alice.Account.Email!.Address.Value, alice.Account.PhoneNumber!.Address.Value));

        // The freeze stops changes, and no undoing.
        Assert.Null(world.Undo("alice", first.Token).Refused);
        Assert.Equal((Email, PhoneNumber), (alice.Account.Email!.Address.Value, alice.Account.PhoneNumber!.Address.Value));
    }

    [Fact]
    public void A_link_is_good_once()
    {
        var alice = world.Person(Email);
        Change(alice, MallorysEmail);
        var link = Link();
        Assert.Null(world.Undo("alice", link.Token).Refused);
        Assert.Equal(new Refused(Refusal.TokenInvalid), world.Undo("alice", link.Token).Refused);
    }

    [Fact]
    public void A_link_expires_after_seven_days()
    {
        var alice = world.Person(Email);
        Change(alice, MallorysEmail);
        var link = Link();
        world.Advance(TimeSpan.FromDays(7));
        Assert.Equal(new Refused(Refusal.TokenInvalid), world.Undo("alice", link.Token).Refused);
        Assert.Equal(MallorysEmail, alice.Account.Email!.Address.Value);
    }

    [Fact]
    public void Another_token_of_the_same_id_and_one_of_another_account_undo_nothing()
    {
        var alice = world.Person(Email);
        var bob = world.Person("bob@example.com", userId: "bob");
        Change(alice, MallorysEmail);
        var (point, token) = (world.Undos.Values.Single(), Link().Token);
        Assert.True(UndoToken.TryParse(token.Reveal()[..^1] + (token.Reveal()[^1] == 'A' ? 'E' : 'A'), out var forged));
        Assert.Equal(token.Id, forged.Id);

        Assert.Equal(Refusal.TokenInvalid, alice.Account.Undo(point, forged, [], World.Codes, world.Rules, world.Now).Outcome.Refused?.Reason);
        Assert.Equal(Refusal.TokenInvalid, bob.Account.Undo(point, token, [], World.Codes, world.Rules, world.Now).Outcome.Refused?.Reason);
        Assert.Null(alice.Account.Undo(point, token, [], World.Codes, world.Rules, world.Now).Outcome.Refused);
    }

    [Fact]
    public void Undoing_ends_every_pending_token_and_freezes_the_account_for_two_days()
    {
        var alice = world.Person(Email, PhoneNumber);
        Change(alice, MallorysEmail);
        var link = Link();
        var removing = alice.Code(Purposes.RemovingPhoneNumber);
        alice.Code(Purposes.EnablingMfaOfEmail);
        world.Undo("alice", link.Token);

        Assert.Equal([Purposes.EnablingMfaOfEmail, Purposes.RemovingPhoneNumber], world.Stored!.Withdrawn.OrderBy(purpose => purpose.ToString(), StringComparer.Ordinal));
        Assert.DoesNotContain(alice.Account.Purposes.Values, state => state.Pending is not null);
        var frozen = new Refused(Refusal.AccountFrozen, Purposes.RemovingPhoneNumber, RetryAfter: TimeSpan.FromHours(48));
        Assert.Equal(frozen, alice.Issue(Purposes.RemovingPhoneNumber).Refused);
        Assert.Equal(frozen, alice.Redeem(Purposes.RemovingPhoneNumber, removing).Refused);
        Assert.Equal(frozen, alice.Resend(Purposes.RemovingPhoneNumber).Refused);
        Assert.Equal(frozen with { Purpose = Purposes.ChangingToNewEmail }, alice.IssueForNewKey("third@example.org", "123456").Refused);
        Assert.Null(alice.Cancel(Purposes.RemovingPhoneNumber).Refused);

        world.Advance(TimeSpan.FromHours(48));
        Assert.Null(alice.Redeem(Purposes.RemovingPhoneNumber, alice.Code(Purposes.RemovingPhoneNumber)).Refused);
    }

    [Fact]
    public void An_address_that_is_another_accounts_by_now_cannot_come_back_and_one_that_is_only_kept_can()
    {
        var alice = world.Person(Email);
        Change(alice, MallorysEmail);
        var (point, link, address) = (world.Undos.Values.Single(), Link(), World.Address(Email)!);

        var taken = alice.Account.Undo(point, link.Token, [new AddressOwner("bob", address, null, null)], World.Codes, world.Rules, world.Now);
        Assert.Equal(new Refused(Refusal.KeyTaken, Purposes.ChangingToNewEmail), taken.Outcome.Refused);
        var kept = new AddressOwner("bob", address, null, null) { KeptUntil = world.Now.AddDays(1) };
        Assert.Null(alice.Account.Undo(point, link.Token, [kept], World.Codes, world.Rules, world.Now).Outcome.Refused);
    }

    [Fact]
    public void What_undoing_takes_away_is_not_kept()
    {
        var alice = world.Person(Email);
        Change(alice, MallorysEmail);
        world.Undo("alice", Link().Token);
        var bob = world.Person(userId: "bob");
        Assert.Null(bob.Redeem(Purposes.AddingEmail, bob.Code(Purposes.AddingEmail, MallorysEmail)).Refused);
    }

    [Fact]
    public void What_the_platform_changes_offers_no_link_and_voids_those_that_there_are()
    {
        var alice = world.Person(Email, PhoneNumber);
        Change(alice, MallorysEmail);
        var link = Link();
        alice.Becomes(World.Profile(Email, PhoneNumber));

        Assert.All(world.Messages, message => Assert.Null(message.Undo));
        Assert.Equal(new Refused(Refusal.TokenInvalid), world.Undo("alice", link.Token).Refused);
    }

    [Fact]
    public void A_locale_that_the_platform_changes_voids_no_link()
    {
        var alice = world.Person(Email);
        Change(alice, MallorysEmail);
        var link = Link();
        alice.Becomes(World.Profile(MallorysEmail) with { Locale = "de" });
        Assert.Null(world.Undo("alice", link.Token).Refused);
        Assert.Equal("de", alice.Account.Locale);
    }

    [Theory]
    [InlineData("", "7.00:00:00")]
    [InlineData("https://accounts.example.com", "00:00:00")]
    public void Without_an_address_that_it_could_lead_to_or_a_lifetime_there_is_no_link(string publicUrl, string lifetime)
    {
        var undo = new UndoOptions { Lifetime = TimeSpan.Parse(lifetime, System.Globalization.CultureInfo.InvariantCulture) };
        world.Rules = new CountersignOptions { PublicUrl = publicUrl, Undo = undo }.ToRules();
        Change(world.Person(Email), MallorysEmail);
        Assert.All(world.Messages, message => Assert.Null(message.Undo));
        Assert.Empty(world.Undos);
    }

    [Fact]
    public void The_first_key_of_an_account_takes_nothing_from_anybody()
    {
        var alice = world.Person();
        alice.Redeem(Purposes.AddingEmail, alice.Code(Purposes.AddingEmail, Email));
        Assert.Empty(world.Undos);
    }

    [Fact]
    public void An_operator_who_lifts_the_hold_of_a_recovery_ends_the_freeze_with_it()
    {
        var alice = world.Person(Email, PhoneNumber);
        Change(alice, MallorysEmail);
        world.Undo("alice", Link().Token);

        var lifted = alice.Account.Lift(HoldReason.Recovered, "ticket 4711", world.Now).Outcome.Value!;
        Assert.Null(lifted.FrozenUntil);
        Assert.NotNull(alice.Account.Lift(HoldReason.KeyChanged, "ticket 4711", world.Now).Outcome.Value!.FrozenUntil);
    }

    [Fact]
    public void A_token_reads_from_what_stands_in_a_message_and_prints_as_nothing()
    {
        Change(world.Person(Email), MallorysEmail);
        var token = Link().Token;
        Assert.Equal("", token.ToString());
        foreach (var text in new[] { token.Reveal(), $" {token.Reveal()}\n", $"https://accounts.example.com/undo#{token.Reveal()}" })
        {
            Assert.True(UndoToken.TryParse(text, out var read), text);
            Assert.Equal(token.Reveal(), read.Reveal());
        }

        foreach (var text in new[] { null, "", token.Reveal()[1..], token.Reveal() + "A", token.Reveal()[1..] + "/", new string('A', 42) + "é" })
            Assert.False(UndoToken.TryParse(text, out _), text);
    }

    static void Change(Person person, string newKey)
    {
        var code = person.CodeForNewKey(newKey);
        Assert.Null(person.Redeem(newKey.StartsWith('+') ? Purposes.ChangingToNewPhoneNumber : Purposes.ChangingToNewEmail, code).Refused);
    }

    /// <summary>What the last change offers.</summary>
    UndoLink Link() => world.Messages.First(message => message.Undo is not null).Undo!;
}
