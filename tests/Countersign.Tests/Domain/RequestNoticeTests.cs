using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class RequestNoticeTests
{
    const string Email = "alice@example.com";
    const string PhoneNumber = "+4915112345678";

    readonly World world = new();

    [Fact]
    [Trait("ASVS", "6.3.7")]
    public void The_keys_that_get_no_code_are_told_what_was_asked_for_and_where_the_code_went()
    {
        var alice = world.Person(Email, PhoneNumber, "b3ta29");
        alice.Code(Purposes.RemovingPhoneNumber);

        var notice = Assert.Single(world.Requests);
        Assert.Equal((Email, "+**********678", Purposes.RemovingPhoneNumber), (notice.To.Value, notice.Subject, notice.Purpose));
        Assert.Equal((null, null, "b3ta29"), (notice.Code, notice.Reference, notice.AntiPhishingCode?.Reveal()));
        Assert.Equal(World.Start.AddHours(24), notice.ExpiresAt);
    }

    [Fact]
    public void Both_steps_of_a_change_are_told_the_second_to_the_key_that_is_to_go_as_well()
    {
        var alice = world.Person(Email, PhoneNumber);
        var first = alice.Code(Purposes.ChangingEmail);
        Assert.Equal([(PhoneNumber, "a***e@example.com")], world.Requests.Select(notice => (notice.To.Value, notice.Subject)));
        alice.IssueForNewKey("new@example.org", first);
        Assert.Equal([(Email, "n***w@example.org"), (PhoneNumber, "n***w@example.org")], world.Requests.Select(notice => (notice.To.Value, notice.Subject)));
    }

    [Fact]
    public void A_token_that_is_sent_or_issued_again_is_no_news()
    {
        var alice = world.Person(Email, PhoneNumber);
        alice.Code(Purposes.RemovingPhoneNumber);
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(alice.Resend(Purposes.RemovingPhoneNumber).Refused);
        Assert.Empty(world.Requests);
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(alice.Issue(Purposes.RemovingPhoneNumber).Refused);
        Assert.Empty(world.Requests);

        world.Advance(TimeSpan.FromMinutes(60));
        Assert.Null(alice.Issue(Purposes.RemovingPhoneNumber).Refused);
        Assert.Single(world.Requests);
    }

    [Fact]
    public void Another_target_is_news()
    {
        var alice = world.Person(Email);
        alice.Code(Purposes.AddingPhoneNumber, PhoneNumber);
        Assert.Equal(["+**********678"], world.Requests.Select(notice => notice.Subject));
        world.Advance(TimeSpan.FromMinutes(1));
        alice.Code(Purposes.AddingPhoneNumber, "+4915100000001");
        Assert.Equal(["+**********001"], world.Requests.Select(notice => notice.Subject));
    }

    [Fact]
    public void However_often_it_is_cancelled_and_asked_for_again_it_is_told_once_in_an_hour()
    {
        var alice = world.Person(Email, PhoneNumber);
        var notices = 0;
        for (var minute = 0; minute < 60; minute++)
        {
            alice.Issue(Purposes.RemovingPhoneNumber);
            notices += world.Requests.Count();
            alice.Cancel(Purposes.RemovingPhoneNumber);
            world.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(1, notices);
        // The last of the five that were issued is an hour ago.
        world.Advance(TimeSpan.FromMinutes(4));
        alice.Issue(Purposes.RemovingPhoneNumber);
        Assert.Single(world.Requests);
    }

    [Fact]
    public void A_decoy_is_told_like_any_other_request()
    {
        world.Person(phoneNumber: PhoneNumber, userId: "bob");
        var alice = world.Person(Email);
        alice.Issue(Purposes.AddingPhoneNumber, PhoneNumber);
        Assert.Equal([(Email, "+**********678")], world.Requests.Select(notice => (notice.To.Value, notice.Subject)));
    }

    [Fact]
    public void It_can_be_switched_off()
    {
        world.Rules = new CountersignOptions { Messages = new MessageOptions { NotifyRequests = false } }.ToRules();
        world.Person(Email, PhoneNumber).Code(Purposes.RemovingPhoneNumber);
        Assert.DoesNotContain(world.AllMessages, message => message.Kind != MessageKind.Code);
    }
}
