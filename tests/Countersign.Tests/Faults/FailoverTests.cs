using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Faults;

/// <summary>A standby that was behind takes over: it does not know of what the primary had answered last.</summary>
public sealed class FailoverTests
{
    const string Email = "alice@example.com";
    const string Phone = "+4915112345678";
    const string Removing = "userKeys/removing?keyType=EMAIL";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("ASVS", "6.5.1")]
    [Trait("Attack", "21")]
    public async Task A_token_that_the_promoted_standby_has_forgotten_to_be_redeemed_is_refused()
    {
        await using var pair = await Pair.StartAsync();
        await using var server = await pair.StartServerAsync();
        var (alice, redeem) = await RedeemAndFailOverAsync(server, pair);

        var again = await OnceThereAsync(() => alice.RedeemAsync("userKeys/removing", redeem));
        Assert.Equal((422, "token-invalid"), (again.Status, again.Code));
        // The standby never heard of the change, and the account says so: nothing is half done.
        var account = await alice.AccountAsync();
        Assert.Equal(2, account.Body.GetProperty("userKeys").GetArrayLength());
        Assert.Equal(0, account.Body.GetProperty("pendingOperations").GetArrayLength());

        // Another token is one of the new primary's own.
        var code = await alice.CodeAsync(Removing, Email);
        Assert.Equal(200, (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).Status);
    }

    [Fact]
    public async Task Without_the_timeline_the_promoted_standby_would_redeem_it_again()
    {
        await using var pair = await Pair.StartAsync();
        await using var server = await pair.StartServerAsync();
        await pair.Primary.ExecuteAsync(Pair.Database, "CREATE OR REPLACE VIEW store_timeline AS SELECT 1::bigint AS timeline");
        var (alice, redeem) = await RedeemAndFailOverAsync(server, pair);

        var again = await OnceThereAsync(() => alice.RedeemAsync("userKeys/removing", redeem));
        Assert.Equal(200, again.Status);
    }

    [Fact]
    public async Task A_standby_takes_no_requests()
    {
        await using var pair = await Pair.StartAsync();
        await using (await pair.StartServerAsync())
            await pair.CatchUpAsync();
        await using var server = await TestServer.StartAsync($"ConnectionStrings:PostgreSql={pair.Standby.ConnectionString(Pair.Database)}");

        var answer = await server.User().AccountAsync();
        Assert.Equal((503, "unavailable"), (answer.Status, answer.Code));
    }

    static async Task<(TestUser Alice, object Redeem)> RedeemAndFailOverAsync(TestServer server, Pair pair)
    {
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone });
        var redeem = new { keyType = "EMAIL", oneTimeToken = await alice.CodeAsync(Removing, Email) };
        await pair.CatchUpAsync();
        await pair.StopReplicationAsync();

        Assert.Equal(200, (await alice.RedeemAsync("userKeys/removing", redeem)).Status);
        await pair.Primary.KillAsync();
        await pair.Standby.PromoteAsync();
        return (alice, redeem);
    }

    /// <summary>Until the server has found the new primary, it says that it cannot say.</summary>
    static async Task<Answer> OnceThereAsync(Func<Task<Answer>> ask)
    {
        Answer? answer = null;
        await Eventually.ThatAsync(async () => (answer = await ask()).Status != 503, "the server has found the new primary", Patience);
        return answer!;
    }

    sealed class Pair(PostgresServer primary, PostgresServer standby) : IAsyncDisposable
    {
        public const string Database = "countersign";

        public PostgresServer Primary => primary;

        public PostgresServer Standby => standby;

        public static async Task<Pair> StartAsync()
        {
            var primary = await PostgresServer.StartNewAsync();
            try
            {
                await primary.ExecuteAsync("postgres", $"CREATE DATABASE {Database}");
                return new Pair(primary, await PostgresServer.StartStandbyAsync(primary));
            }
            catch
            {
                await primary.DisposeAsync();
                throw;
            }
        }

        /// <summary>It knows both, and asks whichever takes writes.</summary>
        public Task<TestServer> StartServerAsync() => TestServer.StartAsync(
            $"ConnectionStrings:PostgreSql=Host=127.0.0.1:{Primary.Port},127.0.0.1:{Standby.Port};Username=countersign;Database={Database};Host Recheck Seconds=1");

        public async Task CatchUpAsync()
        {
            var written = await Primary.ScalarAsync("postgres", "SELECT pg_current_wal_insert_lsn()::text");
            await Eventually.ThatAsync(
                async () => await Standby.ScalarAsync("postgres", $"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn") is true,
                "the standby has caught up",
                Patience);
        }

        public async Task StopReplicationAsync()
        {
            await Standby.ExecuteAsync("postgres", "ALTER SYSTEM SET primary_conninfo = ''");
            await Standby.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
            await Eventually.ThatAsync(
                async () => await Standby.ScalarAsync("postgres", "SELECT COUNT(*) FROM pg_stat_wal_receiver") is 0L, "the standby receives no more", Patience);
        }

        public async ValueTask DisposeAsync()
        {
            await standby.DisposeAsync();
            await primary.DisposeAsync();
        }
    }
}
