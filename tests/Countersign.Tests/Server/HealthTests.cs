using Countersign.Tests.Hosting;

namespace Countersign.Tests.Server;

public sealed class HealthTests
{
    [Fact]
    public async Task A_server_with_its_store_is_live_and_ready()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal((200, "Healthy"), await AskAsync(server, "/health/live"));
        Assert.Equal((200, "Healthy"), await AskAsync(server, "/health/ready"));
    }

    [Fact]
    public async Task While_the_store_is_away_a_server_is_live_and_not_ready_and_recovers_by_itself()
    {
        using var folder = new TestFolder();
        // A directory where the database file should be: SQLite cannot open it.
        Directory.CreateDirectory(folder.File("countersign.db"));
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Folder = folder });

        Assert.Equal((200, "Healthy"), await AskAsync(server, "/health/live"));
        var (status, body) = await AskAsync(server, "/health/ready");
        Assert.Equal(503, status);
        Assert.Contains("\"code\":\"unavailable\"", body, StringComparison.Ordinal);
        Assert.Equal((503, "unavailable"), await AccountAsync(server));

        Directory.Delete(folder.File("countersign.db"));
        var deadline = Environment.TickCount64 + 5_000;
        while ((await AskAsync(server, "/health/ready")).Status != 200)
        {
            Assert.True(Environment.TickCount64 < deadline, "The server was not ready within 5 seconds.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal((200, null), await AccountAsync(server));
    }

    static async Task<(int Status, string Body)> AskAsync(TestServer server, string path)
    {
        var answer = await Answer.OfAsync(await server.Http.GetAsync(path));
        if (answer.Status != 200)
            Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType?.MediaType);
        return (answer.Status, answer.Text);
    }

    static async Task<(int Status, string? Code)> AccountAsync(TestServer server)
    {
        var answer = await server.User().AccountAsync();
        return (answer.Status, answer.Status == 200 ? null : answer.Code);
    }
}
