using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class HoldTests
{
    const string Email = "alice@example.com";
    const string PhoneNumber = "+4915112345678";

    readonly World world = new();

    [Fact]
    public void A_key_that_is_added_opens_a_hold_of_six_hours()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        alice.Redeem(Purposes.AddingEmail, alice.Code(Purposes.AddingEmail, Email));
        Assert.Equal([new Hold(HoldReason.KeyAdded, World.Start.AddHours(6))], alice.Account.HoldsAt(world.Now));
    }

    [Fact]
    public void A_key_that_is_replaced_or_removed_and_MFA_switched_off_open_holds_of_a_day()
    {
        var alice = world.Person(Email, PhoneNumber, phoneNumberMfa: true);
        alice.Redeem(Purposes.ChangingToNewEmail, alice.CodeForNewKey("new@example.org"));
        alice.Redeem(Purposes.DisablingMfaOfPhoneNumber, alice.Code(Purposes.DisablingMfaOfPhoneNumber));
        world.Advance(TimeSpan.FromMinutes(1));
        alice.Redeem(Purposes.RemovingPhoneNumber, alice.Code(Purposes.RemovingPhoneNumber));

        Assert.Equal(
            [
                new Hold(HoldReason.KeyChanged, World.Start.AddHours(24)),
                new Hold(HoldReason.KeyRemoved, World.Start.AddHours(24).AddMinutes(1)),
                new Hold(HoldReason.MfaDisabled, World.Start.AddHours(24)),
            ],
            alice.Account.HoldsAt(world.Now));
    }

    [Fact]
    public void What_takes_nothing_from_the_owner_opens_no_hold_unless_the_settings_say_so()
    {
        var alice = world.Person(Email);
        alice.Redeem(Purposes.EnablingMfaOfEmail, alice.Code(Purposes.EnablingMfaOfEmail));
        alice.Redeem(Purposes.AddingAntiPhishing, alice.Code(Purposes.AddingAntiPhishing), "blue4sky");
        alice.Redeem(Purposes.ChangingAntiPhishing, alice.Code(Purposes.ChangingAntiPhishing), "green4sea");
        Assert.Empty(alice.Account.HoldsAt(world.Now));

        world.Rules = new CountersignOptions { Holds = new HoldOptions { AntiPhishingCodeChanged = TimeSpan.FromHours(1) } }.ToRules();
        alice.Redeem(Purposes.ChangingAntiPhishing, alice.Code(Purposes.ChangingAntiPhishing), "blue4sky");
        Assert.Equal([new Hold(HoldReason.AntiPhishingCodeChanged, World.Start.AddHours(1))], alice.Account.HoldsAt(world.Now));
    }

    [Fact]
    public void A_request_that_is_refused_or_only_issues_a_token_opens_no_hold()
    {
        var alice = world.Person(Email, PhoneNumber);
        var code = alice.Code(Purposes.RemovingEmail);
        alice.Redeem(Purposes.RemovingEmail, World.WrongCode(1));
        alice.Becomes(World.Profile(Email));
        alice.Redeem(Purposes.RemovingEmail, code);

        Assert.NotNull(alice.Account.Email);
        Assert.Empty(alice.Account.Holds);
    }

    [Fact]
    public void What_the_platform_changes_opens_no_hold()
    {
        var alice = world.Person(Email, PhoneNumber, emailMfa: true);
        alice.Becomes(World.Profile("new@example.org"));
        Assert.Empty(alice.Account.Holds);
    }

    [Fact]
    public void Of_two_holds_for_the_same_reason_the_one_that_lasts_longer_stands()
    {
        var account = Account.New("alice").Held(HoldReason.KeyRemoved, world.Rules, world.Now);
        var shorter = new CountersignOptions { Holds = new HoldOptions { KeyRemoved = TimeSpan.FromMinutes(1) } }.ToRules();

        Assert.Equal(World.Start.AddHours(24), account.Held(HoldReason.KeyRemoved, shorter, world.Now.AddHours(1)).Holds[HoldReason.KeyRemoved]);
        Assert.Equal(World.Start.AddHours(25), account.Held(HoldReason.KeyRemoved, world.Rules, world.Now.AddHours(1)).Holds[HoldReason.KeyRemoved]);
    }

    [Fact]
    public void A_hold_is_over_when_its_time_is()
    {
        var account = Account.New("alice").Held(HoldReason.KeyRemoved, world.Rules, world.Now);
        Assert.Single(account.HoldsAt(World.Start.AddHours(24).AddMilliseconds(-1)));
        Assert.Empty(account.HoldsAt(World.Start.AddHours(24)));
    }

    [Fact]
    public void An_operator_lifts_one_hold_with_an_explanation_that_is_recorded()
    {
        var account = Account.New("alice").Held(HoldReason.KeyRemoved, world.Rules, world.Now).Held(HoldReason.KeyAdded, world.Rules, world.Now);

        var lifted = account.Lift(HoldReason.KeyRemoved, "ticket 4711", world.Now);
        Assert.Equal([new Hold(HoldReason.KeyAdded, World.Start.AddHours(6))], lifted.Change!.After.HoldsAt(world.Now));
        Assert.Equal(new AuditEntry(AuditEventType.HoldLifted, null, null, "userKeys/removing: ticket 4711"), Assert.Single(lifted.Change.Events));

        Assert.Equal(new Refused(Refusal.NotHeld), account.Lift(HoldReason.KeyChanged, "ticket 4711", world.Now).Outcome.Refused);
        var late = account.Lift(HoldReason.KeyAdded, "ticket 4711", World.Start.AddHours(6));
        Assert.Equal((new Refused(Refusal.NotHeld), null), (late.Outcome.Refused, late.Change));
    }
}
