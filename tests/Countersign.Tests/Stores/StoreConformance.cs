using System.Diagnostics.Metrics;
using Countersign.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Countersign.Tests.Stores;

/// <summary>What every database must pass: a class of a few lines for each.</summary>
public abstract class StoreConformance
{
    private protected static readonly CancellationToken Ct = CancellationToken.None;

    [Fact]
    public Task Everything_of_an_account_comes_back_as_it_was_stored() => RunAsync(StoreChecks.Everything_of_an_account_comes_back);

    [Fact]
    public Task A_load_names_who_has_the_new_key() => RunAsync(StoreChecks.A_load_names_who_has_the_new_key);

    [Fact]
    public Task An_address_that_was_given_up_is_anybodys() => RunAsync(StoreChecks.An_address_that_was_given_up_is_anybodys);

    [Fact]
    [Trait("ASVS", "14.2.4")]
    [Trait("Attack", "9")]
    public Task Secrets_are_sealed_in_the_rows() => RunAsync(StoreChecks.Secrets_are_sealed_in_the_rows);

    [Fact]
    [Trait("ASVS", "2.3.3")]
    public Task A_stale_commit_writes_nothing_not_even_a_message() => RunAsync(StoreChecks.A_stale_commit_writes_nothing);

    [Fact]
    public Task A_stale_commit_that_runs_as_one_batch_writes_nothing_either() =>
        RunAsync(StoreChecks.A_stale_commit_writes_nothing, engine => new AsOneBatch(engine));

    [Fact]
    public Task What_was_decided_upon_another_history_of_the_database_is_not_stored() =>
        RunAsync(StoreChecks.What_was_decided_upon_another_history_of_the_database_is_not_stored);

    [Fact]
    [Trait("Attack", "21")]
    public Task A_token_of_another_history_of_the_database_does_not_count() =>
        RunAsync(StoreChecks.A_token_of_another_history_of_the_database_does_not_count);

    [Fact]
    public Task A_commit_that_claims_a_key_of_another_account_writes_nothing() =>
        RunAsync(StoreChecks.A_commit_that_claims_a_key_of_another_account_writes_nothing);

    [Fact]
    public Task Erasing_leaves_the_audit_trail_and_nothing_else() => RunAsync(StoreChecks.Erasing_leaves_the_audit_trail_and_nothing_else);

    [Fact]
    public Task An_account_that_comes_again_continues_its_trail() => RunAsync(StoreChecks.An_account_that_comes_again_continues_its_trail);

    [Fact]
    public Task Of_many_creations_at_once_one_wins() => RunAsync(StoreChecks.Of_many_creations_at_once_one_wins);

    [Fact]
    public Task What_a_node_remembers_of_an_account_is_what_a_load_shows() => RunAsync(MemoryChecks.What_a_node_remembers_of_an_account_is_what_a_load_shows);

    [Fact]
    public Task A_token_that_was_issued_here_is_guessed_at_and_redeemed_without_a_read() =>
        RunAsync(MemoryChecks.A_token_that_was_issued_here_is_guessed_at_and_redeemed_without_a_read);

    [Fact]
    public Task What_is_remembered_of_another_history_of_the_database_is_loaded_anew() =>
        RunAsync(StoreChecks.What_is_remembered_of_another_history_of_the_database_is_loaded_anew);

    [Fact]
    public Task An_account_that_is_remembered_is_read_by_its_last_commit() => RunAsync(MemoryChecks.An_account_that_is_remembered_is_read_by_its_last_commit);

    [Fact]
    public Task Whose_a_key_is_that_the_account_does_not_have_is_asked_each_time() =>
        RunAsync(MemoryChecks.Whose_a_key_is_that_the_account_does_not_have_is_asked_each_time);

    [Fact]
    public Task Codes_that_are_known_to_be_sent_are_not_looked_for() => RunAsync(OutboxChecks.Codes_that_are_known_to_be_sent_are_not_looked_for);

    [Fact]
    public Task Nobody_is_refused_by_what_another_node_has_changed() => RunAsync(MemoryChecks.Nobody_is_refused_by_what_another_node_has_changed);

    [Fact]
    public Task Of_commits_at_once_each_wins_or_loses_for_itself() => RunAsync(MemoryChecks.Of_commits_at_once_each_wins_or_loses_for_itself);

    [Fact]
    public Task Of_hand_offs_at_once_each_is_recorded_for_itself() => RunAsync(MemoryChecks.Of_hand_offs_at_once_each_is_recorded_for_itself);

    [Fact]
    public Task A_limit_is_forgotten_when_it_counts_no_more() => RunAsync(StoreChecks.A_limit_is_forgotten_when_it_counts_no_more);

    [Fact]
    public Task Events_come_newest_first_and_as_many_as_asked_for() => RunAsync(StoreChecks.Events_come_newest_first_and_as_many_as_asked_for);

    [Fact]
    [Trait("Attack", "17")]
    public Task An_address_that_is_kept_is_nobody_elses_until_then() =>
        RunAsync(KeptAddressChecks.An_address_that_is_kept_is_nobody_elses_until_then);

    [Fact]
    public Task The_last_holder_of_an_address_takes_it_back() => RunAsync(KeptAddressChecks.Its_last_holder_takes_it_back);

    [Fact]
    public Task The_platform_gives_a_kept_address_to_whom_it_says() => RunAsync(KeptAddressChecks.The_platform_gives_it_to_whom_it_says);

    [Fact]
    public Task A_verified_claim_of_a_kept_address_is_left_out() => RunAsync(KeptAddressChecks.A_verified_claim_of_a_kept_address_is_left_out);

    [Fact]
    public Task What_was_kept_is_forgotten_when_its_time_is_over_and_no_key_is() =>
        RunAsync(KeptAddressChecks.What_was_kept_is_forgotten_when_its_time_is_over_and_no_key_is);

    [Fact]
    public Task An_audit_trail_that_nobody_has_touched_is_as_it_was_written() =>
        RunAsync(AuditChecks.A_trail_that_nobody_has_touched_is_as_it_was_written);

    [Fact]
    [Trait("ASVS", "16.4.2")]
    public Task Whatever_is_done_to_an_audit_trail_is_found() => RunAsync(AuditChecks.Whatever_is_done_to_a_trail_is_found);

    [Fact]
    public Task An_audit_trail_goes_on_where_that_of_the_erased_account_ended() =>
        RunAsync(AuditChecks.A_trail_goes_on_where_that_of_the_erased_account_ended);

    [Fact]
    public Task Of_an_audit_trail_what_is_too_old_goes_and_the_rest_can_be_verified() =>
        RunAsync(AuditChecks.What_is_too_old_goes_and_the_rest_can_be_verified);

    [Fact]
    public Task Audit_events_that_are_old_behind_a_younger_one_stay_and_keep_nothing_else() => RunAsync(AuditChecks.What_is_old_behind_a_younger_event_stays_and_keeps_nothing_else);

    [Fact]
    public Task Of_two_nodes_that_shorten_an_audit_trail_one_does() => RunAsync(AuditChecks.Of_two_nodes_that_shorten_a_trail_one_does);

    [Fact]
    public Task Without_a_setting_audit_events_are_kept_for_ever() => RunAsync(AuditChecks.Without_a_setting_events_are_kept_for_ever);

    [Fact]
    public Task An_export_has_every_audit_event_once_in_the_order_of_time() =>
        RunAsync(AuditChecks.An_export_has_every_event_once_in_the_order_of_time);

    [Fact]
    public Task What_a_change_can_be_undone_to_comes_back_and_is_sealed() =>
        RunAsync(UndoChecks.What_a_change_can_be_undone_to_comes_back_and_is_sealed);

    [Fact]
    public Task Of_undo_links_what_is_younger_is_void_and_nothing_else_is() => RunAsync(UndoChecks.What_is_younger_is_void_and_nothing_else_is);

    [Fact]
    [Trait("ASVS", "14.2.7")]
    public Task An_undo_link_that_has_expired_is_forgotten_and_no_other() => RunAsync(UndoChecks.A_link_that_has_expired_is_forgotten_and_no_other);

    [Fact]
    public Task A_leased_message_is_nobody_elses_until_its_lease_ends() =>
        RunAsync(OutboxChecks.A_leased_message_is_nobody_elses_until_its_lease_ends);

    [Fact]
    [Trait("Attack", "20")]
    public Task A_node_that_lost_its_lease_decides_nothing() => RunAsync(OutboxChecks.A_node_that_lost_its_lease_decides_nothing);

    [Fact]
    public Task A_kept_answer_is_found_by_its_account_and_key_until_it_expires() =>
        RunAsync(StoreChecks.A_kept_answer_is_found_by_its_account_and_key_until_it_expires);

    [Fact]
    public Task Two_nodes_that_claim_at_once_share_what_is_due() => RunAsync(OutboxChecks.Two_nodes_that_claim_at_once_share_what_is_due);

    [Fact]
    [Trait("ASVS", "11.7.2")]
    [Trait("Attack", "9")]
    public Task What_a_message_said_is_gone_from_hand_off_on() => RunAsync(OutboxChecks.What_a_message_said_is_gone_from_hand_off_on);

    [Fact]
    public Task A_postponed_message_waits_until_it_is_due() => RunAsync(OutboxChecks.A_postponed_message_waits_until_it_is_due);

    [Fact]
    public Task The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is() =>
        RunAsync(OutboxChecks.The_code_of_an_ended_token_is_withdrawn_and_no_other_message_is);

    [Fact]
    [Trait("ASVS", "14.2.7")]
    public Task Finished_messages_are_forgotten_and_queued_ones_are_not() =>
        RunAsync(OutboxChecks.Finished_messages_are_forgotten_and_queued_ones_are_not);

    [Fact]
    public Task A_node_that_gives_back_its_leases_gives_back_its_own_only() =>
        RunAsync(OutboxChecks.A_node_that_gives_back_its_leases_gives_back_its_own_only);

    [Fact]
    public Task A_lease_is_renewed_by_the_node_that_has_it_and_by_no_other() =>
        RunAsync(OutboxChecks.A_lease_is_renewed_by_the_node_that_has_it_and_by_no_other);

    [Fact]
    public Task A_dead_message_keeps_what_it_says_until_it_expires() =>
        RunAsync(OutboxChecks.A_dead_message_keeps_what_it_says_until_it_expires);

    [Fact]
    public Task Of_the_codes_of_a_purpose_all_but_the_two_that_can_be_redeemed_are_withdrawn() =>
        RunAsync(OutboxChecks.Of_the_codes_of_a_purpose_all_but_the_two_that_can_be_redeemed_are_withdrawn);

    [Fact]
    public Task An_operator_sees_messages_a_page_at_a_time() =>
        RunAsync(OutboxChecks.An_operator_sees_messages_a_page_at_a_time);

    [Fact]
    public Task An_operator_has_a_dead_message_tried_again_until_it_expires() =>
        RunAsync(OutboxChecks.An_operator_has_a_dead_message_tried_again_until_it_expires);

    [Fact]
    public Task A_dead_code_whose_token_has_ended_cannot_be_tried_again() =>
        RunAsync(OutboxChecks.A_dead_code_whose_token_has_ended_cannot_be_tried_again);

    [Fact]
    public Task An_operator_drops_a_message_that_is_dead_or_waits_and_no_other() =>
        RunAsync(OutboxChecks.An_operator_drops_a_message_that_is_dead_or_waits_and_no_other);

    [Fact]
    public Task What_a_commit_records_is_queued_with_it_and_by_a_lost_commit_nothing() => RunAsync(EventChecks.What_a_commit_records_is_queued_with_it_and_by_a_lost_commit_nothing);

    [Fact]
    public Task A_lost_commit_that_runs_as_one_batch_queues_no_event_either() =>
        RunAsync(EventChecks.What_a_commit_records_is_queued_with_it_and_by_a_lost_commit_nothing, engine => new AsOneBatch(engine));

    [Fact]
    public Task Nothing_is_queued_without_a_webhook_or_of_types_that_nobody_asked_for() => RunAsync(EventChecks.Nothing_is_queued_without_a_webhook_or_of_types_that_nobody_asked_for);

    [Fact]
    public Task An_erased_account_leaves_its_events_to_be_told() => RunAsync(EventChecks.An_erased_account_leaves_its_events_to_be_told);

    [Fact]
    public Task Events_of_an_account_come_in_their_order_and_hold_up_no_other_account() => RunAsync(EventChecks.Events_of_an_account_come_in_their_order_and_hold_up_no_other_account);

    [Fact]
    public Task What_was_given_up_holds_up_nothing() => RunAsync(EventChecks.What_was_given_up_holds_up_nothing);

    [Fact]
    public Task A_claim_is_one_nodes_until_it_ends() => RunAsync(EventChecks.A_claim_is_one_nodes_until_it_ends);

    [Fact]
    public Task Two_nodes_that_claim_events_at_once_share_them() => RunAsync(EventChecks.Two_nodes_that_claim_events_at_once_share_them);

    [Fact]
    public Task A_node_gives_back_its_own_claims_only() => RunAsync(EventChecks.A_node_gives_back_its_own_claims_only);

    [Fact]
    public Task A_replay_queues_what_happened_in_its_span_and_nothing_else() => RunAsync(EventChecks.A_replay_queues_what_happened_in_its_span_and_nothing_else);

    [Fact]
    public Task A_replay_begins_anew_what_waits_or_was_given_up() => RunAsync(EventChecks.A_replay_begins_anew_what_waits_or_was_given_up);

    [Fact]
    public Task Sessions_end_at_the_last_change_of_their_account_that_asks_for_it() => RunAsync(EventChecks.Sessions_end_at_the_last_change_of_their_account_that_asks_for_it);

    [Fact]
    public Task An_account_is_found_by_its_id_and_its_addresses_and_by_nothing_else() => RunAsync(SupportChecks.An_account_is_found_by_its_id_and_its_addresses_and_by_nothing_else);

    [Fact]
    public Task An_address_that_is_kept_leads_to_its_last_holder_until_then() => RunAsync(SupportChecks.An_address_that_is_kept_leads_to_its_last_holder_until_then);

    [Fact]
    public Task An_erased_account_is_found_by_its_id_with_its_trail() => RunAsync(SupportChecks.An_erased_account_is_found_by_its_id_with_its_trail);

    [Fact]
    public Task A_look_of_support_is_in_the_trail_once_in_a_while_per_operator_and_kind() => RunAsync(SupportChecks.A_look_is_in_the_trail_once_in_a_while_per_operator_and_kind);

    [Fact]
    public Task A_case_has_what_an_operator_needs() => RunAsync(SupportChecks.A_case_has_what_an_operator_needs);

    [Fact]
    public Task A_case_says_that_somebody_has_altered_its_trail() => RunAsync(SupportChecks.A_case_says_that_somebody_has_altered_its_trail);

    [Fact]
    public Task An_operator_revokes_and_unlocks_with_a_reason() => RunAsync(SupportChecks.An_operator_revokes_and_unlocks_with_a_reason);

    [Fact]
    public Task An_operator_has_a_dead_message_tried_again_with_a_reason() => RunAsync(SupportMessageChecks.An_operator_has_a_dead_message_tried_again_with_a_reason);

    [Fact]
    public Task An_operator_drops_a_message_with_a_reason() => RunAsync(SupportMessageChecks.An_operator_drops_a_message_with_a_reason);

    [Fact]
    public Task What_is_tried_again_is_sent_and_what_is_dropped_is_not() => RunAsync(SupportMessageChecks.What_is_tried_again_is_sent_and_what_is_dropped_is_not);

    [Fact]
    public Task A_lost_commit_does_nothing_to_the_message_that_it_has_an_order_for() => RunAsync(SupportMessageChecks.A_lost_commit_does_nothing_to_a_message);

    [Fact]
    public Task What_has_happened_is_counted_by_the_hour() => RunAsync(ActivityChecks.What_has_happened_is_counted_by_the_hour);

    [Fact]
    public Task What_has_happened_is_counted_once() => RunAsync(ActivityChecks.What_is_counted_once_is_not_counted_again);

    [Fact]
    public Task Whoever_has_fallen_behind_in_counting_catches_up_in_steps() => RunAsync(ActivityChecks.Who_has_fallen_behind_catches_up_in_steps);

    [Fact]
    public Task What_was_counted_long_ago_is_forgotten_and_nothing_else() => RunAsync(ActivityChecks.What_was_counted_long_ago_is_forgotten_and_nothing_else);

    [Fact]
    public Task A_node_counts_every_minute_and_keeps_the_country_of_an_SMS() => RunAsync(ActivityChecks.A_node_counts_every_minute_and_keeps_the_country_of_an_SMS);

    [Fact]
    public Task A_lost_commit_that_runs_as_one_batch_does_nothing_to_a_message_either() =>
        RunAsync(SupportMessageChecks.A_lost_commit_does_nothing_to_a_message, engine => new AsOneBatch(engine));

    [Fact]
    public async Task The_schema_is_brought_up_once_however_often_and_by_however_many()
    {
        await using var database = NewDatabase();
        await WithEnginesAsync(database, 4, async engines =>
        {
            await Task.WhenAll(engines.Select(engine => Task.Run(() => engine.MigrateAsync(Migrations.All, Ct))));
            await engines[0].MigrateAsync(Migrations.All, Ct);
            Assert.Equal(Migrations.All.Select(migration => (long)migration.Version), await VersionsAsync(engines[1]));
        });
    }

    [Fact]
    public async Task A_schema_of_a_later_program_is_left_alone()
    {
        await using var database = NewDatabase();
        await WithEnginesAsync(database, 1, async engines =>
        {
            var later = new Migration(Migrations.All[^1].Version + 1, "CREATE TABLE later (id BIGINT NOT NULL PRIMARY KEY)");
            await engines[0].MigrateAsync([.. Migrations.All, later], Ct);
            var before = await Sample.DumpAsync(engines[0]);

            var refused = await Assert.ThrowsAsync<SchemaTooNewException>(() => engines[0].MigrateAsync(Migrations.All, Ct));
            Assert.Contains($"schema version {later.Version}", refused.Message);
            Assert.Equal(before, await Sample.DumpAsync(engines[0]));
        });
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_the_schema_as_it_was()
    {
        await using var database = NewDatabase();
        await WithEnginesAsync(database, 1, async engines =>
        {
            await engines[0].MigrateAsync(Migrations.All, Ct);
            const string Half = "CREATE TABLE half (id BIGINT NOT NULL PRIMARY KEY)";
            var next = new Migration(Migrations.All[^1].Version + 1, $"{Half}; INSERT INTO half (id) VALUES (1), (1)");
            await Assert.ThrowsAnyAsync<Exception>(() => engines[0].MigrateAsync([.. Migrations.All, next], Ct));
            Assert.Equal(Migrations.All.Select(migration => (long)migration.Version), await VersionsAsync(engines[0]));

            // The mended one finds nothing in its way.
            await engines[0].MigrateAsync([.. Migrations.All, next with { Sql = Half }], Ct);
            Assert.Equal(next.Version, (await VersionsAsync(engines[0]))[^1]);
        });
    }

    [Fact]
    public async Task Nothing_is_read_or_stored_before_the_schema_is_there()
    {
        await using var database = NewDatabase();
        await WithEnginesAsync(database, 1, async engines =>
        {
            var unready = DatabaseOn(engines[0]);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => unready.PingAsync(Ct));
            await Assert.ThrowsAsync<StoreUnavailableException>(() => unready.TryCommitAsync(new SqlStatement("DELETE FROM accounts"), Ct));
            await unready.MigrateAsync(Ct);
            await unready.PingAsync(Ct);
        });
    }

    [Fact]
    public async Task The_clock_of_the_database_is_this_machine_s_where_both_are_on_it()
    {
        await using var database = NewDatabase();
        await WithEnginesAsync(database, 1, async engines =>
        {
            var before = TimeProvider.System.GetUtcNow();
            var found = await engines[0].FindClockAsync(Ct);
            // In whole milliseconds, and none where there is no clock but ours.
            if (database is PostgreSqlTestDatabase)
                Assert.InRange(found!.Value, before - TimeSpan.FromMilliseconds(1), TimeProvider.System.GetUtcNow());
            else
                Assert.Null(found);
        });
    }

    private protected abstract TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null);

    async Task RunAsync(Func<TestDatabase, Task> check, Func<ISqlEngine, ISqlEngine>? wrap = null)
    {
        await using var database = NewDatabase(wrap);
        await check(database);
    }

    static async Task WithEnginesAsync(TestDatabase database, int count, Func<ISqlEngine[], Task> test)
    {
        var engines = Enumerable.Range(0, count).Select(_ => database.NewEngine()).ToArray();
        try
        {
            await test(engines);
        }
        finally
        {
            foreach (var engine in engines.OfType<IAsyncDisposable>())
                await engine.DisposeAsync();
        }
    }

    static Database DatabaseOn(ISqlEngine engine)
    {
        var telemetry = new Telemetry(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>(), TimeProvider.System);
        return new Database(
            engine, new StoreClock(engine, Options.Create(new CountersignOptions()), TimeProvider.System, telemetry, NullLogger<StoreClock>.Instance));
    }

    static Task<List<long>> VersionsAsync(ISqlEngine engine) =>
        engine.ReadAsync(
            new SqlStatement("SELECT version FROM schema_versions ORDER BY version"),
            reader =>
            {
                var versions = new List<long>();
                while (reader.Read())
                    versions.Add(reader.GetInt64(0));
                return versions;
            },
            Ct);
}
