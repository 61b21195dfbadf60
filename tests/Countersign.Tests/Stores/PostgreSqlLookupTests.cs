using System.Data.Common;
using Countersign.PostgreSql;
using Countersign.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Countersign.Tests.Stores;

/// <summary>What becomes of lookups that go to PostgreSQL together.</summary>
public sealed class PostgreSqlLookupTests : IAsyncLifetime
{
    /// <summary>Of the transaction's beginning: the same for all that go together.</summary>
    const string Beginning = "SELECT (EXTRACT(EPOCH FROM now()) * 1000000)::BIGINT";

    /// <summary>As long as <see cref="HoldAsync"/> holds the lock.</summary>
    const string WaitingForLock = $"SELECT 1::BIGINT FROM (SELECT pg_advisory_xact_lock_shared({Lock})) AS locked";

    const string Lock = "hashtext(current_schema()::TEXT)";

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    readonly PostgreSqlTestDatabase database = PostgreSqlTestDatabase.New(null);
    PostgreSqlEngine engine = null!;
    NpgsqlConnection holder = null!;

    public async ValueTask InitializeAsync()
    {
        engine = new PostgreSqlEngine(PostgreSqlSettings.Complete(database.ConnectionString), NullLoggerFactory.Instance);
        holder = new NpgsqlConnection(database.ConnectionString);
        await holder.OpenAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await holder.DisposeAsync();
        await engine.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Lookups_that_come_while_others_are_on_their_way_go_together()
    {
        var lookups = await LookUpTogetherAsync([.. Enumerable.Repeat(() => LookUp(Beginning), 5)]);

        Assert.Single((await Task.WhenAll(lookups)).Distinct());
    }

    [Fact]
    public async Task A_lookup_need_not_wait_for_one_that_is_on_its_way()
    {
        await HoldAsync();
        var busy = LookUp(WaitingForLock);
        await LookUp(Beginning).WaitAsync(Ct);

        Assert.False(busy.IsCompleted);
        await ReleaseAsync();
        Assert.Equal(1, await busy);
    }

    [Fact]
    public async Task Any_other_read_waits_for_no_lookup()
    {
        await HoldAsync();
        var busy = new[] { LookUp(WaitingForLock), LookUp(WaitingForLock), LookUp(Beginning) };
        await engine.ReadAsync(new SqlStatement(Beginning), reader => reader.Read(), Ct);

        Assert.All(busy, lookup => Assert.False(lookup.IsCompleted));
        await ReleaseAsync();
        await Task.WhenAll(busy);
    }

    [Fact]
    public async Task A_lookup_that_fails_costs_those_that_go_with_it_nothing()
    {
        var lookups = await LookUpTogetherAsync(
            () => LookUp("SELECT 1::BIGINT"),
            () => LookUp("SELECT 2::BIGINT"),
            () => LookUp("SELECT 3::BIGINT / 0"),
            () => LookUp("SELECT 4::BIGINT"),
            () => LookUp("SELECT 'five'::BIGINT"),
            () => LookUp("SELECT 6::BIGINT"));

        Assert.Equal(new long[] { 1, 2, 4, 6 }, await Task.WhenAll(lookups[0], lookups[1], lookups[3], lookups[5]));
        Assert.Equal("22012", (await Assert.ThrowsAsync<PostgresException>(() => lookups[2])).SqlState);
        Assert.Equal("22P02", (await Assert.ThrowsAsync<PostgresException>(() => lookups[4])).SqlState);
        // On each connection that may have met the error.
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => LookUp("SELECT 2::BIGINT"))), found => Assert.Equal(2, found));
    }

    [Fact]
    public async Task What_the_reading_of_one_throws_is_for_its_caller_alone()
    {
        var lookups = await LookUpTogetherAsync(
            () => LookUp("SELECT 1::BIGINT"),
            () => LookUp("SELECT 'two'"),
            () => LookUp("SELECT 3::BIGINT WHERE FALSE"),
            () => LookUp("SELECT 4::BIGINT"));

        Assert.Equal(new long[] { 1, 4 }, await Task.WhenAll(lookups[0], lookups[3]));
        await Assert.ThrowsAsync<InvalidCastException>(() => lookups[1]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => lookups[2]);
        Assert.Equal(5, await LookUp("SELECT 5::BIGINT"));
    }

    [Fact]
    public async Task A_caller_that_leaves_leaves_the_others_be()
    {
        using var leaving = new CancellationTokenSource();
        var lookups = await LookUpTogetherAsync(
            () => LookUp("SELECT 1::BIGINT"),
            () => LookUp("SELECT 2::BIGINT", leaving.Token),
            () =>
            {
                leaving.Cancel();
                return LookUp("SELECT 3::BIGINT");
            });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lookups[1]);
        Assert.Equal(new long[] { 1, 3 }, await Task.WhenAll(lookups[0], lookups[2]));
    }

    [Fact]
    public async Task What_is_read_for_others_is_no_part_of_the_request_that_came_first()
    {
        var request = new AsyncLocal<string?>();
        await HoldAsync();
        request.Value = "first";
        var busy = new[] { LookUp(WaitingForLock), LookUp(WaitingForLock) };
        request.Value = "second";
        var seen = engine.ReadAsync(new SqlStatement("SELECT 1") { IsLookup = true }, _ => request.Value, Ct);
        request.Value = null;
        await ReleaseAsync();

        Assert.Null(await seen);
        await Task.WhenAll(busy);
    }

    [Fact]
    public async Task Where_the_database_goes_those_that_wait_are_told_at_once_and_those_that_come_later_find_it_back()
    {
        await HoldAsync();
        var lookups = Enumerable.Range(0, 2).Select(_ => LookUp(WaitingForLock)).Concat(Enumerable.Range(0, 5).Select(_ => LookUp(Beginning))).ToArray();
        await Eventually.ThatAsync(async () => await CountBlockedAsync("pid") == 2, "both readers wait for the lock");
        Assert.Equal(2, await CountBlockedAsync("NULLIF(pg_terminate_backend(pid), FALSE)"));

        foreach (var lookup in lookups)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => lookup);
        await ReleaseAsync();
        Assert.Equal(1, await LookUp(WaitingForLock));
    }

    [Fact]
    public async Task A_statement_that_comes_twice_in_a_round_trip_is_planned_once()
    {
        // One connection, which shows what is prepared on it.
        await using var single = new PostgreSqlEngine(
            PostgreSqlSettings.Complete($"{database.ConnectionString};Maximum Pool Size=1"), NullLoggerFactory.Instance);
        for (var i = 1L; i <= 8; i++)
        {
            var (one, other) = (Adding(i), Adding(-i));
            Assert.Equal((1000 + i, 1000 - i), await single.ReadBothAsync(one, Single, other, Single, Ct));
        }

        Assert.Equal(1, await single.ReadAsync(new SqlStatement("SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE '%+ 1000'"), Single, Ct));

        static SqlStatement Adding(long n) => new("SELECT @n + 1000", ("@n", n)) { IsLookup = true };
    }

    Task<long> LookUp(string text, CancellationToken? ct = null) => engine.ReadAsync(new SqlStatement(text) { IsLookup = true }, Single, ct ?? Ct);

    /// <summary>While both readers are busy.</summary>
    async Task<Task<long>[]> LookUpTogetherAsync(params Func<Task<long>>[] lookups)
    {
        await HoldAsync();
        var busy = new[] { LookUp(WaitingForLock), LookUp(WaitingForLock) };
        Task<long>[] waiting = [.. lookups.Select(lookUp => lookUp())];
        await ReleaseAsync();
        Assert.Equal(new long[] { 1, 1 }, await Task.WhenAll(busy));
        return waiting;
    }

    static long Single(DbDataReader reader) => reader.Read() ? reader.GetInt64(0) : throw new InvalidOperationException("no row");

    async Task HoldAsync() => await ExecuteAsync($"SELECT pg_advisory_lock({Lock})");

    async Task ReleaseAsync() => await ExecuteAsync($"SELECT pg_advisory_unlock({Lock})");

    /// <param name="counted">Of a connection that waits for the lock, unless it is null.</param>
    async Task<long> CountBlockedAsync(string counted) =>
        (long)(await ExecuteAsync($"""
            WITH blocked AS MATERIALIZED (SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))
            SELECT COUNT({counted}) FROM blocked
            """))!;

    async Task<object?> ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, holder);
        return await command.ExecuteScalarAsync(Ct);
    }
}
