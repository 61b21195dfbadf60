using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Sms;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Events;

/// <summary>An event as the platform has received it.</summary>
sealed record ReceivedEvent(string WebhookId, string Body)
{
    JsonElement Root => JsonDocument.Parse(Body).RootElement;

    public string Type => Root.Text("type")!;

    public JsonElement Data => Root.GetProperty("data");

    public string UserId => Data.Text("userId")!;

    public string Id => Data.Text("id")!;

    public string? SessionsNotBefore => Data.TryGetProperty("sessionsNotBefore", out var at) ? at.GetString() : null;

    public string Timestamp => Root.Text("timestamp")!;
}

/// <summary>The service of the platform that takes events.</summary>
sealed class Platform(Gateway gateway) : IAsyncDisposable
{
    public string Secret { get; } = NewSecret();

    public Gateway Gateway => gateway;

    public string[] Settings => [$"Countersign:Events:Webhook:Url={gateway.Url}/events", $"Countersign:Events:Webhook:Secrets:0={Secret}"];

    /// <summary>All requests, also those that it did not take.</summary>
    public IReadOnlyList<ReceivedEvent> Requests =>
        [.. gateway.Requests.Select(request => new ReceivedEvent(request.Headers["webhook-id"], request.Body))];

    public static async Task<Platform> StartAsync() => new(await Gateway.StartAsync());

    public static string NewSecret() => $"whsec_{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";

    /// <summary>Waits for so many requests.</summary>
    public async Task<IReadOnlyList<ReceivedEvent>> RequestsAsync(int count)
    {
        await Eventually.ThatAsync(() => gateway.Requests.Count >= count, $"the platform gets {count} requests");
        return Requests;
    }

    /// <summary>Waits until nothing is left that it has to take.</summary>
    public static Task TakenAsync(TestServer server) =>
        Eventually.ThatAsync(async () => await QueuedAsync(server) == 0, "all events are taken");

    public static Task<long> QueuedAsync(TestServer server, string state = "QUEUED", string condition = "1 = 1") => server.Store().ReadAsync(
        new SqlStatement($"SELECT COUNT(*) FROM event_deliveries WHERE state = @state AND {condition}", ("@state", state)),
        reader => reader.Read() ? reader.GetInt64(0) : -1,
        CancellationToken.None);

    /// <summary>What the library of Standard Webhooks says of each request; null where it takes it.</summary>
    public static async Task<IReadOnlyList<string?>> VerdictsAsync(IEnumerable<Received> requests, string secret) =>
        (await Peers.RunAsync<Verdict[]>("webhook.mjs", requests.Select(request => new
        {
            secret,
            headers = request.Headers.Where(header => header.Key.StartsWith("webhook-", StringComparison.Ordinal)).ToDictionary(),
            body = request.Body,
        }))).Select(verdict => verdict.Error).ToList();

    public ValueTask DisposeAsync() => gateway.DisposeAsync();

    sealed record Verdict(JsonElement? Payload, string? Error);
}

static class PlatformServers
{
    public static Database Store(this TestServer server) => (Database)server.Services.GetService(typeof(Database))!;
}
