using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class AntiPhishingTests
{
    const string Email = "alice@example.com";
    const string PhoneNumber = "+4915112345678";

    readonly World world = new();

    [Fact]
    public void The_first_code_is_set_through_the_email_and_every_key_is_told()
    {
        var alice = world.Person(Email, PhoneNumber);
        var code = alice.Code(Purposes.AddingAntiPhishing);
        Assert.Equal([(MessageKind.Code, Email)], world.Sent);
        Assert.Null(world.Messages.Single().AntiPhishingCode);

        Assert.Null(alice.Redeem(Purposes.AddingAntiPhishing, code, "banana9").Refused);
        Assert.Equal("banana9", alice.Account.AntiPhishingCode!.Reveal());
        Assert.Equal(
            [(MessageKind.AntiPhishingCodeSet, PhoneNumber), (MessageKind.AntiPhishingCodeSet, Email)],
            world.Sent.OrderBy(sent => sent.To));
        Assert.All(world.Messages, notice => Assert.Equal("b*****9", notice.Subject));
        Assert.Equal(
            [
                (AuditEventType.TokenRedeemed, Purposes.AddingAntiPhishing, null),
                (AuditEventType.AntiPhishingCodeSet, Purposes.AddingAntiPhishing, null),
            ],
            world.Recorded);
    }

    [Fact]
    public void The_code_is_changed_and_both_mails_about_it_show_the_one_that_the_reader_knows()
    {
        var alice = world.Person(Email, PhoneNumber, "banana9");
        var code = alice.Code(Purposes.ChangingAntiPhishing);
        Assert.Equal("banana9", world.Messages.Single().AntiPhishingCode!.Reveal());

        Assert.Null(alice.Redeem(Purposes.ChangingAntiPhishing, code, "cherry7").Refused);
        Assert.Equal("cherry7", alice.Account.AntiPhishingCode!.Reveal());
        var mail = world.Messages.Single(notice => notice.To.Value == Email);
        Assert.Equal("banana9", mail.AntiPhishingCode!.Reveal());
        Assert.Equal("c*****7", mail.Subject);
        Assert.Null(world.Messages.Single(notice => notice.To.Value == PhoneNumber).AntiPhishingCode);
        Assert.Contains((AuditEventType.AntiPhishingCodeSet, Purposes.ChangingAntiPhishing, null), world.Recorded);
    }

    [Fact]
    public void Without_an_email_there_is_no_code_whatever_else_is_wrong()
    {
        var alice = world.Person(phoneNumber: PhoneNumber);
        Assert.Equal(Refusal.EmailRequired, alice.Issue(Purposes.AddingAntiPhishing).Refused?.Reason);
        Assert.Equal(Refusal.EmailRequired, alice.Issue(Purposes.ChangingAntiPhishing).Refused?.Reason);
    }

    [Fact]
    public void What_is_there_is_not_added_and_what_is_not_there_is_not_changed()
    {
        Assert.Equal(Refusal.AntiPhishingMissing, world.Person(Email).Issue(Purposes.ChangingAntiPhishing).Refused?.Reason);
        var bob = world.Person("bob@example.com", code: "banana9", userId: "bob");
        Assert.Equal(Refusal.AntiPhishingExists, bob.Issue(Purposes.AddingAntiPhishing).Refused?.Reason);
    }

    [Fact]
    public void A_code_that_came_in_between_stops_the_adding_and_the_token_stays()
    {
        var alice = world.Person(Email);
        var code = alice.Code(Purposes.AddingAntiPhishing);
        alice.Becomes(World.Profile(Email, code: "platform1"));

        Assert.Equal(Refusal.AntiPhishingExists, alice.Redeem(Purposes.AddingAntiPhishing, code, "banana9").Refused?.Reason);
        Assert.Equal("platform1", alice.Account.AntiPhishingCode!.Reveal());
        Assert.Equal([(AuditEventType.TokenRefused, Purposes.AddingAntiPhishing, "anti-phishing-exists")], world.Recorded);

        alice.Becomes(World.Profile(Email));
        Assert.Null(alice.Redeem(Purposes.AddingAntiPhishing, code, "banana9").Refused);
    }

    [Fact]
    public void A_code_that_went_in_between_stops_the_changing()
    {
        var alice = world.Person(Email, code: "banana9");
        var code = alice.Code(Purposes.ChangingAntiPhishing);
        alice.Becomes(World.Profile(Email));

        Assert.Equal(Refusal.AntiPhishingMissing, alice.Redeem(Purposes.ChangingAntiPhishing, code, "cherry7").Refused?.Reason);
        Assert.Null(alice.Account.AntiPhishingCode);
    }

    [Fact]
    public void An_email_that_went_takes_the_pending_tokens_with_it()
    {
        var alice = world.Person(Email, PhoneNumber);
        var code = alice.Code(Purposes.AddingAntiPhishing);
        alice.Becomes(World.Profile(phoneNumber: PhoneNumber));

        Assert.Equal(World.Invalid(Purposes.AddingAntiPhishing), alice.Redeem(Purposes.AddingAntiPhishing, code, "banana9").Refused);
    }

    [Fact]
    public void The_code_stands_in_mail_and_in_no_SMS()
    {
        var alice = world.Person(Email, PhoneNumber, "banana9");
        alice.Code(Purposes.RemovingEmail);
        Assert.Equal("banana9", world.Messages.Single().AntiPhishingCode!.Reveal());
        alice.Code(Purposes.RemovingPhoneNumber);
        Assert.Null(world.Messages.Single().AntiPhishingCode);

        world.Person(phoneNumber: "+4915100000000", userId: "bob").Issue(Purposes.AddingPhoneNumber, PhoneNumber);
        var carol = world.Person(email: "carol@example.com", userId: "carol");
        Assert.Null(carol.Issue(Purposes.AddingPhoneNumber, PhoneNumber).Refused);
        Assert.Equal([(MessageKind.AddressInUse, PhoneNumber)], world.Sent);
        Assert.Null(world.Messages.Single().AntiPhishingCode);
    }

    [Fact]
    public void With_the_switch_off_no_message_shows_it()
    {
        var alice = world.Person(Email, code: "banana9");
        world.Rules = world.Rules with { AntiPhishing = false };
        var code = alice.Code(Purposes.EnablingMfaOfEmail);
        Assert.Null(world.Messages.Single().AntiPhishingCode);
        Assert.Null(alice.Redeem(Purposes.EnablingMfaOfEmail, code).Refused);
        Assert.Null(world.Messages.Single().AntiPhishingCode);

        Assert.Null(world.Person(userId: "bob").Issue(Purposes.AddingEmail, Email).Refused);
        Assert.Equal([(MessageKind.AddressInUse, Email)], world.Sent);
        Assert.Null(world.Messages.Single().AntiPhishingCode);
        Assert.Equal("banana9", alice.Account.AntiPhishingCode!.Reveal());
    }

    [Theory]
    [InlineData("ab12", "a**2")]
    [InlineData("abcdefghij0123456789", "a******************9")]
    [InlineData("ABCD", "A**D")]
    public void Four_to_twenty_ASCII_letters_and_digits_are_a_code(string text, string masked)
    {
        Assert.True(AntiPhishingCode.TryParse(text, out var code));
        Assert.Equal(text, code.Reveal());
        Assert.Equal(masked, code.Masked);
        Assert.Equal("", code.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("abcdefghij01234567890")]
    [InlineData("ab 12")]
    [InlineData("ab-12")]
    [InlineData("abcé")]
    [InlineData("abcd\n")]
    [InlineData("ab\0cd")]
    [InlineData("１２３４")]
    [InlineData("<b>12")]
    [InlineData("{{7}}")]
    public void Anything_else_is_not(string? text) => Assert.False(AntiPhishingCode.TryParse(text, out _));

    [Fact]
    public void Codes_are_compared_with_case() =>
        Assert.NotEqual(World.AntiPhishingCode("banana9"), World.AntiPhishingCode("Banana9"));
}
