using System.Collections.Concurrent;
using System.Diagnostics;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Countersign.Tests.Faults;

public sealed class PostgreSqlFaultTests(ITestOutputHelper output) : IAsyncLifetime
{
    const string Email = "alice@example.com";
    const string Phone = "+4915112345678";
    const string Issuing = "/api/v1/token/userKeys/changing?keyType=EMAIL";
    const string Removing = "userKeys/removing?keyType=PHONE_NUMBER";

    /// <summary>The wait for a load and for a commit, 2 s each, with room for a busy machine.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(15);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    readonly LogLines log = new();
    PostgresServer postgres = null!;

    public async ValueTask InitializeAsync() => postgres = await PostgresServer.StartNewAsync("max_connections=20");

    public ValueTask DisposeAsync() => postgres.DisposeAsync();

    [Fact]
    public async Task A_server_starts_without_its_database_and_is_ready_when_that_comes()
    {
        await postgres.StopAsync();
        await using var server = await StartAsync();
        var alice = server.User();
        await AssertUnavailableAsync(() => alice.AccountAsync());
        Assert.Equal(503, await ReadyAsync(server));

        await postgres.StartAsync();
        await AssertRecoversAsync(server);
        Assert.Equal(200, (await alice.AccountAsync()).Status);
        Assert.Equal(200, await ReadyAsync(server));
    }

    [Fact]
    public async Task A_database_that_is_killed_under_load_is_unavailable_until_it_is_back_and_then_holds_what_was_acknowledged()
    {
        await using var server = await StartAsync();
        var users = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => server.UserWithAsync(new { email = $"user{i}@example.com" }, $"user{i}")));
        var answers = new ConcurrentQueue<(string UserId, int Status)>();
        using var end = new CancellationTokenSource();
        var load = users.Select(user => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
                answers.Enqueue((user.UserId, (await user.PostAsync(Issuing)).Status));
        })).ToList();

        for (var kill = 0; kill < 2; kill++)
        {
            await WaitForAsync(200, answers);
            await postgres.KillAsync();
            await WaitForAsync(503, answers);
            await postgres.StartAsync();
            await AssertRecoversAsync(server);
        }

        await end.CancelAsync();
        await Task.WhenAll(load);

        // Whatever was asked in the meantime has an answer that says what is known.
        Assert.Equal([200, 503], answers.Select(answer => answer.Status).Distinct().Order());
        foreach (var user in users)
        {
            var trail = await server.Service().GetAsync($"/api/v1/admin/accounts/{user.UserId}/events?limit=1000");
            var issued = trail.Body.EnumerateArray().Count(e => e.GetProperty("type").GetString() == "token_issued");
            var (acknowledged, unknown) = (Count(user, 200), Count(user, 503));
            Assert.InRange(issued, acknowledged, acknowledged + unknown);
        }

        int Count(TestUser user, int status) => answers.Count(answer => answer == (user.UserId, status));
    }

    [Fact]
    public async Task A_database_that_is_restarted_leaves_no_dead_connections_behind()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => alice.AccountAsync()));

        await postgres.StopAsync();
        await AssertUnavailableAsync(() => alice.AccountAsync());
        await postgres.StartAsync();
        await AssertRecoversAsync(server);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => alice.AccountAsync()));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
    }

    [Fact]
    public async Task A_right_that_was_missing_is_used_as_soon_as_it_is_there()
    {
        await postgres.ExecuteAsync("postgres", "CREATE ROLE node LOGIN SUPERUSER");
        await using var server = await StartAsync($"{postgres.ConnectionString("postgres", "node")};Maximum Pool Size=5");
        var alice = await server.UserWithAsync(new { email = Email });
        await postgres.ExecuteAsync("postgres", "ALTER ROLE node NOSUPERUSER; GRANT ALL ON ALL TABLES IN SCHEMA public TO node; REVOKE SELECT ON accounts FROM node");
        // So often that each connection prepares what it may not execute.
        for (var i = 0; i < 5; i++)
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AssertUnavailableAsync(() => alice.AccountAsync())));

        await postgres.ExecuteAsync("postgres", "GRANT SELECT ON accounts TO node");
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => alice.AccountAsync()));
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(200, (await alice.PostAsync("/api/v1/token/userKeys/changing?keyType=EMAIL")).Status);
    }

    [Fact]
    public async Task A_database_that_stands_still_is_unavailable_and_what_it_still_does_is_done_once()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone });
        var redeem = new { keyType = "PHONE_NUMBER", oneTimeToken = await alice.CodeAsync(Removing, Phone) };

        postgres.Suspend();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => AssertUnavailableAsync(() => alice.RedeemAsync("userKeys/removing", redeem))));
        postgres.Resume();
        await AssertRecoversAsync(server);

        // The first was on its way when nobody waited for it any more.
        var again = await alice.RedeemAsync("userKeys/removing", redeem);
        Assert.Equal((422, "token-invalid"), (again.Status, again.Code));
        var trail = await server.Service().GetAsync("/api/v1/admin/accounts/alice/events?limit=1000");
        Assert.Single(trail.Body.EnumerateArray(), e => e.GetProperty("type").GetString() == "user_key_removed");
    }

    /// <summary>Takes every free connection, then ends those of the server, whose places the next call takes. True where the server had none.</summary>
    async Task<bool> TakeAllAsync(List<NpgsqlConnection> others)
    {
        var isFull = false;
        while (!isFull)
        {
            var next = new NpgsqlConnection($"{postgres.ConnectionString("postgres")};Pooling=false");
            try
            {
                await next.OpenAsync(Ct);
                others.Add(next);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                await next.DisposeAsync();
                isFull = true;
            }
        }

        await using var ending = new NpgsqlCommand(
            "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'Countersign'", others[0]);
        return await ending.ExecuteScalarAsync(Ct) is 0L;
    }

    [Fact]
    public async Task A_database_without_a_free_connection_is_unavailable_until_there_is_one()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        await AwaitDeliveryAsync(alice);
        NpgsqlConnection.ClearAllPools();
        var others = new List<NpgsqlConnection>();
        try
        {
            await Eventually.ThatAsync(
                async () => await TakeAllAsync(others) && (await alice.AccountAsync()).Status == 503 && log.All.Contains("53300", StringComparison.Ordinal),
                "others have all connections");
            await AssertUnavailableAsync(() => alice.AccountAsync());
        }
        finally
        {
            foreach (var other in others)
                await other.DisposeAsync();
        }

        await AssertRecoversAsync(server);
        Assert.Equal(200, (await alice.AccountAsync()).Status);
    }

    [Theory]
    [InlineData("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", "57014", 30)]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", "57P01", 30)]
    [InlineData("SELECT 1", "canceling statement due to statement timeout", 6)]
    [Trait("ASVS", "2.3.3")]
    [Trait("ASVS", "16.3.4")]
    [Trait("ASVS", "16.5.3")]
    public async Task A_commit_that_is_cancelled_or_waits_too_long_changes_nothing(string meanwhile, string reason, int commandTimeout)
    {
        await using var server = await StartAsync($"{postgres.ConnectionString("postgres")};Command Timeout={commandTimeout}");
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone });
        var redeem = new { keyType = "PHONE_NUMBER", oneTimeToken = await alice.CodeAsync(Removing, Phone) };
        await AwaitDeliveryAsync(alice);

        await using (var other = new NpgsqlConnection($"{postgres.ConnectionString("postgres")};Pooling=false"))
        {
            await other.OpenAsync(Ct);
            await using var transaction = await other.BeginTransactionAsync(Ct);
            await using var locking = new NpgsqlCommand("SELECT 1 FROM accounts FOR UPDATE", other);
            await locking.ExecuteScalarAsync(Ct);

            var redeeming = AssertUnavailableAsync(() => alice.RedeemAsync("userKeys/removing", redeem));
            await Eventually.ThatAsync(
                async () => await postgres.ScalarAsync("postgres", "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") is > 0L,
                "the commit waits");
            await postgres.ExecuteAsync("postgres", meanwhile);
            await redeeming;
            Assert.Contains(reason, log.All, StringComparison.Ordinal);
        }

        Assert.Equal(2, (await alice.AccountAsync()).Body.GetProperty("userKeys").GetArrayLength());
        Assert.Equal(200, (await alice.RedeemAsync("userKeys/removing", redeem)).Status);
    }

    [Fact]
    [Trait("ASVS", "2.3.3")]
    [Trait("Attack", "22")]
    public async Task A_commit_whose_answer_was_lost_is_unavailable_and_was_made_once()
    {
        await using var proxy = new CuttingProxy(postgres.Port);
        // One write for the whole commit: of one that comes in pieces, the first would be cut off from the rest, and nothing committed.
        await using var server = await StartAsync($"Host=127.0.0.1;Port={proxy.Port};Username=countersign;Database=postgres;Max Auto Prepare=0;Write Buffer Size=65536");
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone });
        var redeem = new { keyType = "PHONE_NUMBER", oneTimeToken = await alice.CodeAsync(Removing, Phone) };
        await AwaitDeliveryAsync(alice);

        proxy.CutAfter("UPDATE accounts");
        await AssertUnavailableAsync(() => alice.RedeemAsync("userKeys/removing", redeem));
        Assert.True(proxy.HasCut);

        var account = await alice.AccountAsync();
        Assert.Equal(1, account.Body.GetProperty("userKeys").GetArrayLength());
        var again = await alice.RedeemAsync("userKeys/removing", redeem);
        Assert.Equal((422, "token-invalid"), (again.Status, again.Code));
        var trail = await server.Service().GetAsync("/api/v1/admin/accounts/alice/events?limit=1000");
        Assert.Single(trail.Body.EnumerateArray(), e => e.GetProperty("type").GetString() == "user_key_removed");
        // This node does not know of the notices: they go out when its lease on them has run out.
        Assert.Equal(2L, await postgres.ScalarAsync("postgres", "SELECT COUNT(*) FROM outbox WHERE kind = 'KeyRemoved' AND state = 'QUEUED'"));
    }

    [Fact]
    [Trait("Attack", "22")]
    public async Task Who_asks_again_under_the_same_key_after_a_lost_answer_gets_it_and_who_has_none_is_served_twice()
    {
        await using var proxy = new CuttingProxy(postgres.Port);
        await using var server = await StartAsync($"Host=127.0.0.1;Port={proxy.Port};Username=countersign;Database=postgres;Max Auto Prepare=0;Write Buffer Size=65536");
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone });
        Task<Answer> IssueAsync(string? key)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, Issuing);
            if (key is not null)
                request.Headers.Add("Idempotency-Key", key);
            return alice.SendAsync(request);
        }

        async Task CutAsync(string? key)
        {
            proxy.CutAfter("UPDATE accounts");
            await AssertUnavailableAsync(() => IssueAsync(key));
            Assert.True(proxy.HasCut);
        }

        async Task AssertIssuedAsync(long tokens)
        {
            Assert.Equal(tokens, await postgres.ScalarAsync("postgres", "SELECT COUNT(*) FROM audit_events WHERE type = 'token_issued'"));
            Assert.Equal(tokens, await postgres.ScalarAsync("postgres", "SELECT COUNT(*) FROM outbox WHERE carries_code = 1"));
        }

        await CutAsync("\"key\"");
        await AssertIssuedAsync(1);
        var answer = await IssueAsync("\"key\"");
        Assert.Equal(200, answer.Status);
        Assert.Equal(answer.Text, (await IssueAsync("\"key\"")).Text);
        Assert.Equal(
            answer.Body.GetProperty("reference").GetString(),
            Assert.Single((await alice.AccountAsync()).Body.GetProperty("pendingOperations").EnumerateArray()).GetProperty("reference").GetString());
        await AssertIssuedAsync(1);

        await CutAsync(null);
        Assert.Equal(200, (await IssueAsync(null)).Status);
        await AssertIssuedAsync(3);
    }

    Task<TestServer> StartAsync(string? connectionString = null) => TestServer.StartAsync(new TestServer.Setup
    {
        Settings = [$"ConnectionStrings:PostgreSql={connectionString ?? postgres.ConnectionString("postgres")}", "Countersign:Limits:IssuesPerHour=1000000"],
        Configure = builder => builder.Logging.AddProvider(log),
    });

    static async Task AssertUnavailableAsync(Func<Task<Answer>> ask)
    {
        var clock = Stopwatch.StartNew();
        var answer = await ask();
        Assert.Equal((503, "unavailable"), (answer.Status, answer.Code));
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.True(clock.Elapsed < Patience, $"The answer took {clock.Elapsed}.");
    }

    /// <summary>Ready, and every request served from then on.</summary>
    async Task AssertRecoversAsync(TestServer server)
    {
        var clock = Stopwatch.StartNew();
        await Eventually.ThatAsync(async () => await ReadyAsync(server) == 200, "the server is ready again", Recovery);
        output.WriteLine($"Ready {clock.Elapsed.TotalSeconds:0.0} s after the database.");
    }

    static async Task<int> ReadyAsync(TestServer server) => (int)(await server.Http.GetAsync("/health/ready")).StatusCode;

    /// <summary>Nothing of the dispatcher's own is under way that could meet the fault instead.</summary>
    async Task AwaitDeliveryAsync(TestUser user) => await Eventually.ThatAsync(
        async () => (await user.AccountAsync()).Status == 200
            && await postgres.ScalarAsync("postgres", "SELECT COUNT(*) FROM outbox WHERE state = 'QUEUED'") is 0L,
        "everything is sent");

    static async Task WaitForAsync(int status, ConcurrentQueue<(string UserId, int Status)> answers)
    {
        var before = answers.Count;
        await Eventually.ThatAsync(() => answers.Skip(before).Any(answer => answer.Status == status), $"there are answers {status}");
    }
}
