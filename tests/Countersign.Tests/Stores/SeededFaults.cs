using Countersign.Delivery;
using Countersign.Delivery.Events;
using Countersign.Stores;
using Xunit.Sdk;

namespace Countersign.Tests.Stores;

/// <summary>
/// Takes one guard away at a time, and shows that a check of the suite sees it: a check that cannot fail shows nothing. The guards are those of
/// the SQL, of the schema and of the engine.
/// </summary>
public abstract partial class SeededFaults
{
    const string Won = " AND commit_id = @commit_id";

    public static TheoryData<string> Names => [.. All.Select(fault => fault.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_store_without_one_of_its_guards_fails_a_check(string without)
    {
        var fault = All.Single(candidate => candidate.Name == without);
        var applied = 0;
        await using var database = NewDatabase(engine => fault.Seed(engine, () => Interlocked.Increment(ref applied)));

        // What an assertion says, and no accident of a statement that is no SQL any more.
        await Assert.ThrowsAnyAsync<XunitException>(() => fault.Check(database));
        Assert.True(applied > 0, "The fault was never met.");
    }

    private protected abstract TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null);

    static readonly Fault[] All =
    [
        Drop(
            "the version in the update of the account, as redeemers see it", AccountSql.Update, " AND commit_id = @last_commit_id",
            RaceChecks.One_token_is_redeemed_once),
        Drop(
            "the version in the update of the account, as guessers see it", AccountSql.Update, " AND commit_id = @last_commit_id",
            RaceChecks.Parallel_guesses_cost_a_try_each),
        Drop(
            "the version in the update of the account, as issuers see it", AccountSql.Update, " AND commit_id = @last_commit_id",
            RaceChecks.Parallel_issues_keep_the_limit_of_the_hour),
        Drop(
            "the version in the update of the account", AccountSql.Update, " AND commit_id = @last_commit_id",
            StoreChecks.A_stale_commit_writes_nothing),
        Drop(
            "the version in the update of the account, as those see it who ask again", AccountSql.Update, " AND commit_id = @last_commit_id",
            RaceChecks.One_key_is_one_request),
        Drop(
            "the timeline in the update of the account", AccountSql.Update, " AND @timeline = (SELECT timeline FROM store_timeline)",
            StoreChecks.What_was_decided_upon_another_history_of_the_database_is_not_stored),
        Drop(
            "the last commit of what is remembered", AccountSql.LoadRemembered, " AND a.commit_id = @commit_id",
            MemoryChecks.An_account_that_is_remembered_is_read_by_its_last_commit),
        Drop(
            "the new key of what is remembered", AccountSql.LoadRemembered, " AND n.canonical = @new_key",
            MemoryChecks.Whose_a_key_is_that_the_account_does_not_have_is_asked_each_time),
        Drop(
            "the timeline of what is remembered", AccountSql.LoadRemembered, " AND @timeline = (SELECT timeline FROM store_timeline)",
            StoreChecks.What_is_remembered_of_another_history_of_the_database_is_loaded_anew),
        Replace(
            "the timeline of a token", AccountSql.Load, "s.timeline, t.timeline", "s.timeline, s.timeline",
            StoreChecks.A_token_of_another_history_of_the_database_does_not_count),
        Replace(
            "the conflict of two creations", AccountSql.Insert, "DO NOTHING", "DO UPDATE SET commit_id = excluded.commit_id",
            StoreChecks.Of_many_creations_at_once_one_wins),
        Replace(
            "the end of the former trail in a creation", AccountSql.Insert,
            "WHERE @version = COALESCE((SELECT version FROM ended_trails WHERE user_id = @user_id), 0)", "WHERE TRUE",
            AuditChecks.A_trail_goes_on_where_that_of_the_erased_account_ended),
        InBatch(
            "the condition on the former trail that goes on", AuditSql.GoOn, $" AND {AccountSql.Won}",
            AuditChecks.A_trail_goes_on_where_that_of_the_erased_account_ended),
        Drop(
            "the nodes beside in the shortening of a trail", AuditSql.MoveBeginning, "WHERE trail_beginnings.events = @old_events",
            AuditChecks.Of_two_nodes_that_shorten_a_trail_one_does),
        Drop(
            "the place in the shortening of a trail", AuditSql.DeleteUpTo, " AND (version, ordinal) <= (@version, @ordinal)",
            AuditChecks.What_is_too_old_goes_and_the_rest_can_be_verified),
        Replace(
            "where an export goes on", AuditSql.Since, "> (@since, @user_id, @version, @ordinal)", ">= (@since, @user_id, @version, @ordinal)",
            AuditChecks.An_export_has_every_event_once_in_the_order_of_time),
        Drop(
            "the version in the update of the account, as those see it who are refused", AccountSql.Update, " AND commit_id = @last_commit_id",
            AuditChecks.Of_refusals_at_once_so_many_are_recorded_as_a_minute_allows),

        InBatch("the condition on the key that goes", AccountSql.DeleteKey),
        InBatch("the condition on the key that comes", AccountSql.UpsertKey),
        InBatch("the condition on the address that is given up", AccountSql.ReleaseClaim),
        InBatch("the condition on the address that is claimed", AccountSql.Claim),
        InBatch("the condition on the address that is kept", AccountSql.KeepClaim),
        InBatch("the condition on the address that is taken back", AccountSql.TakeKept),
        Replace(
            "the keeping of an address", AccountSql.KeepClaim, "WHERE ", "WHERE 1 = 0 AND ",
            KeptAddressChecks.An_address_that_is_kept_is_nobody_elses_until_then),
        Drop(
            "what a notice to an owner needs, of an address that is kept", AccountSql.KeepClaim, ", locale = NULL, anti_phishing_code = NULL",
            KeptAddressChecks.An_address_that_is_kept_is_nobody_elses_until_then),
        Drop(
            "whom an address is kept from", AccountSql.TakeKept, " AND (user_id = @user_id OR kept_until <= @kept_until)",
            KeptAddressChecks.An_address_that_is_kept_is_nobody_elses_until_then),
        Drop(
            "the end of keeping an address", AccountSql.TakeKept, " OR kept_until <= @kept_until",
            KeptAddressChecks.An_address_that_is_kept_is_nobody_elses_until_then),
        Drop("the last holder of an address", AccountSql.TakeKept, "user_id = @user_id OR ", KeptAddressChecks.Its_last_holder_takes_it_back),
        Drop(
            "the address that is taken back", AccountSql.TakeKept, " AND canonical = @canonical",
            KeptAddressChecks.Its_last_holder_takes_it_back),
        Drop(
            "the time in the forgetting of kept addresses", ExpiredRows.KeptClaims, " WHERE kept_until <= @now",
            KeptAddressChecks.What_was_kept_is_forgotten_when_its_time_is_over_and_no_key_is),
        InBatch("the condition on what others see of the owner", AccountSql.RefreshClaim),
        Replace(
            "what others see of the owner", AccountSql.RefreshClaim, "WHERE ", "WHERE 1 = 0 AND ", StoreChecks.A_load_names_who_has_the_new_key),
        Replace(
            "the release of an address", AccountSql.ReleaseClaim, "WHERE ", "WHERE 1 = 0 AND ",
            StoreChecks.An_address_that_was_given_up_is_anybodys),
        InBatch("the condition on the token", AccountSql.UpsertToken),
        InBatch("the condition on the guess budget", AccountSql.UpsertGuesses),
        InBatch("the condition on the hold", AccountSql.UpsertHold),
        InBatch("the condition on the hold that is lifted", AccountSql.DeleteHold),
        Drop("the account of holds", AccountSql.Load, " WHERE h.user_id = a.user_id", StoreChecks.Everything_of_an_account_comes_back),
        Drop("the reason of the hold that is lifted", AccountSql.DeleteHold, " AND reason = @reason", StoreChecks.Everything_of_an_account_comes_back),
        InBatch("the condition on the undo link", AccountSql.InsertUndo),
        InBatch("the condition on the undo links that are void", AccountSql.VoidUndos),
        Drop("the version in the voiding of undo links", AccountSql.VoidUndos, " AND version >= @from_version", UndoChecks.What_is_younger_is_void_and_nothing_else_is),
        Drop("the account in the voiding of undo links", AccountSql.VoidUndos, "user_id = @user_id AND ", UndoChecks.What_is_younger_is_void_and_nothing_else_is),
        Replace(
            "the voiding of undo links, as a further change sees it", AccountSql.VoidUndos, "WHERE ", "WHERE 1 = 0 AND ",
            UndoChecks.Undoing_and_a_further_change_come_one_after_the_other),
        Replace(
            "the voiding of an undo link that is used", AccountSql.VoidUndos, "WHERE ", "WHERE 1 = 0 AND ",
            UndoChecks.A_link_that_is_used_before_the_account_is_loaded_undoes_nothing_again),
        Drop("the time in the forgetting of undo links", ExpiredRows.Undos, " WHERE expires_at <= @now", UndoChecks.A_link_that_has_expired_is_forgotten_and_no_other),
        Drop(
            "the version in the update of the account, as those who undo see it", AccountSql.Update, " AND commit_id = @last_commit_id",
            UndoChecks.Of_many_clicks_on_one_link_one_undoes),
        InBatch("the condition on the withdrawn codes", AccountSql.WithdrawCodes),
        InBatch("the condition on the superseded codes", AccountSql.WithdrawSuperseded),
        InBatch("the condition on the message", OutboxSql.Insert),
        InBatch("the condition on the event", AuditSql.Insert),
        InBatch("the condition on the limit", LimitSql.Draw),
        Replace(
            "the revision of a limit", LimitSql.Draw, "CASE WHEN limits.revision + 1 = excluded.revision THEN excluded.revision END", "excluded.revision",
            RaceChecks.Accounts_that_write_to_one_address_at_once_keep_its_limit),
        Replace(
            "the expiry in the pruning of limits", ExpiredRows.Limits, "expires_at <= @now", "expires_at > 0",
            StoreChecks.A_limit_is_forgotten_when_it_counts_no_more),
        InBatch("the condition on the kept answer", AnswerSql.Keep),
        .. AccountSql.Erase.Select(text => InBatch($"the condition on what is erased: {text.Split(' ')[2]}", text)),
        .. AccountSql.Erase.Select(text => Replace(
            $"the erasure of {text.Split(' ')[2]}", text, "WHERE ", "WHERE 1 = 0 AND ", StoreChecks.Erasing_leaves_the_audit_trail_and_nothing_else)),

        Schema("the uniqueness of a key, as claimants see it", RaceChecks.An_address_that_two_accounts_claim_goes_to_one),
        Schema(
            "the uniqueness of a key, as the platform sees it", RaceChecks.An_address_that_the_platform_gives_to_two_accounts_goes_to_one),
        Schema("the uniqueness of a key", StoreChecks.A_commit_that_claims_a_key_of_another_account_writes_nothing),
        new(
            "the transaction around a commit", (engine, applied) => new WithoutTransaction(engine, applied),
            StoreChecks.A_commit_that_claims_a_key_of_another_account_writes_nothing),
        new(
            "the row count of a commit, as redeemers see it", (engine, applied) => new WithoutRowCount(engine, applied),
            RaceChecks.One_token_is_redeemed_once),
        new(
            "the row count of a commit", (engine, applied) => new WithoutRowCount(engine, applied),
            StoreChecks.Of_many_creations_at_once_one_wins),

        Replace(
            "the withdrawal of codes", AccountSql.WithdrawCodes, "WHERE ", "WHERE 1 = 0 AND ",
            OutboxChecks.The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is),
        Drop(
            "the erasure of a withdrawn code", AccountSql.WithdrawCodes, ", sealed = NULL",
            OutboxChecks.The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is),
        Drop(
            "the limit of a withdrawal to what was not sent", AccountSql.WithdrawCodes, " AND sealed IS NOT NULL",
            OutboxChecks.The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is),
        Drop(
            "the limit of a withdrawal to codes", AccountSql.WithdrawCodes, "AND carries_code = 1 ",
            OutboxChecks.The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is),
        Drop(
            "the limit of a withdrawal to its operation", AccountSql.WithdrawCodes, " AND operation = @operation AND key_type = @key_type",
            OutboxChecks.The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is),
        Replace(
            "the limit of a withdrawal to its account", AccountSql.WithdrawCodes, "user_id = @user_id AND operation", "operation",
            OutboxChecks.The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is),

        Drop(
            "the lease in a claim", OutboxSql.Claim, " AND leased_until <= @now",
            OutboxChecks.A_leased_message_is_nobody_elses_until_its_lease_ends),
        Drop(
            "the lease in a claim, as racers see it", OutboxSql.Claim, " AND leased_until <= @now",
            OutboxChecks.Two_nodes_that_claim_at_once_share_what_is_due),
        Drop("the due time in a claim", OutboxSql.Claim, " AND due_at <= @now", OutboxChecks.A_postponed_message_waits_until_it_is_due),
        Drop(
            "the owner of the lease in a hand-off", OutboxSql.Finish, " AND leased_by = @node",
            OutboxChecks.A_node_that_lost_its_lease_decides_nothing),
        Drop("the owner of the lease in a burial", OutboxSql.Bury, " AND leased_by = @node", OutboxChecks.A_node_that_lost_its_lease_decides_nothing),
        Drop(
            "the owner of the lease in a postponement", OutboxSql.Postpone, " AND leased_by = @node",
            OutboxChecks.A_node_that_lost_its_lease_decides_nothing),
        Drop("the erasure at hand-off", OutboxSql.Finish, ", sealed = NULL", OutboxChecks.What_a_message_said_is_gone_from_hand_off_on),
        Drop(
            "the state in the pruning", OutboxSql.Prune, "state IN ('SENT', 'DEAD', 'WITHDRAWN') AND ",
            OutboxChecks.Finished_messages_are_forgotten_and_queued_ones_are_not),
        Drop(
            "the time in the pruning", OutboxSql.Prune, " AND due_at < @before",
            OutboxChecks.Finished_messages_are_forgotten_and_queued_ones_are_not),

        Drop("the node in a release", OutboxSql.Release, " AND leased_by = @node", OutboxChecks.A_node_that_gives_back_its_leases_gives_back_its_own_only),
        Drop("the owner of the lease in a renewal", OutboxSql.Renew, " AND leased_by = @node", OutboxChecks.A_lease_is_renewed_by_the_node_that_has_it_and_by_no_other),
        Drop("the end of the lease of a withdrawn code", AccountSql.WithdrawCodes, ", leased_by = NULL", OutboxChecks.A_lease_is_renewed_by_the_node_that_has_it_and_by_no_other),
        Drop("the owner of the lease in a look at it", OutboxSql.IsOurs, " AND leased_by = @node", OutboxChecks.A_lease_is_renewed_by_the_node_that_has_it_and_by_no_other),
        Replace(
            "the erasure of what dies of its expiry", OutboxSql.Bury, "CASE WHEN expires_at > @now THEN sealed END", "sealed",
            OutboxChecks.A_dead_message_keeps_what_it_says_until_it_expires),
        Drop("the expiry in the erasure of dead messages", OutboxSql.EraseExpired, " AND expires_at <= @now", OutboxChecks.A_dead_message_keeps_what_it_says_until_it_expires),
        Drop("the state in the erasure of dead messages", OutboxSql.EraseExpired, "state = 'DEAD' AND ", OutboxChecks.A_dead_message_keeps_what_it_says_until_it_expires),
        Drop(
            "the two codes that are not superseded", AccountSql.WithdrawSuperseded, " AND id NOT IN (@newest, @previous)",
            OutboxChecks.Of_the_codes_of_a_purpose_all_but_the_two_that_can_be_redeemed_are_withdrawn),
        Replace(
            "the withdrawal of superseded codes", AccountSql.WithdrawSuperseded, "WHERE ", "WHERE 1 = 0 AND ",
            OutboxChecks.Of_the_codes_of_a_purpose_all_but_the_two_that_can_be_redeemed_are_withdrawn),
        Drop(
            "the limit of superseding to its operation", AccountSql.WithdrawSuperseded, " AND operation = @operation AND key_type = @key_type",
            OutboxChecks.Of_the_codes_of_a_purpose_all_but_the_two_that_can_be_redeemed_are_withdrawn),
        Replace("the withdrawal of dead codes", AccountSql.WithdrawCodes, "sealed IS NOT NULL", "state = 'QUEUED'", OutboxChecks.A_dead_code_whose_token_has_ended_cannot_be_tried_again),
        Drop("the place in a list of messages", OperatorSql.List, " AND (due_at, id) < (@before_due, @before_id)", OutboxChecks.An_operator_sees_messages_a_page_at_a_time),
        Replace("the ties in a list of messages", OperatorSql.List, "(due_at, id) < (@before_due, @before_id)", "due_at < @before_due", OutboxChecks.An_operator_sees_messages_a_page_at_a_time),
        Drop("the place in a list of an account's messages", OperatorSql.ListOfUser, " AND (due_at, id) < (@before_due, @before_id)", OutboxChecks.An_operator_sees_messages_a_page_at_a_time),
        Drop("the account in a list of its messages", OperatorSql.ListOfUser, "user_id = @user_id AND ", OutboxChecks.An_operator_sees_messages_a_page_at_a_time),
        Drop("the expiry of what is tried again", OperatorSql.Retry, " AND expires_at > @now", OutboxChecks.An_operator_has_a_dead_message_tried_again_until_it_expires),
        Drop("the state of what is tried again", OperatorSql.Retry, " AND state = 'DEAD'", OutboxChecks.An_operator_has_a_dead_message_tried_again_until_it_expires),
        Drop("the message that is tried again", OperatorSql.Retry, " AND id = @id", OutboxChecks.An_operator_has_a_dead_message_tried_again_until_it_expires),
        Drop("the account of what is tried again", OperatorSql.Retry, "user_id = @user_id AND ", OutboxChecks.An_operator_has_a_dead_message_tried_again_until_it_expires),
        Drop("the state of what is dropped", OperatorSql.Drop, " AND state IN ('QUEUED', 'DEAD')", OutboxChecks.An_operator_drops_a_message_that_is_dead_or_waits_and_no_other),
        Drop("the message that is dropped", OperatorSql.Drop, " AND id = @id", OutboxChecks.An_operator_drops_a_message_that_is_dead_or_waits_and_no_other),
        Drop("the erasure of what is dropped", OperatorSql.Drop, ", sealed = NULL", OutboxChecks.An_operator_drops_a_message_that_is_dead_or_waits_and_no_other),

        Drop(
            "the account of a kept answer", AnswerSql.Find, "user_id = @user_id AND ",
            StoreChecks.A_kept_answer_is_found_by_its_account_and_key_until_it_expires),
        Drop(
            "the key of a kept answer", AnswerSql.Find, " AND key_digest = @key_digest",
            StoreChecks.A_kept_answer_is_found_by_its_account_and_key_until_it_expires),
        Drop(
            "the expiry of a kept answer", AnswerSql.Find, " AND expires_at > @now",
            StoreChecks.A_kept_answer_is_found_by_its_account_and_key_until_it_expires),
        Replace(
            "the place of an answer that has expired", AnswerSql.Keep, "DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at", "DO NOTHING",
            StoreChecks.A_kept_answer_is_found_by_its_account_and_key_until_it_expires),
        Drop(
            "the expiry in the pruning of answers", ExpiredRows.Answers, " WHERE expires_at <= @now",
            StoreChecks.A_kept_answer_is_found_by_its_account_and_key_until_it_expires),
        InBatch(
            "the condition on the events that are queued", EventSql.Insert, Won,
            EventChecks.What_a_commit_records_is_queued_with_it_and_by_a_lost_commit_nothing),
        Drop(
            "the types of the events that are queued", EventSql.Insert, " AND @types LIKE '% ' || e.type || ' %'",
            EventChecks.Nothing_is_queued_without_a_webhook_or_of_types_that_nobody_asked_for),
        Drop("the lease in a claim of events", EventSql.Claim, " AND leased_until <= @now", EventChecks.A_claim_is_one_nodes_until_it_ends),
        Drop(
            "the lease in a claim of events, as racers see it", EventSql.Claim, " AND leased_until <= @now",
            EventChecks.Two_nodes_that_claim_events_at_once_share_them),
        Drop(
            "the due time in a claim of events", EventSql.Claim, " AND due_at <= @now",
            EventChecks.Events_of_an_account_come_in_their_order_and_hold_up_no_other_account),
        Replace(
            "the order of an account's events", EventSql.Claim, "NOT EXISTS", "NULL IS NULL OR NOT EXISTS",
            EventChecks.Events_of_an_account_come_in_their_order_and_hold_up_no_other_account),
        Drop(
            "the account in the order of events", EventSql.Claim, "b.user_id = d.user_id AND ",
            EventChecks.Events_of_an_account_come_in_their_order_and_hold_up_no_other_account),
        Drop(
            "the end of the order of events", EventSql.Claim, " AND b.attempts < @tries_in_order",
            EventChecks.Events_of_an_account_come_in_their_order_and_hold_up_no_other_account),
        Drop("the state in the order of events", EventSql.Claim, " AND b.state = 'QUEUED'", EventChecks.What_was_given_up_holds_up_nothing),
        .. new[] { EventSql.Finish, EventSql.Postpone, EventSql.GiveUp }.SelectMany((text, i) => new[]
        {
            Drop($"the lease in what becomes of an event ({i})", text, " AND leased_by = @node AND leased_until = @leased_until", EventChecks.A_claim_is_one_nodes_until_it_ends),
            Drop($"the end of the lease in what becomes of an event ({i})", text, " AND leased_until = @leased_until", EventChecks.A_claim_is_one_nodes_until_it_ends),
        }),
        Drop("the node in a release of events", EventSql.Release, " AND leased_by = @node", EventChecks.A_node_gives_back_its_own_claims_only),
        Drop("the state in the pruning of events", EventSql.Prune, "state = 'DEAD' AND ", EventChecks.What_was_given_up_holds_up_nothing),
        Drop("the time in the pruning of events", EventSql.Prune, " AND due_at < @before", EventChecks.What_was_given_up_holds_up_nothing),
        .. new[] { EventSql.Replay, EventSql.ReplayOfUser }.SelectMany((text, i) => new[]
        {
            Drop($"the begin of a replay ({i})", text, "e.at >= @from AND ", EventChecks.A_replay_queues_what_happened_in_its_span_and_nothing_else),
            Drop($"the end of a replay ({i})", text, "e.at < @to AND ", EventChecks.A_replay_queues_what_happened_in_its_span_and_nothing_else),
            Drop($"the types of a replay ({i})", text, " AND @types LIKE '% ' || e.type || ' %'", EventChecks.Nothing_is_queued_without_a_webhook_or_of_types_that_nobody_asked_for),
        }),
        Drop("the account of a replay", EventSql.ReplayOfUser, "e.user_id = @user_id AND ", EventChecks.A_replay_queues_what_happened_in_its_span_and_nothing_else),
        Replace("the first try of what is replayed", EventSql.Replay, "state = 'QUEUED', attempts = 0,", "", EventChecks.A_replay_begins_anew_what_waits_or_was_given_up),
        Drop("the account whose sessions end", EventSql.SessionsNotBefore, "user_id = @user_id AND ", EventChecks.Sessions_end_at_the_last_change_of_their_account_that_asks_for_it),
        Replace(
            "the types after which sessions end", EventSql.SessionsNotBefore, "type IN (", "type IN ('user_key_added', ",
            EventChecks.Sessions_end_at_the_last_change_of_their_account_that_asks_for_it),
        .. SupportFaults,
        Replace(
            "the order of events", AuditSql.Newest, "version DESC, ordinal DESC", "version, ordinal",
            StoreChecks.Events_come_newest_first_and_as_many_as_asked_for),
        Drop("the limit of events", AuditSql.Newest, "LIMIT @limit", StoreChecks.Events_come_newest_first_and_as_many_as_asked_for),
        Drop(
            "the account of events", AuditSql.Newest, "WHERE user_id = @user_id",
            StoreChecks.Events_come_newest_first_and_as_many_as_asked_for),
    ];

    static Fault Drop(string name, string text, string guard, Func<TestDatabase, Task> check) => Replace(name, text, guard, "", check);

    static Fault Replace(string name, string text, string guard, string replacement, Func<TestDatabase, Task> check) => new(
        name,
        (engine, applied) => new RewritingEngine(
            engine, statement => statement == text ? statement.Replace(guard, replacement, StringComparison.Ordinal) : statement, applied),
        check);

    /// <summary>Where a lost commit runs to its end, each statement has to ask for itself whether it was won.</summary>
    static Fault InBatch(string name, string text) => InBatch(name, text, Won, StoreChecks.A_stale_commit_writes_nothing);

    static Fault InBatch(string name, string text, string guard, Func<TestDatabase, Task> check) => new(
        name,
        (engine, applied) => new AsOneBatch(new RewritingEngine(
            engine, statement => statement == text ? statement.Replace(guard, "", StringComparison.Ordinal) : statement, applied)),
        check);

    static Fault Schema(string name, Func<TestDatabase, Task> check) => new(
        name,
        (engine, applied) => new RewritingEngine(
            engine, text => text.Replace("PRIMARY KEY (key_type, canonical)", "CHECK (TRUE)", StringComparison.Ordinal), applied),
        check);

    sealed record Fault(string Name, Func<ISqlEngine, Action, ISqlEngine> Seed, Func<TestDatabase, Task> Check);
}
