using Countersign.Stores;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Server;

/// <summary>Attack 9: who has a copy of the database, or of its files, has no code, no link, no bearer and no key of a request.</summary>
public sealed class StoredLeakTests
{
    /// <summary>Where addresses are by design: a code has to be sent somewhere, and an address is one account's.</summary>
    static readonly string[] ColumnsWithAddresses =
    [
        "development_inbox.destination", "key_claims.address", "key_claims.canonical", "limits.subject", "one_time_tokens.target", "one_time_tokens.target_canonical",
        "user_keys.address", "user_keys.canonical",
    ];

    [Fact]
    [Trait("Attack", "9")]
    [Trait("ASVS", "6.6.3")]
    public async Task The_files_of_SQLite_hold_no_secret_and_addresses_only_in_the_columns_that_are_for_them()
    {
        using var folder = new TestFolder();
        var canaries = new Canaries();
        await using (var server = await Canaries.StartServerAsync([$"ConnectionStrings:Sqlite=Data Source={folder.File("leaks.db")}"]))
        {
            await canaries.TourAsync(server);

            // As they are while it runs: what was overwritten is still in the log, and in pages that are free.
            var files = Directory.GetFiles(folder.Path, "leaks.db*").Order(StringComparer.Ordinal).ToList();
            Assert.Equal(["leaks.db", "leaks.db-shm", "leaks.db-wal"], files.Select(Path.GetFileName));
            Assert.Empty(files.SelectMany(file => canaries.FindIn(Path.GetFileName(file), StoredText.OfFile(file), Canaries.IsSecret)));
            Assert.Contains("alice", string.Concat(files.Select(StoredText.OfFile)), StringComparison.Ordinal);

            var columns = await StoredText.OfTablesAsync(server.Services.GetRequiredService<ISqlEngine>());
            Assert.Empty(columns.SelectMany(column => canaries.FindIn(column.Name, column.Text, Canaries.IsSecret)));
            Assert.Equal(ColumnsWithAddresses, WithAddresses(canaries, columns));
        }

        Assert.Empty(Directory.GetFiles(folder.Path, "leaks.db*").SelectMany(file => canaries.FindIn(Path.GetFileName(file), StoredText.OfFile(file), Canaries.IsSecret)));
    }

    [Fact]
    [Trait("Attack", "9")]
    [Trait("ASVS", "6.6.3")]
    public async Task A_dump_of_PostgreSQL_its_log_and_that_of_the_node_hold_no_secret_and_addresses_only_in_the_columns_that_are_for_them()
    {
        var connection = await SharedPostgres.NewDatabaseAsync();
        using var log = new CollectingLog();
        var canaries = new Canaries();
        await using (var server = await Canaries.StartServerAsync(
            [$"ConnectionStrings:PostgreSql={connection}", "Logging:LogLevel:Default=Trace"], builder => builder.Logging.AddProvider(log)))
            await canaries.TourAsync(server);

        Assert.Contains(log.Lines, line => line.Contains("Npgsql.Connection", StringComparison.Ordinal));
        Assert.Empty(log.Lines.SelectMany(line => canaries.FindIn("log", line)));

        var postgres = await SharedPostgres.GetAsync();
        Assert.Contains("key_claims", postgres.Log, StringComparison.Ordinal);
        Assert.Empty(canaries.FindIn("log of PostgreSQL", postgres.Log, _ => true));

        var dump = await StoredText.DumpAsync(connection);
        Assert.Empty(canaries.FindIn("pg_dump", dump, Canaries.IsSecret));
        Assert.Equal(ColumnsWithAddresses, WithAddresses(canaries, StoredText.OfDump(dump)));
    }

    /// <summary>Who is second to prove an address meets the primary key, and PostgreSQL says whose it was, unless it is told to be terse.</summary>
    [Fact]
    [Trait("Attack", "9")]
    public async Task The_log_of_PostgreSQL_names_no_address_where_it_is_set_up_as_we_say()
    {
        await using var postgres = await PostgresServer.StartNewAsync("log_error_verbosity=terse", "fsync=off");
        var canaries = new Canaries();
        await using (var server = await TestServer.StartAsync(
            $"ConnectionStrings:PostgreSql={postgres.ConnectionString(await postgres.NewDatabaseAsync())};Timeout=30;Command Timeout=30"))
        {
            for (var round = 0; !postgres.Log.Contains("violates unique constraint", StringComparison.Ordinal); round++)
            {
                Assert.True(round < 50, postgres.Log);
                var email = canaries.NewEmail($"race{round}");
                var users = Enumerable.Range(0, 8).Select(i => server.User($"user-{round}-{i}")).ToList();
                var codes = new List<string>();
                foreach (var user in users)
                    codes.Add(await user.CodeAsync("userKeys/adding/email", email, new { newEmail = email }));
                var answers = await Task.WhenAll(users.Zip(codes, (user, code) => user.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code })));
                Assert.Single(answers, answer => answer.Status == 200);
            }
        }

        Assert.Empty(canaries.FindIn("log of PostgreSQL", postgres.Log));
    }

    static IEnumerable<string> WithAddresses(Canaries canaries, IEnumerable<(string Name, string Text)> columns) =>
        StoredText.Found(canaries, columns, kind => !Canaries.IsSecret(kind));
}
