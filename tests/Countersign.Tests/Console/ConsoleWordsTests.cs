using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Server.Console;
using Countersign.Stores;

namespace Countersign.Tests.Console;

public sealed class ConsoleWordsTests
{
    static readonly DateTimeOffset At = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Every_event_is_a_sentence_without_the_names_of_the_contract()
    {
        var sentences = new List<string>();
        foreach (var type in Enum.GetValues<AuditEventType>())
        {
            foreach (var operation in Enum.GetValues<Operation>())
                sentences.Add(ConsoleTimeline.Sentence(Event(type.Name()) with { Operation = operation.Name(), KeyType = "EMAIL", Target = "a***e@example.com" }));
        }

        Assert.All(sentences, sentence =>
        {
            Assert.True(char.IsUpper(sentence[0]), sentence);
            Assert.DoesNotContain('_', sentence);
            Assert.DoesNotContain('/', sentence);
            Assert.DoesNotContain("  ", sentence, StringComparison.Ordinal);
        });
        Assert.Contains("A code for changing the email, first step was sent to a***e@example.com", sentences);
        Assert.Contains("Switching MFA off for the email was locked after too many wrong codes", sentences);
    }

    [Fact]
    public void An_event_of_a_later_version_is_told_by_its_name()
    {
        Assert.Equal("Moon landed", ConsoleTimeline.Sentence(Event("moon_landed")));
        Assert.Equal(EventWeight.Plain, ConsoleTimeline.Weight(Event("moon_landed")));
    }

    [Fact]
    public void A_reason_is_what_somebody_wrote_without_what_the_sentence_says_already()
    {
        Assert.Equal("The carrier: is back", ConsoleTimeline.Reason(Event("message_retried") with { Reason = "0192ab: The carrier: is back" }));
        Assert.Equal("Identified", ConsoleTimeline.Reason(Event("hold_lifted") with { Reason = "userKeys/changing: Identified" }));
        Assert.Equal("A hold was lifted: a key was changed", ConsoleTimeline.Sentence(Event("hold_lifted") with { Reason = "userKeys/changing: Identified" }));
        Assert.Equal("mfa enabled", ConsoleTimeline.Reason(Event("request_refused") with { Reason = "mfa-enabled" }));
        Assert.Null(ConsoleTimeline.Reason(Event("token_refused") with { Reason = "token-invalid" }));
        Assert.Equal("Support found the account by email", ConsoleTimeline.Sentence(Event("support_viewed") with { Reason = "found by email" }));
    }

    [Fact]
    public void Events_that_differ_in_their_time_only_are_one()
    {
        AuditEvent[] events =
        [
            Event("token_refused", 9), Event("token_refused", 8), Event("token_refused", 7), Event("token_issued", 6),
            Event("token_refused", 5), Event("token_refused", 4) with { IpAddress = "203.0.113.7" },
        ];
        Assert.Equal(
            [("token_refused", 3, 9, 7), ("token_issued", 1, 6, 6), ("token_refused", 1, 5, 5), ("token_refused", 1, 4, 4)],
            ConsoleTimeline.Runs(events).Select(run => (run.Event.Type, run.Count, (run.Event.At - At).Minutes, (run.Since - At).Minutes)));
    }

    [Fact]
    public void Whatever_was_not_done_is_said_not_to_have_been()
    {
        foreach (var status in Enum.GetValues<SupportStatus>().Where(status => status != SupportStatus.Done))
            Assert.StartsWith("Nothing was done: ", ConsoleAction.Undone(status), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "in 1 s")]
    [InlineData(59, "in 59 s")]
    [InlineData(60, "in 1 min")]
    [InlineData(3_600, "in 1 h")]
    [InlineData(172_800, "in 2 days")]
    [InlineData(-120, "2 min ago")]
    public void A_time_is_told_by_how_far_it_is(int seconds, string told) => Assert.Equal(told, ConsoleWords.Relative(At.AddSeconds(seconds), At));

    [Fact]
    public void Every_name_has_words()
    {
        string[] words =
        [
            .. Enum.GetValues<HoldReason>().Select(ConsoleWords.Of), .. Enum.GetValues<MessageKind>().Select(ConsoleWords.Of), .. Enum.GetValues<DeliveryState>().Select(ConsoleWords.Of),
        ];
        Assert.Equal(words.Length, words.Distinct().Count());
        Assert.DoesNotContain("", words);
    }

    static AuditEvent Event(string type, int minutes = 0) => new($"{minutes}", At.AddMinutes(minutes), type, "mfa/disabling", "PHONE_NUMBER", null, null, "alice", "198.51.100.4", "Browser");
}
