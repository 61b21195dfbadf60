using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Npgsql;

namespace Countersign.Tests.Server;

public sealed class PostgreSqlTests
{
    const string Email = "alice@example.com";
    const string Phone = "+4915112345678";
    const string Role = "application";

    [Fact]
    public async Task Nodes_that_start_at_once_on_an_empty_database_serve_the_same_accounts()
    {
        var setting = $"ConnectionStrings:PostgreSql={await SharedPostgres.NewDatabaseAsync()};Maximum Pool Size=4";
        using var folder = new TestFolder();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() =>
            TestServer.StartAsync(new TestServer.Setup { Folder = folder, Settings = [setting] }))));
        try
        {
            await nodes[0].UserWithAsync(new { email = Email, phoneNumber = Phone });
            foreach (var (node, i) in nodes.Select((node, i) => (node, i)))
            {
                var removing = i % 2 == 0;
                var code = await node.User().CodeAsync(removing ? "userKeys/removing?keyType=PHONE_NUMBER" : $"userKeys/adding/phoneNumber?newPhoneNumber={Phone}", Phone);
                var other = nodes[(i + 1) % nodes.Length].User();
                var redeemed = removing
                    ? await other.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = code })
                    : await other.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code });
                Assert.True(redeemed.Status == 200, redeemed.Text);
            }
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    [Fact]
    [Trait("ASVS", "6.5.1")]
    [Trait("Attack", "1")]
    public async Task One_token_that_three_nodes_are_asked_to_redeem_at_once_is_redeemed_once()
    {
        var setting = $"ConnectionStrings:PostgreSql={await SharedPostgres.NewDatabaseAsync()}";
        using var folder = new TestFolder();
        var setup = new TestServer.Setup { Folder = folder, Settings = [setting] };
        await using var first = await TestServer.StartAsync(setup);
        await using var second = await TestServer.StartAsync(setup);
        await using var third = await TestServer.StartAsync(setup);
        var alice = await first.UserWithAsync(new { email = Email, phoneNumber = Phone });
        TestUser[] racers = [.. Enumerable.Range(0, 66).Select(i => new[] { alice, second.User(), third.User() }[i % 3])];
        for (var round = 0; round < 5; round++)
        {
            var enabling = round % 2 == 0 ? "enabling" : "disabling";
            var code = await alice.CodeAsync($"mfa/{enabling}", Email, new { destination = "EMAIL" });
            var answers = await Task.WhenAll(racers.Select(racer =>
                racer.RedeemAsync($"mfa/{enabling}", new { destination = "EMAIL", oneTimeToken = code })));
            Assert.Single(answers, answer => answer.Status == 200);
            Assert.All(answers, answer => Assert.True(answer.Status is 200 or 422, answer.Text));
        }
    }

    [Fact]
    public async Task The_schema_is_checked_and_brought_up_by_a_command()
    {
        var setting = $"--ConnectionStrings:PostgreSql={await SharedPostgres.NewDatabaseAsync()}";
        using var folder = new TestFolder();
        var version = Countersign.Stores.Migrations.All[^1].Version;
        var store = $"PostgreSQL ({new NpgsqlConnectionStringBuilder(setting.Split('=', 2)[1]).Database} at 127.0.0.1): the schema";

        var missing = await ServerProcess.RunAsync(folder, "migrate", "--check", setting);
        Assert.Equal((1, $"{store} is at version 0, and this program needs {version}. Run: Countersign.Server migrate\n"), (missing.ExitCode, missing.Output));
        var brought = await ServerProcess.RunAsync(folder, "migrate", setting);
        Assert.Equal((0, $"{store} was brought from version 0 to {version}.\n"), (brought.ExitCode, brought.Output));
        var there = await ServerProcess.RunAsync(folder, "migrate", "--check", setting);
        Assert.Equal((0, $"{store} is up to date, at version {version}.\n"), (there.ExitCode, there.Output));
        var again = await ServerProcess.RunAsync(folder, "migrate", setting);
        Assert.Equal((0, $"{store} was up to date, at version {version}.\n"), (again.ExitCode, again.Output));

        var unreachable = await ServerProcess.RunAsync(folder, "migrate", "--ConnectionStrings:PostgreSql=Host=127.0.0.1;Port=1;Username=x");
        Assert.Equal((1, ""), (unreachable.ExitCode, unreachable.Output));
        Assert.Contains(": the schema cannot be brought up. PostgreSQL cannot be asked: Failed to connect", Assert.Single(unreachable.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("ASVS", "13.2.2")]
    public async Task A_node_whose_role_may_not_change_the_schema_waits_for_it_and_needs_no_more_afterwards()
    {
        var (owner, application) = await NewDatabaseWithRoleAsync();
        await using var server = await TestServer.StartAsync($"ConnectionStrings:PostgreSql={application}");
        Assert.Equal(503, (await server.User().AccountAsync()).Status);

        using var folder = new TestFolder();
        var refused = await ServerProcess.RunAsync(folder, "migrate", $"--ConnectionStrings:PostgreSql={application}");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("may not change it. Run Countersign.Server migrate as a role that may.", refused.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await ServerProcess.RunAsync(folder, "migrate", $"--ConnectionStrings:PostgreSql={owner}")).ExitCode);
        // As docs/operating.md says.
        await ExecuteAsync(
            owner,
            $"""
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {Role};
            REVOKE INSERT, UPDATE, DELETE ON schema_versions FROM {Role};
            REVOKE UPDATE, DELETE ON audit_events FROM {Role};
            """);
        await Eventually.ThatAsync(async () => (await server.Http.GetAsync("/health/ready")).IsSuccessStatusCode, "the node is ready");

        var alice = await server.UserWithAsync(new { email = Email });
        await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = await alice.CodeAsync($"userKeys/adding/phoneNumber?newPhoneNumber={Phone}", Phone) });
        await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = await alice.CodeAsync("antiPhishing/adding", Email), antiPhishingCode = "mycode12" });
        Assert.Equal(422, (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = "000000" })).Status);
        var account = await server.Service().GetAsync("/api/v1/admin/accounts/alice");
        Assert.Equal("mycode12", account.Body.GetProperty("antiPhishingCode").GetString());
        Assert.Equal(2, account.Body.GetProperty("userKeys").GetArrayLength());
        Assert.Equal(204, (await server.Service().DeleteAsync("/api/v1/admin/accounts/alice")).Status);
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(application, "CREATE TABLE mine (id INT)"));
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(application, "DELETE FROM audit_events"));
    }

    [Fact]
    public async Task A_node_does_not_read_the_types_of_a_database_that_it_shares()
    {
        var (owner, application) = await NewDatabaseWithRoleAsync();
        await ExecuteAsync(owner, $"GRANT CREATE ON SCHEMA public TO {Role}; REVOKE SELECT ON pg_type FROM PUBLIC");

        await using var server = await TestServer.StartAsync($"ConnectionStrings:PostgreSql={application}");
        var alice = await server.UserWithAsync(new { email = Email });
        Assert.Equal(200, (await alice.AccountAsync()).Status);
    }

    [Fact]
    public async Task A_node_goes_on_after_a_later_version_has_added_to_the_schema_and_starts_no_more()
    {
        var database = await SharedPostgres.NewDatabaseAsync();
        var setting = $"ConnectionStrings:PostgreSql={database}";
        await using var server = await TestServer.StartAsync(setting);
        var alice = await server.UserWithAsync(new { email = Email });
        // Often enough that its statements are prepared.
        for (var i = 0; i < 4; i++)
            await ChangeAsync();

        var later = Countersign.Stores.Migrations.All[^1].Version + 1;
        await ExecuteAsync(
            database,
            $"""
            ALTER TABLE accounts ADD COLUMN later TEXT;
            ALTER TABLE one_time_tokens ADD COLUMN later BIGINT NOT NULL DEFAULT 0;
            CREATE TABLE later (user_id TEXT NOT NULL PRIMARY KEY);
            INSERT INTO schema_versions (version) VALUES ({later});
            """);
        for (var i = 0; i < 4; i++)
            await ChangeAsync();

        using var folder = new TestFolder();
        var restarted = await ServerProcess.RunAsync(folder, "--environment=Development", "--urls=http://127.0.0.1:0", $"--{setting}");
        Assert.Equal(1, restarted.ExitCode);
        Assert.StartsWith($"Countersign does not start: The database has schema version {later};", Assert.Single(restarted.ErrorLines), StringComparison.Ordinal);

        async Task ChangeAsync()
        {
            foreach (var step in new[] { "enabling", "disabling" })
            {
                var code = await alice.CodeAsync($"mfa/{step}", Email, new { destination = "EMAIL" });
                Assert.Equal(200, (await alice.RedeemAsync($"mfa/{step}", new { destination = "EMAIL", oneTimeToken = code })).Status);
            }
        }
    }

    [Fact]
    public async Task Behind_PgBouncer_in_transaction_mode_it_works()
    {
        // As docs/operating.md says.
        const string options = ";Max Auto Prepare=0";
        var direct = new NpgsqlConnectionStringBuilder(await SharedPostgres.NewDatabaseAsync());
        await using var bouncer = await PgBouncer.StartAsync(await SharedPostgres.GetAsync());
        direct.Port = bouncer.Port;
        await using var server = await TestServer.StartAsync($"ConnectionStrings:PostgreSql={direct.ConnectionString}{options}");

        // More at once than PgBouncer has connections, so that statements of one node meet on the same.
        var users = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            var (email, phone) = ($"user{i}@example.com", $"+49151{i:00000000}");
            var user = await server.UserWithAsync(new { email, phoneNumber = phone }, $"user{i}");
            for (var round = 0; round < 3; round++)
            {
                var enabling = round % 2 == 0 ? "enabling" : "disabling";
                var code = await user.CodeAsync($"mfa/{enabling}", email, new { destination = "EMAIL" });
                var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
                    user.RedeemAsync($"mfa/{enabling}", new { destination = "EMAIL", oneTimeToken = code })));
                Assert.Single(answers, answer => answer.Status == 200);
                Assert.All(answers, answer => Assert.True(answer.Status is 200 or 422, answer.Text));
            }

            return user;
        }));
        Assert.Equal(20, users.Length);
    }

    /// <summary>The connection strings of whom an empty database belongs to, and of a role that has no rights in it.</summary>
    static async Task<(string Owner, string Application)> NewDatabaseWithRoleAsync()
    {
        var owner = await SharedPostgres.NewDatabaseAsync();
        await ExecuteAsync(owner, $"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{Role}') THEN CREATE ROLE {Role} LOGIN; END IF; END $$");
        return (owner, new NpgsqlConnectionStringBuilder(owner) { Username = Role }.ConnectionString);
    }

    static async Task ExecuteAsync(string connectionString, string text)
    {
        await using var connection = new NpgsqlConnection($"{connectionString};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync();
    }
}
