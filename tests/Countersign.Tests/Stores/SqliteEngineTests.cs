using System.Text;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Sqlite;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Countersign.Tests.Stores;

public sealed class SqliteEngineTests
{
    static readonly CancellationToken Ct = CancellationToken.None;

    [Fact]
    public async Task Commits_that_share_a_transaction_fail_alone()
    {
        await using var database = new SqliteTestDatabase();
        await using var engine = await NumbersAsync(database);

        // While another process writes, everything below queues up, to be committed as one group.
        List<Task<bool>> commits;
        await using (var other = OtherConnection.To(database.ConnectionString))
        {
            other.Execute("BEGIN IMMEDIATE");
            var first = engine.TryCommitAsync([Insert(0)], Ct);
            commits = [.. Enumerable.Range(1, 100).Select(n => engine.TryCommitAsync(n % 2 == 0 ? [Insert(n)] : [Insert(n), Insert(0)], Ct))];
            var broken = engine.TryCommitAsync([Insert(1_000), new SqlStatement("INSERT INTO numbers (nothing) VALUES (1)")], Ct);
            var returning = engine.WriteAsync(
                new SqlStatement("INSERT INTO numbers (n) VALUES (2000) RETURNING n"), reader => reader.Read() ? reader.GetInt64(0) : 0, Ct);
            other.Execute("COMMIT");
            Assert.True(await first);
            await Assert.ThrowsAsync<SqliteException>(() => broken);
            Assert.Equal(2_000, await returning);
        }

        Assert.Equal(Enumerable.Range(1, 100).Select(n => n % 2 == 0), await Task.WhenAll(commits));
        Assert.Equal([.. Enumerable.Range(0, 51).Select(n => n * 2L), 2_000], await ReadNumbersAsync(engine));

        // And so do those that come one after the other.
        for (var n = 3_000; n < 3_040; n++)
            Assert.Equal((true, false), (await engine.TryCommitAsync([Insert(n)], Ct), await engine.TryCommitAsync([Insert(-n), Insert(n)], Ct)));
        Assert.Equal(92, (await ReadNumbersAsync(engine)).Count);
    }

    [Fact]
    public async Task The_files_are_for_their_owner_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such rights.");
        await using var database = new SqliteTestDatabase();
        await using var engine = await NumbersAsync(database);

        var directory = Path.GetDirectoryName(new SqliteConnectionStringBuilder(database.ConnectionString).DataSource)!;
        var files = Directory.GetFiles(directory);
        Assert.Contains(files, file => file.EndsWith("-wal", StringComparison.Ordinal));
#pragma warning disable CA1416 // It is not Windows.
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
#pragma warning restore CA1416
    }

    [Fact]
    public async Task What_was_answered_can_be_read_by_everybody()
    {
        await using var database = new SqliteTestDatabase();
        await using var engine = await NumbersAsync(database);
        await using var other = (SqliteEngine)database.NewEngine();
        await Task.WhenAll(Enumerable.Range(1, 200).Select(n => Task.Run(async () =>
        {
            Assert.True(await engine.TryCommitAsync([Insert(n)], Ct));
            Assert.Contains(n, await ReadNumbersAsync(other));
        })));
    }

    [Fact]
    public async Task Every_commit_is_written_through_to_the_disk()
    {
        await using var database = new SqliteTestDatabase();
        await using var engine = (SqliteEngine)database.NewEngine();
        await engine.MigrateAsync(Migrations.All, Ct);

        var settings = await engine.WriteAsync(
            new SqlStatement("SELECT (SELECT synchronous FROM pragma_synchronous), (SELECT journal_mode FROM pragma_journal_mode)"),
            reader => reader.Read() ? (reader.GetInt64(0), reader.GetString(1)) : default,
            Ct);
        // https://www.sqlite.org/pragma.html#pragma_synchronous: 2 is FULL.
        Assert.Equal((2, "wal"), settings);
    }

    [Fact]
    public async Task A_database_that_must_not_be_written_is_read_and_says_that_it_is_not_available()
    {
        await using var database = new SqliteTestDatabase();
        await using (var engine = await NumbersAsync(database))
            await engine.TryCommitAsync([Insert(1)], Ct);

        await using var reading = new SqliteEngine($"{database.ConnectionString};Mode=ReadOnly", NullLogger<SqliteEngine>.Instance);
        Assert.Equal([1], await ReadNumbersAsync(reading));
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => reading.TryCommitAsync([Insert(2)], Ct));
        Assert.Contains("error 8", refused.Message);
        Assert.Equal([1], await ReadNumbersAsync(reading));
    }

    [Fact]
    public async Task A_reader_that_throws_gives_its_connection_back()
    {
        await using var database = new SqliteTestDatabase();
        await using var engine = await NumbersAsync(database);
        for (var i = 0; i < 100; i++)
        {
            await Assert.ThrowsAsync<InvalidCastException>(() =>
                engine.ReadAsync<int>(new SqlStatement("SELECT 1"), _ => throw new InvalidCastException(), Ct));
        }

        // On Linux a process can be asked which files it has open: each lost connection would be one or more of them.
        if (OperatingSystem.IsLinux())
            Assert.InRange(OpenFiles(database.File).Count, 1, 8);
        Assert.Empty(await ReadNumbersAsync(engine));
    }

    [Fact]
    [Trait("ASVS", "13.2.6")]
    public async Task Who_finds_all_readers_busy_is_told_so_rather_than_kept_waiting()
    {
        await using var database = new SqliteTestDatabase();
        await using var engine = await NumbersAsync(database);
        using var go = new ManualResetEventSlim();
        using var busy = new CountdownEvent(16);
        var slow = Enumerable.Range(0, 16).Select(_ => Task.Factory.StartNew(
            () => engine.ReadAsync(
                new SqlStatement("SELECT 1"),
                _ =>
                {
                    busy.Signal();
                    return go.Wait(TimeSpan.FromSeconds(20), Ct);
                },
                Ct),
            Ct,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap()).ToList();
        Assert.True(busy.Wait(TimeSpan.FromSeconds(20), Ct));

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => ReadNumbersAsync(engine));
        Assert.Equal("All 16 readers of the SQLite database were busy for 1 s.", refused.Message);
        go.Set();
        Assert.All(await Task.WhenAll(slow), Assert.True);
        Assert.Empty(await ReadNumbersAsync(engine));
    }

    [Fact]
    public async Task A_writer_that_cannot_be_opened_leaves_nothing_open()
    {
        await using var database = new SqliteTestDatabase();
        await File.WriteAllTextAsync(database.File, string.Concat(Enumerable.Repeat("This is no database. ", 500)), Ct);
        await using var engine = (SqliteEngine)database.NewEngine();
        for (var i = 0; i < 20; i++)
            await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.MigrateAsync(Migrations.All, Ct));

        if (OperatingSystem.IsLinux())
            Assert.Empty(OpenFiles(database.File));
    }

    [Fact]
    [Trait("ASVS", "14.2.4")]
    [Trait("Attack", "9")]
    public async Task No_code_is_in_the_bytes_of_the_files_before_or_after_hand_off()
    {
        await using var database = new SqliteTestDatabase();
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Settings = ["Countersign:Tokens:Code=Base32"] });
        var antiPhishing = Sample.AntiPhishing("CanaryCode42");
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com"), AntiPhishingCode = antiPhishing });
        var secrets = new List<string> { antiPhishing.Reveal() };
        for (var i = 0; i < 20; i++)
        {
            var code = await node.CodeAsync("alice", Operation.AddingKey, KeyType.PhoneNumber, Sample.Number($"+49151123456{i:00}"));
            secrets.AddRange([code.Reveal(), code.RevealForReading()]);
        }

        // The search finds what is there.
        AssertHas(database, "alice@example.com");
        AssertHasNone(database, secrets);

        // On its way, and in the development inbox, it is sealed as well.
        foreach (var message in await node.QueuedAsync())
        {
            var content = message.Content;
            var text = $"Your code is {content.Code}";
            await node.Inbox.KeepAsync(
                new OutgoingMessage(message.Id, "alice", content.Destination, null, text, null, content.Code, content.Reference), Ct);
        }

        Assert.NotEmpty(await node.Inbox.ReadAsync(null, Ct));
        AssertHasNone(database, secrets);

        await node.StartAsync();
        node.Clock.Advance(Outbox.Lease);
        await node.Sms.FirstAsync(sent => sent.Message.OneTimeToken == secrets[^1]);
        await Eventually.ThatAsync(async () => (await node.OutboxAsync()).TrueForAll(row => row.IsErased), "everything is handed over");
        AssertHasNone(database, secrets);
    }

    static void AssertHas(SqliteTestDatabase database, string text) =>
        Assert.Contains(Files(database), file => file.Bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

    static void AssertHasNone(SqliteTestDatabase database, IEnumerable<string> secrets)
    {
        foreach (var (name, bytes) in Files(database))
        {
            foreach (var secret in secrets)
            {
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{name} has {secret}.");
                Assert.True(bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(secret)) < 0, $"{name} has {secret}.");
            }
        }
    }

    static IEnumerable<(string Name, byte[] Bytes)> Files(SqliteTestDatabase database)
    {
        foreach (var path in Directory.GetFiles(database.Folder))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            yield return (Path.GetFileName(path), bytes);
        }
    }

    static List<string> OpenFiles(string path) => [.. Directory.GetFiles("/proc/self/fd").Select(Target).OfType<string>().Where(path.Equals)];

    /// <summary>Null where another test has closed it in the meantime.</summary>
    static string? Target(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, false)?.FullName;
        }
        catch (IOException)
        {
            return null;
        }
    }

    static async Task<SqliteEngine> NumbersAsync(SqliteTestDatabase database)
    {
        var engine = (SqliteEngine)database.NewEngine();
        await engine.MigrateAsync([new Migration(1, "CREATE TABLE numbers (n BIGINT NOT NULL PRIMARY KEY)")], Ct);
        return engine;
    }

    static SqlStatement Insert(long n) => new("INSERT INTO numbers (n) VALUES (@n)", ("@n", n));

    static Task<List<long>> ReadNumbersAsync(SqliteEngine engine) =>
        engine.ReadAsync(
            new SqlStatement("SELECT n FROM numbers ORDER BY n"),
            reader =>
            {
                var numbers = new List<long>();
                while (reader.Read())
                    numbers.Add(reader.GetInt64(0));
                return numbers;
            },
            Ct);
}
