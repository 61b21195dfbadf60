using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Faults;

public sealed class SynchronousStandbyTests
{
    const string Issuing = "/api/v1/token/userKeys/changing?keyType=EMAIL";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("Attack", "22")]
    [Trait("ASVS", "16.5.3")]
    public async Task A_commit_that_no_standby_has_confirmed_is_unknown_and_the_same_key_gets_its_answer_when_one_has()
    {
        await using var primary = await PostgresServer.StartNewAsync();
        await using var standby = await PostgresServer.StartStandbyAsync(primary);
        await primary.ExecuteAsync("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        await primary.ExecuteAsync("postgres", "SELECT pg_reload_conf()");
        await Eventually.ThatAsync(
            async () => await primary.ScalarAsync("postgres", "SELECT sync_state FROM pg_stat_replication") is "sync", "commits wait for the standby", Patience);
        await using var server = await TestServer.StartAsync($"ConnectionStrings:PostgreSql={primary.ConnectionString("postgres")}");
        var alice = await server.UserWithAsync(new { email = "alice@example.com" });
        Task<object?> IssuedAsync() => primary.ScalarAsync("postgres", "SELECT COUNT(*) FROM audit_events WHERE type = 'token_issued'");

        await standby.KillAsync();
        var cut = await IssueAsync(alice);
        Assert.Equal((503, "unavailable"), (cut.Status, cut.Code));
        // It waits in the primary's log, where a standby that took over would never have seen it.
        Assert.Equal(0L, await IssuedAsync());

        await standby.StartAsync();
        var answer = cut;
        await Eventually.ThatAsync(async () => (answer = await IssueAsync(alice)).Status != 503, "the standby has confirmed it", Patience);
        Assert.Equal(200, answer.Status);
        Assert.Equal(1L, await IssuedAsync());
        Assert.Equal(answer.Text, (await IssueAsync(alice)).Text);
        Assert.Equal(1L, await IssuedAsync());
    }

    static async Task<Answer> IssueAsync(TestUser user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Issuing);
        request.Headers.Add("Idempotency-Key", "\"one\"");
        return await user.SendAsync(request);
    }
}
