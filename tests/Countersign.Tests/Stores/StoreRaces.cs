using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>The races, forced, on every database: a class of a few lines for each.</summary>
public abstract class StoreRaces
{
    [Fact]
    [Trait("ASVS", "2.3.4")]
    [Trait("ASVS", "6.5.1")]
    [Trait("ASVS", "15.4.2")]
    [Trait("Attack", "1")]
    public Task Of_64_who_redeem_one_token_on_two_nodes_one_does() => RunAsync(RaceChecks.One_token_is_redeemed_once);

    [Fact]
    public Task Of_64_refusals_at_once_on_two_nodes_a_minutes_worth_is_recorded() =>
        RunAsync(AuditChecks.Of_refusals_at_once_so_many_are_recorded_as_a_minute_allows);

    [Fact]
    public Task Of_64_requests_under_one_key_on_two_nodes_one_is_done() => RunAsync(RaceChecks.One_key_is_one_request);

    [Fact]
    [Trait("ASVS", "6.6.3")]
    [Trait("Attack", "2")]
    public Task Of_64_parallel_guesses_the_budget_is_evaluated_and_no_more() => RunAsync(RaceChecks.Parallel_guesses_cost_a_try_each);

    [Fact]
    [Trait("ASVS", "2.3.4")]
    [Trait("Attack", "17")]
    public Task An_address_that_two_accounts_claim_goes_to_one() => RunAsync(RaceChecks.An_address_that_two_accounts_claim_goes_to_one);

    [Fact]
    public Task An_address_that_the_platform_gives_to_64_accounts_goes_to_one() =>
        RunAsync(RaceChecks.An_address_that_the_platform_gives_to_two_accounts_goes_to_one);

    [Fact]
    public Task First_calls_at_once_create_one_account() => RunAsync(RaceChecks.First_calls_at_once_create_one_account);

    [Fact]
    public Task A_verified_claim_of_one_address_by_two_new_accounts_is_one_accounts_key() =>
        RunAsync(RaceChecks.A_verified_claim_of_one_address_by_two_new_accounts_is_one_accounts_key);

    [Fact]
    public Task Of_two_changes_from_one_token_one_goes_on() => RunAsync(RaceChecks.Of_two_changes_from_one_token_one_goes_on);

    [Fact]
    [Trait("ASVS", "6.6.2")]
    [Trait("Attack", "6")]
    public Task A_new_target_and_the_code_of_the_old_one_do_not_mix() => RunAsync(RaceChecks.A_new_target_and_the_code_of_the_old_one_do_not_mix);

    [Fact]
    public Task Cancelling_and_redeeming_exclude_each_other() => RunAsync(RaceChecks.Cancelling_and_redeeming_exclude_each_other);

    [Fact]
    [Trait("ASVS", "2.3.2")]
    [Trait("ASVS", "2.3.4")]
    [Trait("Attack", "14")]
    public Task Accounts_that_write_to_one_address_at_once_keep_its_limit() => RunAsync(RaceChecks.Accounts_that_write_to_one_address_at_once_keep_its_limit);

    [Fact]
    public Task Parallel_issues_keep_the_limit_of_the_hour() => RunAsync(RaceChecks.Parallel_issues_keep_the_limit_of_the_hour);

    [Fact]
    public Task Parallel_issues_keep_the_pause_between_two() => RunAsync(RaceChecks.Parallel_issues_keep_the_pause_between_two);

    [Fact]
    [Trait("ASVS", "15.4.2")]
    [Trait("Attack", "7")]
    public Task Enabling_MFA_and_removing_the_key_exclude_each_other() => RunAsync(RaceChecks.Enabling_MFA_and_removing_the_key_exclude_each_other);

    [Fact]
    public Task The_platform_and_the_owner_change_an_account_one_after_the_other() =>
        RunAsync(RaceChecks.The_platform_and_the_owner_change_an_account_one_after_the_other);

    [Fact]
    public Task An_erased_account_is_changed_by_nobody() => RunAsync(RaceChecks.An_erased_account_is_changed_by_nobody);

    [Fact]
    [Trait("ASVS", "2.3.4")]
    [Trait("ASVS", "15.4.2")]
    public Task Of_64_clicks_on_one_link_on_two_nodes_one_undoes() => RunAsync(UndoChecks.Of_many_clicks_on_one_link_one_undoes);

    [Fact]
    public Task Undoing_and_a_further_change_come_one_after_the_other() => RunAsync(UndoChecks.Undoing_and_a_further_change_come_one_after_the_other);

    [Fact]
    public Task A_link_that_is_used_before_the_account_is_loaded_undoes_nothing_again() =>
        RunAsync(UndoChecks.A_link_that_is_used_before_the_account_is_loaded_undoes_nothing_again);

    [Fact]
    public Task Of_16_looks_of_one_operator_at_once_one_is_recorded() => RunAsync(SupportChecks.Of_looks_at_once_one_is_recorded);

    [Fact]
    public Task A_token_is_revoked_or_redeemed_and_never_both() => RunAsync(SupportChecks.A_token_is_revoked_or_redeemed_and_never_both);

    [Fact]
    public Task An_unlock_and_the_guess_that_locks_come_one_after_the_other() => RunAsync(SupportChecks.An_unlock_and_the_guess_that_locks_come_one_after_the_other);

    [Fact]
    public Task What_is_sent_meanwhile_is_not_dropped_and_the_trail_does_not_say_so() => RunAsync(SupportMessageChecks.What_is_sent_meanwhile_is_not_dropped_and_the_trail_does_not_say_so);

    [Fact]
    public Task What_is_queued_meanwhile_is_not_queued_again_and_the_trail_does_not_say_so() => RunAsync(SupportMessageChecks.What_is_queued_meanwhile_is_not_queued_again_and_the_trail_does_not_say_so);

    [Fact]
    public Task Of_two_operators_with_one_message_one_does_what_the_other_cannot_any_more() => RunAsync(SupportMessageChecks.Of_two_operators_one_does_it);

    [Fact]
    public Task Of_nodes_that_count_at_once_one_does() => RunAsync(ActivityChecks.Of_nodes_that_count_at_once_one_does);

    private protected abstract TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null);

    async Task RunAsync(Func<TestDatabase, Task> check)
    {
        await using var database = NewDatabase();
        await check(database);
    }
}
