using System.Diagnostics;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Faults;

public sealed class DatabaseFaultTests : IDisposable
{
    const string Email = "alice@example.com";
    const string Issuing = "/api/v1/token/userKeys/changing?keyType=EMAIL";

    /// <summary>What a caller has to wait at most for being told that there is nothing to wait for; with room for a busy machine.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(5);

    readonly LogLines log = new();

    [Fact]
    public async Task A_locked_database_is_unavailable_to_writers_until_the_lock_is_gone()
    {
        using var folder = new TestFolder();
        await using var server = await StartAsync(folder);
        var alice = await server.UserWithAsync(new { email = Email });
        var before = await TrailAsync(server);

        await using (var other = OtherConnection.To(folder))
        {
            other.Execute("BEGIN EXCLUSIVE");
            await AssertUnavailableAsync(alice, "error 5");
            Assert.Equal(200, (await alice.AccountAsync()).Status);

            // Whoever comes while others wait already does not wait for two.
            var answers = new List<Task>();
            for (var i = 0; i < 20; i++)
            {
                answers.Add(AssertUnavailableAsync(alice, "error 5"));
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }

            await Task.WhenAll(answers);
            other.Execute("ROLLBACK");
        }

        Assert.Equal(before, await TrailAsync(server));
        await AssertNormalAsync(server, alice);
    }

    [Fact]
    public async Task A_database_that_another_process_keeps_to_itself_is_unavailable_to_readers_too()
    {
        using var folder = new TestFolder();
        await using (var first = await StartAsync(folder))
            await first.UserWithAsync(new { email = Email });

        await using var other = OtherConnection.To(folder);
        other.Execute("PRAGMA locking_mode = EXCLUSIVE");
        other.Execute("BEGIN EXCLUSIVE; COMMIT");
        await using var server = await StartAsync(folder);
        var alice = server.User();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => AssertUnavailableAsync(alice, "503")));

        other.Execute("PRAGMA locking_mode = NORMAL; SELECT COUNT(*) FROM accounts");
        await other.CloseAsync();
        await AssertRecoversAsync(server, alice);
        await AssertNormalAsync(server, alice);
    }

    [Fact]
    [Trait("ASVS", "16.5.3")]
    public async Task A_full_disk_is_unavailable_to_writers_until_there_is_room()
    {
        using var disk = SmallDisk.Mount();
        await using var server = await StartAsync(disk.Folder);
        var alice = await server.UserWithAsync(new { email = Email });
        var change = new { oneTimeToken = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email), newUserKey = "new@example.com" };
        await Eventually.ThatAsync(async () => Delivery(await alice.AccountAsync()) == "SENT", "the message is sent");
        var before = await TrailAsync(server);

        disk.Fill();
        log.Clear();
        for (var i = 0; i < 10; i++)
        {
            await AssertUnavailableAsync(alice, "error 13");
            var redeeming = await alice.PostAsync("/api/v1/token/userKeys/changing/newKey", change);
            Assert.Equal((503, "unavailable"), (redeeming.Status, redeeming.Code));
            var creating = await server.User("bob").AccountAsync();
            Assert.Equal((503, "unavailable"), (creating.Status, creating.Code));
            Assert.Equal(200, (await alice.AccountAsync()).Status);
        }

        Assert.Equal(before, await TrailAsync(server));
        disk.Free();
        Assert.Equal(before, await TrailAsync(server));
        Assert.Equal(404, (await server.Service().GetAsync("/api/v1/admin/accounts/bob")).Status);

        // What was refused is not used up.
        var second = await alice.PostAsync("/api/v1/token/userKeys/changing/newKey", change);
        Assert.Equal(200, second.Status);
        await AssertNormalAsync(server, alice);
    }

    [Fact]
    public async Task A_read_only_database_is_unavailable_until_it_can_be_written()
    {
        using var disk = SmallDisk.Mount();
        await using (var first = await StartAsync(disk.Folder))
            await first.UserWithAsync(new { email = Email });

        disk.Remount(isReadOnly: true);
        await using var server = await StartAsync(disk.Folder);
        var alice = server.User();
        await AssertUnavailableAsync(alice, "503");
        Assert.Equal(503, await HealthAsync(server, "ready"));
        Assert.Equal(200, await HealthAsync(server, "live"));

        disk.Remount(isReadOnly: false);
        await AssertRecoversAsync(server, alice);
        await AssertNormalAsync(server, alice);
        Assert.Equal(200, await HealthAsync(server, "ready"));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_unavailable_until_it_is_one()
    {
        using var folder = new TestFolder();
        await using (var first = await StartAsync(folder))
            await first.UserWithAsync(new { email = Email });
        var database = folder.File("countersign.db");
        var good = File.ReadAllBytes(database);
        var garbage = Enumerable.Repeat("This is no database. "u8.ToArray(), 500).SelectMany(bytes => bytes).ToArray();
        File.WriteAllBytes(database, garbage);

        await using var server = await StartAsync(folder);
        var alice = server.User();
        Assert.Contains(log.Errors, line => line.Contains("error 26", StringComparison.Ordinal));
        await AssertUnavailableAsync(alice, "503");
        // Whatever it is, it is not ours to change.
        Assert.Equal(garbage, File.ReadAllBytes(database));

        File.WriteAllBytes(database, good);
        await AssertRecoversAsync(server, alice);
        await AssertNormalAsync(server, alice);
    }

    [Fact]
    public async Task A_database_whose_pages_are_corrupt_is_unavailable_until_they_are_mended()
    {
        using var folder = new TestFolder();
        await using var server = await StartAsync(folder);
        var alice = await server.UserWithAsync(new { email = Email });
        await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);
        await Eventually.ThatAsync(async () => Delivery(await alice.AccountAsync()) == "SENT", "the message is sent");
        var before = await TrailAsync(server);

        await using var other = OtherConnection.To(folder);
        // All pages are in the file, and none of them in the log.
        other.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var good = await OverwriteAsync(folder, other, pages => Array.Fill(pages, (byte)0xA5));
        await AssertUnavailableAsync(alice, "error 11");
        var reading = await alice.AccountAsync();
        Assert.Equal((503, "unavailable"), (reading.Status, reading.Code));

        await OverwriteAsync(folder, other, pages => good.CopyTo(pages, 0));
        Assert.Equal(before, await TrailAsync(server));
        await AssertNormalAsync(server, alice);
    }

    [Fact]
    public async Task A_database_that_was_emptied_is_unavailable_and_not_taken_for_a_new_one()
    {
        using var folder = new TestFolder();
        await using var server = await StartAsync(folder);
        var alice = await server.UserWithAsync(new { email = Email });
        await using (var other = OtherConnection.To(folder))
            other.Execute("DROP TABLE accounts; DROP TABLE outbox; DROP TABLE development_inbox");

        for (var i = 0; i < 3; i++)
        {
            await AssertUnavailableAsync(alice, "no such table");
            var reading = await alice.AccountAsync();
            Assert.Equal((503, "unavailable"), (reading.Status, reading.Code));
        }

        using var inbox = await server.Http.GetAsync("/dev/inbox", TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)inbox.StatusCode);
        Assert.Contains(log.Errors, line => line.StartsWith("Answered 503", StringComparison.Ordinal) && line.Contains("development_inbox", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("countersign.db", "countersign.db-wal", "countersign.db-shm")]
    [InlineData("countersign.db")]
    [InlineData("countersign.db-wal")]
    public async Task A_database_that_is_moved_away_is_unavailable_until_it_is_back(params string[] files)
    {
        using var folder = new TestFolder();
        using var elsewhere = new TestFolder();
        await using var server = await StartAsync(folder);
        var alice = await server.UserWithAsync(new { email = Email });
        var before = await TrailAsync(server);
        var isLogOnly = files is ["countersign.db-wal"];

        // What is stored in a file without a name is gone when the process is.
        Array.ForEach(files, file => File.Move(folder.File(file), elsewhere.File(file)));
        await AssertUnavailableAsync(alice, "removed or renamed");
        if (!isLogOnly)
        {
            await AssertUnavailableAsync(alice, "error 14");
            var reading = await alice.AccountAsync();
            Assert.Equal((503, "unavailable"), (reading.Status, reading.Code));
            Assert.False(File.Exists(folder.File("countersign.db")));
            Array.ForEach(files, file => File.Move(elsewhere.File(file), folder.File(file)));
        }

        await AssertRecoversAsync(server, alice);
        // Whether the commit that met the move is there was not known, and so said; nothing before it is lost.
        Assert.Equal(before, (await TrailAsync(server)).TakeLast(before.Count));
        await AssertNormalAsync(server, alice);
    }

    public void Dispose() => log.Dispose();

    Task<TestServer> StartAsync(TestFolder folder) => TestServer.StartAsync(new TestServer.Setup
    {
        Folder = folder,
        Configure = builder => builder.Logging.AddProvider(log),
    });

    async Task AssertUnavailableAsync(TestUser user, string logged)
    {
        var watch = Stopwatch.StartNew();
        var answer = await user.PostAsync(Issuing);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Patience);
        Assert.True(answer.Status == 503, $"{answer.Status} {answer.Text}");
        Assert.Equal("unavailable", answer.Code);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 10);
        Assert.Contains(log.Errors, line => line.Contains(logged, StringComparison.Ordinal));
    }

    static async Task AssertRecoversAsync(TestServer server, TestUser user)
    {
        await Eventually.ThatAsync(async () => (await user.AccountAsync()).Status == 200, "the service is normal again", Recovery);
        Assert.Equal(200, (await server.Service().GetAsync($"/api/v1/admin/accounts/{user.UserId}")).Status);
    }

    /// <summary>At once, for every reader and writer: none keeps a connection that is spoilt.</summary>
    async Task AssertNormalAsync(TestServer server, TestUser user)
    {
        log.Clear();
        var reads = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => user.AccountAsync()));
        Assert.All(reads, answer => Assert.Equal(200, answer.Status));

        var events = (await TrailAsync(server)).Count;
        var code = await user.CodeAsync("userKeys/adding/phoneNumber", "+123456789", new { newPhoneNumber = "+123456789" });
        var added = await user.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code });
        Assert.Equal(200, added.Status);
        Assert.Equal(events + 3, (await TrailAsync(server)).Count);
        Assert.Empty(log.Errors);
    }

    static async Task<List<string>> TrailAsync(TestServer server)
    {
        var events = await server.Service().GetAsync("/api/v1/admin/accounts/alice/events?limit=1000");
        Assert.Equal(200, events.Status);
        return [.. events.Body.EnumerateArray().Select(e => e.GetRawText())];
    }

    static async Task<int> HealthAsync(TestServer server, string which)
    {
        using var answer = await server.Http.GetAsync($"/health/{which}", TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    static string? Delivery(Answer account) => account.Body.GetProperty("pendingOperations")[0].GetProperty("delivery").GetString();

    /// <summary>Changes every page but the first, and makes everybody read them anew. Returns what they were.</summary>
    static async Task<byte[]> OverwriteAsync(TestFolder folder, SqliteConnection other, Action<byte[]> change)
    {
        const int PageSize = 4096;
        await using var file = new FileStream(
            folder.File("countersign.db"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        file.Position = PageSize;
        var before = new byte[file.Length - PageSize];
        await file.ReadExactlyAsync(before);
        var after = (byte[])before.Clone();
        change(after);
        file.Position = PageSize;
        await file.WriteAsync(after);

        // A change to the first page alone empties the caches of all others.
        other.Execute("PRAGMA user_version = 1; PRAGMA user_version = 0");
        return before;
    }
}
