using Countersign.Domain;
using CsCheck;

namespace Countersign.Tests.Domain;

public sealed class SendBudgetTests
{
    static readonly Rules Rules = new CountersignOptions().ToRules();
    static readonly DateTimeOffset Start = World.Start;

    [Fact]
    public void The_first_token_is_issued_at_once() => Assert.Equal(Start, SendBudget.Fresh.NextIssueAt(KeyType.Email, Rules, Start));

    [Theory]
    [InlineData(KeyType.Email, 30)]
    [InlineData(KeyType.PhoneNumber, 60)]
    public void The_next_one_waits_for_the_pause_of_its_channel(KeyType channel, int seconds) =>
        Assert.Equal(Start.AddSeconds(seconds), SendBudget.Fresh.AfterIssue(Start).NextIssueAt(channel, Rules, Start));

    [Fact]
    public void A_success_ends_the_pause_and_not_the_hour()
    {
        var budget = SendBudget.Fresh.AfterIssue(Start).AfterSuccess();
        Assert.Equal(Start, budget.NextIssueAt(KeyType.Email, Rules, Start));
        Assert.Equal(1, budget.Issues.Count(Start, SendBudget.Span));
    }

    [Fact]
    public void The_sixth_within_an_hour_waits_for_the_first_to_be_an_hour_old()
    {
        var budget = SendBudget.Fresh;
        for (var i = 0; i < 5; i++)
            budget = budget.AfterIssue(Start.AddMinutes(i));

        Assert.Equal(Start.AddHours(1), budget.NextIssueAt(KeyType.Email, Rules, Start.AddMinutes(5)));
        // Room again: what is left to wait for is the pause after the fifth, which is long over.
        Assert.Equal(Start.AddMinutes(4).AddSeconds(30), budget.NextIssueAt(KeyType.Email, Rules, Start.AddHours(1)));
    }

    [Fact]
    public void Of_the_pause_and_the_hour_the_later_one_counts()
    {
        var budget = SendBudget.Fresh;
        for (var i = 0; i < 5; i++)
            budget = budget.AfterIssue(Start.AddMinutes(i == 4 ? 59.9 : i));
        Assert.Equal(Start.AddMinutes(59.9).AddSeconds(60), budget.NextIssueAt(KeyType.PhoneNumber, Rules, Start.AddMinutes(59.9)));
    }

    [Fact]
    public void Whoever_waits_as_told_is_let_through_and_nobody_before() =>
        Gen.Int[0, 4000].Array[1, 12].Sample(
            pauses =>
            {
                var (budget, now) = (SendBudget.Fresh, Start);
                foreach (var pause in pauses)
                {
                    now = now.AddSeconds(pause);
                    var next = budget.NextIssueAt(KeyType.Email, Rules, now);
                    if (next > now)
                    {
                        Assert.True(budget.NextIssueAt(KeyType.Email, Rules, next.AddMilliseconds(-1)) > next.AddMilliseconds(-1));
                        now = next;
                    }

                    Assert.True(budget.NextIssueAt(KeyType.Email, Rules, now) <= now);
                    budget = budget.AfterIssue(now);
                    Assert.True(budget.Issues.Count(now, SendBudget.Span) <= Rules.IssuesPerHour);
                }
            },
            iter: 10_000);
}
