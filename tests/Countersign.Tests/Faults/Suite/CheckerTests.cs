using Countersign.Domain;
using Countersign.Tests.Faults.Suite.Rules;
using static Countersign.Tests.Faults.Suite.Story;

namespace Countersign.Tests.Faults.Suite;

/// <summary>A checker that finds nothing is worth as much as what it would find.</summary>
public sealed class CheckerTests
{
    [Fact]
    public void A_history_in_which_all_went_well_has_no_violations()
    {
        var story = WithPhone();
        story.Issue("mfa", EnablingMfa, Email);
        story.Guess("guess", EnablingMfa, Email, remaining: 4);
        story.Issue("resend", EnablingMfa, Email, Step.Resend);
        story.Cancel("cancel", EnablingMfa, Email);
        Assert.Equal([], Checker.Check([story.Evidence]));
    }

    [Fact]
    public void What_is_not_known_may_have_been_done_or_not()
    {
        var done = new Story();
        done.Redeem("redeem", AddingPhone, done.Issue("issue", AddingPhone, Phone), Phone, status: null);
        Assert.Equal([], Checker.Check([done.Evidence]));

        var undone = new Story();
        undone.Issue("issue", AddingPhone, Phone);
        undone.Refuse(NewCall("timeout", Step.Redeem, AddingPhone, status: null) with { Token = "issue" });
        undone.Refuse(NewCall("unavailable", Step.Redeem, AddingPhone, status: 503) with { Token = "issue", Problem = "unavailable" });
        undone.Redeem("redeem", AddingPhone, "issue", Phone);
        undone.Refuse(NewCall("again", Step.Redeem, AddingPhone, status: null) with { Token = "issue" });
        Assert.Equal([], Checker.Check([undone.Evidence]));
    }

    [Fact]
    public void Two_successes_of_one_token_are_found()
    {
        var story = WithPhone();
        story.Refuse(NewCall("second", Step.Redeem, AddingPhone) with { Token = "issue" });
        AssertFound<OneSuccessPerToken>(story, "the token of message issue was redeemed 2 times");
    }

    [Fact]
    public void A_success_that_was_not_answered_counts_when_it_was_stored()
    {
        var story = WithPhone();
        story.Add(NewCall("second", Step.Redeem, AddingPhone, status: 503) with { Token = "issue", Problem = "unavailable" }, ("token_redeemed", AddingPhone, Phone, null), ("user_key_added", AddingPhone, Phone, null));
        AssertFound<OneSuccessPerToken>(story, "the token of message issue was redeemed 2 times");
    }

    [Fact]
    public void A_success_with_a_code_that_was_made_up_is_found()
    {
        var story = WithPhone();
        Replace(story.Calls, call => call.Id == "redeem", call => call with { Token = null });
        AssertFound<OneSuccessPerToken>(story, "a code that nobody was sent was taken");
    }

    [Fact]
    public void Two_racers_of_which_one_was_refused_are_no_violation()
    {
        var story = WithPhone();
        var loser = NewCall("loser", Step.Redeem, AddingPhone, 422) with { Token = "issue", Problem = "token-invalid" };
        story.Calls.Add(loser with { Sent = MomentAt(5), Ended = MomentAt(6) });
        Assert.Equal([], Checker.Check([story.Evidence]));
    }

    [Fact]
    public void A_refusal_that_leaves_its_trace_is_no_violation_and_more_than_that_is()
    {
        var story = new Story();
        var refused = NewCall("refused", Step.Redeem, AddingPhone, 422) with { Problem = "token-invalid" };
        story.Add(refused, ("request_refused", AddingPhone, null, "token-invalid"));
        Assert.Equal([], Checker.Check([story.Evidence]));

        story.Commit("refused", MomentAt(8).At, ("request_refused", AddingPhone, null, "token-invalid"));
        AssertFound<EveryChangeOnce>(story, "was stored 2 times");

        story = new Story();
        story.Add(refused, ("request_refused", AddingPhone, null, "key-exists"));
        AssertFound<EveryChangeOnce>(story, "does not go with version 2");

        story = new Story();
        story.Add(NewCall("issue", Step.Issue, AddingPhone) with { Reference = "R-issue" }, ("request_refused", AddingPhone, null, "key-exists"));
        AssertFound<EveryChangeOnce>(story, "does not go with version 2");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_success_of_a_twin_after_a_success_is_found(bool isAnswered)
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Issue("resend", AddingPhone, Phone, Step.Resend);
        story.Redeem("first", AddingPhone, "issue", Phone, isAnswered ? 200 : null);
        story.Redeem("second", AddingPhone, "resend", Phone);
        AssertFound<NoSuccessAfterTheEnd>(story, "after its token was ended by version 4");
    }

    [Fact]
    public void A_success_after_a_cancel_is_found_by_the_answers_alone()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Refuse(NewCall("cancel", Step.Cancel, AddingPhone, 204));
        story.Redeem("redeem", AddingPhone, "issue", Phone);
        AssertFound<NoSuccessAfterTheEnd>(story, "it came after its token was ended by cancel");
    }

    [Fact]
    public void A_success_while_it_is_cancelled_is_no_violation()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Redeem("redeem", AddingPhone, "issue", Phone);
        story.Calls.Add(NewCall("cancel", Step.Cancel, AddingPhone, 204) with { Sent = MomentAt(5), Ended = MomentAt(6) });
        Assert.Equal([], Checker.Check([story.Evidence]));
    }

    [Fact]
    public void A_success_of_a_new_token_after_a_success_is_no_violation()
    {
        var story = WithMfa();
        story.Add(NewCall("disable", Step.Issue, Disabling) with { Reference = "R-disable" }, ("token_issued", Disabling, Email, null));
        story.Add(NewCall("off", Step.Redeem, Disabling) with { Token = "disable" }, ("token_redeemed", Disabling, Email, null), ("mfa_disabled", Disabling, Email, null));
        story.Redeem("on", EnablingMfa, story.Issue("again", EnablingMfa, Email), Email);
        Assert.Equal([], Checker.Check([story.Evidence]));
    }

    [Fact]
    public void A_success_after_expiry_is_found()
    {
        var story = WithPhone();
        Replace(story.Outbox, row => row.Id == "issue", row => row with { ExpiresAt = MomentAt(5).At });
        AssertFound<NoSuccessAfterTheEnd>(story, "it was asked for when its token had expired");
        AssertFound<NoSuccessAfterTheEnd>(story, "it was decided when its token had expired");
    }

    [Fact]
    public void A_success_of_a_superseded_token_is_found_and_one_of_the_newest_two_is_none()
    {
        var story = new Story();
        story.Issue("first", AddingPhone, Phone);
        story.Issue("second", AddingPhone, Phone, Step.Resend);
        story.Issue("third", AddingPhone, Phone, Step.Resend);
        story.Redeem("redeem", AddingPhone, "second", Phone);
        Assert.Equal([], Checker.Check([story.Evidence]));

        Replace(story.Calls, call => call.Id == "redeem", call => call with { Token = "first" });
        AssertFound<NoSuccessAfterTheEnd>(story, "after its token of version 2 was superseded");
    }

    [Fact]
    public void A_success_after_the_last_attempt_was_spent_is_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Refuse(NewCall("spent", Step.Redeem, AddingPhone, 422) with { Problem = "token-invalid", AttemptsRemaining = 0 });
        story.Redeem("redeem", AddingPhone, "issue", Phone);
        AssertFound<NoSuccessAfterTheEnd>(story, "it came after its token was ended by spent");
    }

    [Fact]
    public void Five_wrong_codes_on_a_token_are_allowed_and_ten_in_all()
    {
        var story = new Story();
        Spend(story, "first", remainingAfterLast: 0);
        Spend(story, "second", remainingAfterLast: 0);
        Replace(story.Budgets, line => line.Purpose == AddingPhone, line => line with { WrongTries = 0 });
        Assert.Equal([], Checker.Check([story.Evidence]));

        story.Issue("third", AddingPhone, Phone);
        story.Guess("eleventh", AddingPhone, Phone, remaining: 0, "guess budget spent");
        AssertFound<GuessesWithinBudget>(story, "the 11th wrong code of the day was looked at");
        AssertFound<GuessesWithinBudget>(story, "a code was looked at while it was locked");
    }

    [Fact]
    public void A_sixth_wrong_code_on_a_token_is_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        for (var guess = 1; guess <= 6; guess++)
            story.Guess($"guess-{guess}", AddingPhone, Phone, Math.Max(0, 5 - guess));
        AssertFound<GuessesWithinBudget>(story, "the 6th wrong code on a pending operation was looked at");
        AssertFound<GuessesWithinBudget>(story, "the last attempt did not end the tokens");
    }

    [Fact]
    public void A_wrong_code_after_a_resend_counts_on_and_after_a_success_anew()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Guess("one", AddingPhone, Phone, remaining: 4);
        story.Issue("resend", AddingPhone, Phone, Step.Resend);
        story.Guess("two", AddingPhone, Phone, remaining: 3);
        Assert.Equal([], Checker.Check([story.Evidence]));

        story.Guess("three", AddingPhone, Phone, remaining: 4);
        AssertFound<GuessesWithinBudget>(story, "was told that 4 attempts remain, and 2 did");
    }

    [Fact]
    public void A_guess_that_was_answered_and_not_counted_is_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Refuse(NewCall("guess", Step.Redeem, AddingPhone, 422) with { Problem = "token-invalid", AttemptsRemaining = 4 });
        AssertFound<EveryChangeOnce>(story, "left nothing in the store");
    }

    [Fact]
    public void Wrong_tries_that_were_forgotten_are_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Guess("guess", AddingPhone, Phone, remaining: 4);
        story.Budgets.Clear();
        AssertFound<GuessesWithinBudget>(story, "0 wrong tries are stored, and 1 were made");
    }

    [Fact]
    public void An_acknowledged_change_that_is_not_there_is_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Refuse(NewCall("redeem", Step.Redeem, AddingPhone) with { Token = "issue" });
        AssertFound<EveryChangeOnce>(story, "left nothing in the store");
    }

    [Fact]
    public void A_change_that_is_there_twice_is_found()
    {
        var story = WithPhone();
        story.Commit("redeem", MomentAt(7).At, ("token_redeemed", AddingPhone, Phone, null), ("user_key_added", AddingPhone, Phone, null));
        AssertFound<EveryChangeOnce>(story, "was stored 2 times");
    }

    [Fact]
    public void A_refusal_that_was_carried_out_is_found()
    {
        var story = WithPhone();
        Replace(story.Calls, call => call.Id == "redeem", call => call with { Status = 429, Problem = "too-many-attempts" });
        AssertFound<EveryChangeOnce>(story, "does not go with version 3");
    }

    [Fact]
    public void A_commit_that_nobody_asked_for_is_found()
    {
        var story = new Story();
        story.Commit("nobody", MomentAt(7).At, ("token_issued", EnablingMfa, Email, null));
        AssertFound<EveryChangeOnce>(story, "nobody asked for version 2");
    }

    [Fact]
    public void A_change_without_its_event_is_found()
    {
        var story = WithPhone();
        story.Events.RemoveAll(e => e.Type == "user_key_added");
        AssertFound<EveryChangeOnce>(story, "does not go with version 3");

        story = WithPhone();
        story.Version++;
        AssertFound<EveryChangeOnce>(story, "the account is at version 4, and its trail has 1 2 3");
    }

    [Fact]
    public void Changes_in_another_order_than_that_of_the_requests_are_found()
    {
        var story = new Story();
        story.Issue("late", EnablingMfa, Email);
        story.Issue("early", AddingPhone, Phone);
        Replace(story.Calls, call => call.Id == "early", call => call with { Sent = MomentAt(2.1), Ended = MomentAt(2.2) });
        AssertFound<EveryChangeOnce>(story, "before that of early");

        // Whose end is not known may be carried out at any time.
        Replace(story.Calls, call => call.Id == "early", call => call with { Status = null });
        Assert.Equal([], new EveryChangeOnce().Violations(story.Evidence));
    }

    [Fact]
    public void A_key_that_was_not_told_of_a_change_is_found()
    {
        var story = WithPhone();
        Assert.Equal(1, story.Outbox.RemoveAll(row => row.Kind == MessageKind.KeyAdded && row.Destination == Masks.Of(Email)));
        AssertFound<EveryoneIsTold>(story, "1 times due and 0 times in the outbox");
    }

    [Fact]
    public void A_notice_that_nobody_caused_is_found()
    {
        var story = WithPhone();
        story.Outbox.Add(story.Outbox.Last(row => row.Kind == MessageKind.KeyAdded) with { Id = "another" });
        AssertFound<EveryoneIsTold>(story, "1 times due and 2 times in the outbox");
    }

    [Fact]
    public void A_final_state_that_does_not_follow_from_the_trail_is_found()
    {
        var lost = WithPhone();
        lost.Keys.RemoveAll(key => key.KeyType == KeyType.PhoneNumber);
        AssertFound<FinalState>(lost, "and the account does not have it");

        var switched = WithPhone();
        Replace(switched.Keys, key => key.KeyType == KeyType.PhoneNumber, key => key with { MfaEnabled = true });
        AssertFound<FinalState>(switched, "and the trail does not end with it");

        var pending = WithPhone();
        pending.Tokens.Add(new TokenLine(UserId, AddingPhone, Masks.Of(Phone), "issue"));
        AssertFound<FinalState>(pending, $"waits for {Masks.Of(Phone)} in the store, and for nothing by the trail");
    }

    [Fact]
    public void A_claim_that_goes_with_no_key_is_found()
    {
        var evidence = WithPhone().Evidence;
        Assert.Contains("claims", Assert.Single(new FinalState().Violations(evidence with { Claims = [.. evidence.Claims.Skip(1)] })), StringComparison.Ordinal);
    }

    [Fact]
    public void An_acknowledged_issue_without_a_message_is_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Outbox.Clear();
        story.HandedOver.Clear();
        AssertFound<NoMessageIsLost>(story, "was acknowledged, and there is no message");
    }

    [Fact]
    public void A_message_with_another_reference_than_that_of_the_answer_is_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        Replace(story.HandedOver, message => message.Id == "issue", message => message with { Reference = "R-other" });
        AssertFound<NoMessageIsLost>(story, "was acknowledged with the reference R-issue");
    }

    [Theory]
    [InlineData("SENT", "never arrived")]
    [InlineData("QUEUED", "still waits")]
    [InlineData("DEAD", "is dead before it expired")]
    [InlineData("WITHDRAWN", "its token has not ended")]
    public void A_message_that_is_gone_without_a_reason_is_found(string state, string expected)
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.HandedOver.Clear();
        Replace(story.Outbox, row => row.Id == "issue", row => row with { State = state });
        AssertFound<NoMessageIsLost>(story, expected);
    }

    [Fact]
    public void A_message_that_expired_or_whose_token_ended_may_be_gone_and_one_may_come_twice()
    {
        var story = WithPhone();
        story.HandedOver.RemoveAll(message => message.Id == "issue");
        Replace(story.Outbox, row => row.Id == "issue", row => row with { State = "WITHDRAWN" });
        Replace(story.Outbox, row => row.Kind == MessageKind.KeyAdded, row => row with { State = "DEAD", FinishedAt = row.ExpiresAt });
        story.HandedOver.Add(story.HandedOver[^1]);
        Assert.Equal([], Checker.Check([story.Evidence]));
    }

    [Fact]
    public void A_code_that_two_newer_ones_have_superseded_may_be_gone_and_one_that_one_has_may_not()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        Replace(story.Outbox, row => row.Id == "issue", row => row with { State = "WITHDRAWN" });
        story.HandedOver.Clear();
        story.Issue("second", AddingPhone, Phone);
        AssertFound<NoMessageIsLost>(story, "its token has not ended");

        story.Issue("third", AddingPhone, Phone);
        Assert.Equal([], Checker.Check([story.Evidence]));
    }

    [Fact]
    public void A_code_that_goes_out_long_after_its_expiry_is_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        Replace(story.Outbox, row => row.Id == "issue", row => row with { ExpiresAt = row.CreatedAt.AddSeconds(2) });
        Assert.Equal([], Checker.Check([story.Evidence]));

        Replace(story.HandedOver, message => message.Id == "issue", message => message with { At = MomentAt(60) });
        AssertFound<NoMessageIsLost>(story, "after its code had expired");
    }

    [Fact]
    public void A_message_to_another_address_is_found()
    {
        var story = WithPhone();
        Replace(story.HandedOver, message => message.Id == "issue", message => message with { Destination = Email });
        AssertFound<OnlyAddressesOfTheCommit>(story, $"went to {Email}, and its commit named {Masks.Of(Phone)}");

        var strange = WithPhone();
        Replace(strange.HandedOver, message => message.Id == "issue", message => message with { Destination = "+4915199999001" });
        AssertFound<OnlyAddressesOfTheCommit>(strange, "which no request has named");
    }

    [Theory]
    [InlineData("It will add b***b@elsewhere.example.", "names b***b@elsewhere.example")]
    [InlineData("It will add +***********999.", "names +***********999")]
    [InlineData($"It will add {Phone}.", $"names {Phone} unmasked")]
    public void A_message_that_names_another_address_is_found(string text, string expected)
    {
        var story = WithPhone();
        Replace(story.HandedOver, message => message.Id == "issue", message => message with { Text = text });
        AssertFound<OnlyAddressesOfTheCommit>(story, expected);
    }

    [Fact]
    public void A_message_without_a_commit_is_found()
    {
        var story = WithPhone();
        story.HandedOver.Add(story.HandedOver[0] with { Id = "stray" });
        AssertFound<OnlyAddressesOfTheCommit>(story, "message stray was handed over to +4915100000001, and no commit has caused it");
    }

    [Fact]
    public void A_code_that_does_something_to_another_address_than_its_own_is_found()
    {
        var story = new Story();
        story.Issue("issue", AddingPhone, Phone);
        story.Issue("other", AddingPhone, "+4915100000002");
        story.Redeem("redeem", AddingPhone, "issue", "+4915100000002");
        AssertFound<OnlyAddressesOfTheCommit>(story, "redeeming it did user_key_added to +**********002");
    }

    [Fact]
    public void An_answer_that_the_contract_does_not_have_is_found()
    {
        var story = new Story();
        story.Refuse(NewCall("defect", Step.Issue, AddingPhone, 500) with { Problem = "internal" });
        AssertFound<AnswersOfTheContract>(story, "500 internal");
    }

    [Fact]
    public void What_is_of_no_account_of_the_history_is_found()
    {
        var violations = Checker.Check(Evidence.PerAccount(
            [], new Dump([], [], [], [], [], [new EventLine("mallory", 1, 0, MomentAt(1).At, "account_provisioned", null, null, null, null)], []), []));
        Assert.Contains(violations, violation => violation.Rule == nameof(EveryChangeOnce) && violation.UserId == "mallory");
    }

    static Purpose Disabling => new(Operation.DisablingMfa, KeyType.Email);

    /// <summary>A phone number was added.</summary>
    static Story WithPhone()
    {
        var story = new Story();
        story.Redeem("redeem", AddingPhone, story.Issue("issue", AddingPhone, Phone), Phone);
        return story;
    }

    static Story WithMfa()
    {
        var story = new Story();
        story.Redeem("enable", EnablingMfa, story.Issue("issue", EnablingMfa, Email), Email);
        return story;
    }

    static void Spend(Story story, string token, int remainingAfterLast)
    {
        story.Issue(token, AddingPhone, Phone);
        for (var remaining = 4; remaining > 0; remaining--)
            story.Guess($"{token}-{remaining}", AddingPhone, Phone, remaining);
        story.Guess($"{token}-last", AddingPhone, Phone, remainingAfterLast, "guess budget spent");
    }

    static void AssertFound<TRule>(Story story, string expected) where TRule : IRule, new() =>
        Assert.Contains(new TRule().Violations(story.Evidence), text => text.Contains(expected, StringComparison.Ordinal));
}
