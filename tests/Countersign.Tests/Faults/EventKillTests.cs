using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Tests.Events;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Sms;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Faults;

/// <summary>The server, killed while it has events to post.</summary>
public sealed class EventKillTests(ITestOutputHelper output)
{
    const int Accounts = 60;

    /// <summary>The lease of the dead process, of some ten seconds here, and time for a busy machine.</summary>
    static readonly TimeSpan DeliveryWithin = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task No_event_of_an_acknowledged_change_is_lost_with_the_process()
    {
        using var folder = new TestFolder();
        await using var platform = await Platform.StartAsync();
        // From some point on it gets requests and does not answer: the process dies with them in its hands.
        var isSlow = true;
        var taken = new ConcurrentQueue<string>();
        platform.Gateway.Answer = http =>
        {
            if (isSlow && taken.Count >= Accounts / 4)
                return Task.Delay(Timeout.Infinite, http.RequestAborted);
            taken.Enqueue(http.Request.Headers["webhook-id"].ToString());
            return Gateway.Accept(http);
        };
        string[] settings = [.. platform.Settings, "Countersign:Events:Webhook:Timeout=00:00:01"];

        await using (var first = await HostProcess.StartInAsync(folder, "Countersign.Server", settings))
        {
            await AuthenticateAsync(first.Http);
            await Task.WhenAll(Enumerable.Range(0, Accounts).Select(async i =>
            {
                var put = await first.Http.PutAsJsonAsync($"/api/v1/admin/accounts/user-{i}", new { email = $"user-{i}@example.com" });
                Assert.Equal(201, (int)put.StatusCode);
            }));
            await Eventually.ThatAsync(() => platform.Requests.Count > Accounts / 4, "some are taken, and some in hand");
            await first.KillAsync();
        }

        var takenBefore = taken.Distinct().Count();
        Assert.InRange(takenBefore, 1, Accounts - 1);
        isSlow = false;
        await using var second = await HostProcess.StartInAsync(folder, "Countersign.Server", settings);
        await Eventually.ThatAsync(() => Task.FromResult(taken.Distinct().Count() == Accounts), "all events are taken", DeliveryWithin);

        var received = platform.Requests;
        Assert.Equal(Enumerable.Range(0, Accounts).Select(i => $"user-{i}").Order(), received.Select(one => one.UserId).Distinct().Order());
        // What came twice was the same.
        Assert.All(received.GroupBy(one => one.WebhookId), group => Assert.Single(group.Distinct()));
        output.WriteLine($"{takenBefore} of {Accounts} events were taken before the kill, all after it, in {received.Count} requests.");
    }

    static async Task AuthenticateAsync(HttpClient http)
    {
        var response = await http.PostAsJsonAsync("/dev/token", new { userId = "platform", scope = "countersign.accounts" });
        var bearer = (await response.Content.ReadFromJsonAsync<JsonElement>()).Text("accessToken");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
    }
}
