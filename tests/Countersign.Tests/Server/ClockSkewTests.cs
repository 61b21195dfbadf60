using Countersign.Stores;
using Countersign.Tests.Faults;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Server;

/// <summary>Attack 19: one clock, the store's; whoever has another one serves nobody.</summary>
public sealed class ClockSkewTests
{
    const string Email = "alice@example.com";
    const string TwoSeconds = "Countersign:Tokens:Lifetime=00:00:02";

    [Theory]
    [InlineData(-5, "300.0 s behind the database's")]
    [InlineData(5, "300.0 s ahead of the database's")]
    [Trait("ASVS", "16.2.2")]
    [Trait("Attack", "19")]
    public async Task A_node_that_is_five_minutes_off_is_not_ready_accepts_nothing_and_says_why(int minutes, string reason)
    {
        using var folder = new TestFolder();
        var database = await DatabaseAsync();
        await using var right = await StartAsync(folder, database, new SkewedClock());
        using var log = new LogLines();
        await using var wrong = await StartAsync(folder, database, new SkewedClock { Ahead = TimeSpan.FromMinutes(minutes) }, log);
        await right.UserWithAsync(new { email = Email });

        Assert.Equal(200, await ReadyAsync(right));
        Assert.Equal(503, await ReadyAsync(wrong));
        Assert.Equal(200, (int)(await wrong.Http.GetAsync("/health/live", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Contains(log.Errors, line => line.Contains(reason, StringComparison.Ordinal) && line.Contains("5 s are allowed (Countersign:Clock:MaxSkew). Set it right (NTP)", StringComparison.Ordinal));

        var alice = wrong.User();
        foreach (var answer in new[]
        {
            await alice.AccountAsync(), await alice.IssueAsync("userKeys/changing?keyType=EMAIL"), await alice.ResendAsync("userKeys/changing", "EMAIL"),
            await alice.CancelAsync("userKeys/changing", "EMAIL"), await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = "000000" }),
            await wrong.Service().PutAsync("/api/v1/admin/accounts/bob", new { email = "bob@example.com" }), await wrong.Service().GetAsync("/api/v1/admin/accounts/alice/holds"),
        })
        {
            answer.IsRefused(503, "unavailable");
            Assert.Equal(2, answer.RetryAfter());
        }

        using var form = new FormUrlEncodedContent([new("token", new string('A', 43))]);
        Assert.Equal(503, (await wrong.SendAsync("POST", "/undo", content: form)).Status);
        Assert.Single(await right.EventsAsync("alice"));
    }

    [Fact]
    [Trait("Attack", "19")]
    public async Task A_node_that_is_behind_redeems_nothing_that_has_expired_by_the_database_s_clock()
    {
        using var folder = new TestFolder();
        var database = await DatabaseAsync();
        await using var right = await StartAsync(folder, database, new SkewedClock(), null, TwoSeconds);
        var behind = new SkewedClock { Ahead = TimeSpan.FromMinutes(-5) };
        await using var wrong = await StartAsync(folder, database, behind, null, TwoSeconds);
        await using var careless = await StartAsync(folder, database, behind, null, TwoSeconds, "Countersign:Clock:MaxSkew=00:00:00");
        await right.UserWithAsync(new { email = Email });
        var alice = right.User();
        var code = await alice.CodeAsync("mfa/enabling", Email, new { destination = "EMAIL" });
        await Eventually.ThatAsync(async () => !(await alice.AccountAsync()).Pending().Any(), "the token has expired");

        var redeeming = new { destination = "EMAIL", oneTimeToken = code };
        (await wrong.User().RedeemAsync("mfa/enabling", redeeming)).IsRefused(503, "unavailable");
        (await alice.RedeemAsync("mfa/enabling", redeeming)).IsRefused(422, "token-invalid");
        Assert.False((await alice.AccountAsync()).HasMfa("EMAIL"));
        // This is what a node would do that did not compare.
        (await careless.User().RedeemAsync("mfa/enabling", redeeming)).IsOk();
    }

    [Fact]
    [Trait("Attack", "19")]
    public async Task A_clock_that_is_set_wrong_is_noticed_at_the_next_request_and_one_that_is_set_right_within_seconds()
    {
        using var folder = new TestFolder();
        using var log = new LogLines();
        var clock = new SkewedClock();
        await using var node = await StartAsync(folder, await DatabaseAsync(), clock, log);
        var alice = await node.UserWithAsync(new { email = Email });
        foreach (var minutes in new[] { 5, -5 })
        {
            clock.Ahead = TimeSpan.FromMinutes(minutes);
            Assert.Equal(503, await ReadyAsync(node));
            (await node.User().AccountAsync()).IsRefused(503, "unavailable");

            clock.Ahead = TimeSpan.Zero;
            await Eventually.ThatAsync(async () => await ReadyAsync(node) == 200, "the node is ready");
            (await alice.AccountAsync()).IsOk();
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public async Task A_node_within_the_bound_serves(int seconds)
    {
        using var folder = new TestFolder();
        await using var node = await StartAsync(folder, await DatabaseAsync(), new SkewedClock { Ahead = TimeSpan.FromSeconds(seconds) });
        Assert.Equal(200, await ReadyAsync(node));
        var alice = await node.UserWithAsync(new { email = Email });
        var code = await alice.CodeAsync("mfa/enabling", Email, new { destination = "EMAIL" });
        (await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk();
        Assert.Contains("countersign_clock_ahead_seconds", await node.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_SQLite_there_is_one_clock_and_nothing_to_compare()
    {
        using var folder = new TestFolder();
        await using var node = await StartAsync(folder, null, new SkewedClock { Ahead = TimeSpan.FromMinutes(5) });
        (await (await node.UserWithAsync(new { email = Email })).AccountAsync()).IsOk();
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(10_000, 10_000, 10_000)]
    [InlineData(-10_000, -10_000, -10_000)]
    [InlineData(-100, 3_000, 0)]
    [InlineData(4_000, 9_000, 4_000)]
    [InlineData(-9_000, -4_000, -4_000)]
    public void The_time_that_a_question_took_is_no_skew(int beforeIsAhead, int afterIsAhead, int ahead)
    {
        var database = new TestClock().Now;
        Assert.Equal(
            TimeSpan.FromMilliseconds(ahead),
            StoreClock.AheadOf(database, database + TimeSpan.FromMilliseconds(beforeIsAhead), database + TimeSpan.FromMilliseconds(afterIsAhead)));
    }

    static async Task<string> DatabaseAsync() => $"ConnectionStrings:PostgreSql={await SharedPostgres.NewDatabaseAsync()}";

    static Task<TestServer> StartAsync(TestFolder folder, string? database, TimeProvider clock, ILoggerProvider? log = null, params string[] settings) =>
        TestServer.StartAsync(new TestServer.Setup
        {
            Folder = folder,
            Settings = [.. database is null ? Array.Empty<string>() : [database], .. settings],
            Configure = builder =>
            {
                builder.Services.AddSingleton(clock);
                if (log is not null)
                    builder.Logging.AddProvider(log);
            },
        });

    static async Task<int> ReadyAsync(TestServer server) => (int)(await server.Http.GetAsync("/health/ready")).StatusCode;
}
