using Countersign.Delivery;
using Countersign.Stores;
using Countersign.Support;

namespace Countersign.Tests.Stores;

/// <summary>The guards of what support asks and does, and of what is counted.</summary>
public abstract partial class SeededFaults
{
    static Fault[] SupportFaults =>
    [
        Drop("the account of a look", SupportSql.FindView, "user_id = @user_id AND ", SupportChecks.A_look_is_in_the_trail_once_in_a_while_per_operator_and_kind),
        Drop("the operator of a look", SupportSql.FindView, " AND actor = @actor", SupportChecks.A_look_is_in_the_trail_once_in_a_while_per_operator_and_kind),
        Drop("the kind of a look", SupportSql.FindView, " AND reason = @reason", SupportChecks.A_look_is_in_the_trail_once_in_a_while_per_operator_and_kind),
        Drop("the time of a look", SupportSql.FindView, " AND at > @since", SupportChecks.A_look_is_in_the_trail_once_in_a_while_per_operator_and_kind),
        Drop(
            "the version in the update of the account, as those see it who look", AccountSql.Update, " AND commit_id = @last_commit_id",
            SupportChecks.Of_looks_at_once_one_is_recorded),
        Drop(
            "the version in the update of the account, as those see it who revoke", AccountSql.Update, " AND commit_id = @last_commit_id",
            SupportChecks.A_token_is_revoked_or_redeemed_and_never_both),
        Drop(
            "the version in the update of the account, as those see it who unlock", AccountSql.Update, " AND commit_id = @last_commit_id",
            SupportChecks.An_unlock_and_the_guess_that_locks_come_one_after_the_other),
        Drop("the account of a case's messages", OperatorSql.Newest, " WHERE user_id = @user_id", SupportChecks.A_case_has_what_an_operator_needs),
        Replace("the order of a case's messages", OperatorSql.Newest, "created_at DESC, id DESC", "created_at, id", SupportChecks.A_case_has_what_an_operator_needs),
        Replace(
            "the state of what is dropped, as the trail sees it", OperatorSql.DropInCommit, "WHEN state IN ('QUEUED', 'DEAD') THEN", "WHEN TRUE THEN",
            SupportMessageChecks.What_is_sent_meanwhile_is_not_dropped_and_the_trail_does_not_say_so),
        Replace(
            "the state of what is tried again, as the trail sees it", OperatorSql.RetryInCommit, "WHEN state = 'DEAD' AND", "WHEN",
            SupportMessageChecks.What_is_queued_meanwhile_is_not_queued_again_and_the_trail_does_not_say_so),
        new(
            "a state that is none",
            (engine, applied) => new RewritingEngine(engine, text => text.Replace("state TEXT NOT NULL,\n  attempts BIGINT NOT NULL,\n  due_at BIGINT NOT NULL,\n  expires_at", "state TEXT,\n  attempts BIGINT NOT NULL,\n  due_at BIGINT NOT NULL,\n  expires_at", StringComparison.Ordinal), applied),
            SupportMessageChecks.What_is_sent_meanwhile_is_not_dropped_and_the_trail_does_not_say_so),
        .. new[] { OperatorSql.RetryInCommit, OperatorSql.DropInCommit }.Select((text, i) => InBatch(
            $"the condition on the message that a commit has an order for ({i})", text, $" AND {AccountSql.Won}",
            SupportMessageChecks.A_lost_commit_does_nothing_to_a_message)),
        Drop("the message that an operator drops with a reason", OperatorSql.DropInCommit, " AND id = @id", SupportMessageChecks.An_operator_drops_a_message_with_a_reason),
        Drop("the message that an operator retries with a reason", OperatorSql.RetryInCommit, " AND id = @id", SupportMessageChecks.An_operator_has_a_dead_message_tried_again_with_a_reason),

        Drop("the place up to which it is counted", ActivitySql.MoveOn, " WHERE counted_until = @counted_until", ActivityChecks.Of_nodes_that_count_at_once_one_does),
        .. new[] { ActivitySql.CountEvents, ActivitySql.CountMessages, ActivitySql.CountCountries }.Select((text, i) => InBatch(
            $"the condition on what is counted ({i})", text, " WHERE commit_id = @commit_id", ActivityChecks.Of_nodes_that_count_at_once_one_does)),
        .. new[] { (ActivitySql.CountEvents, "at"), (ActivitySql.CountMessages, "finished_at") }.SelectMany((count, i) => new[]
        {
            Drop($"the begin of what is counted ({i})", count.Item1, $"{count.Item2} >= @from AND ", ActivityChecks.What_is_counted_once_is_not_counted_again),
            Drop($"the end of what is counted ({i})", count.Item1, $" AND {count.Item2} < @to", ActivityChecks.What_is_counted_once_is_not_counted_again),
        }),
        Drop("the begin of the countries that are counted", ActivitySql.CountCountries, "finished_at >= @from AND ", ActivityChecks.What_has_happened_is_counted_by_the_hour),
        Replace("the parts of an SMS", ActivitySql.CountCountries, "SUM(segments)", "COUNT(*)", ActivityChecks.What_has_happened_is_counted_by_the_hour),
        Drop("the types that are counted", ActivitySql.CountEvents, " AND type IN ('token_issued', 'token_redeemed', 'token_refused', 'request_refused')", ActivityChecks.What_has_happened_is_counted_by_the_hour),
        Drop("whose refusals are counted", ActivitySql.CountEvents, "AND (type <> 'request_refused' OR actor = user_id) ", ActivityChecks.What_has_happened_is_counted_by_the_hour),
        Replace("what was counted of an hour before", ActivitySql.CountEvents, "activity.total + ", "", ActivityChecks.What_has_happened_is_counted_by_the_hour),
        Drop("the time in the forgetting of figures", ActivitySql.Forget, " WHERE hour < @before", ActivityChecks.What_was_counted_long_ago_is_forgotten_and_nothing_else),
    ];
}
