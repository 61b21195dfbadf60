using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Countersign.Tests.Hosting;
using Countersign.Tests.Server;

namespace Countersign.Tests.Faults.Suite;

/// <summary>Three server processes on one database, and the requests to them.</summary>
sealed class Cluster : IAsyncDisposable
{
    public const int Size = 3;

    static readonly string[] Common =
    [
        .. Production.Settings,
        "Countersign:Tokens:Code=Base32",
        // Short enough to see tokens expire.
        "Countersign:Tokens:Lifetimes:0:Operation=mfa/enabling", "Countersign:Tokens:Lifetimes:0:Lifetime=00:00:02",
        "Countersign:Limits:ResendAfter:Email=00:00:00", "Countersign:Limits:ResendAfter:Sms=00:00:00", "Countersign:Limits:IssuesPerHour=1000000",
        .. TestServer.NoLimitsOverAllAccounts,
        "Countersign:Limits:Client:IssuesPerHour=0", "Countersign:Limits:Client:RedeemsPerFiveMinutes=0",
        // Whether a request is told depends on what was pending still, which the trail does not say to the millisecond.
        "Countersign:Messages:NotifyRequests=false",
        // So that neighbours go on wanting the same addresses.
        "Countersign:Accounts:KeepReleasedFor=00:00:00",
        "Logging:LogLevel:Default=Warning", "Logging:LogLevel:Microsoft.Hosting.Lifetime=Information",
    ];

    readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5) });

    Cluster(IReadOnlyList<Node> nodes) => Nodes = nodes;

    public IReadOnlyList<Node> Nodes { get; }

    public static async Task<Cluster> StartAsync(TestFolder folder, FaultDatabase database, params string[] settings)
    {
        string[] all = [.. Common, database.Setting, .. settings];
        var cluster = new Cluster([.. Enumerable.Range(0, Size).Select(number => new Node(number, folder, all))]);
        await Task.WhenAll(cluster.Nodes.Select(node => node.StartAsync()));
        return cluster;
    }

    public static string Bearer(string userId, string? scope = null)
    {
        var claims = Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow, userId);
        if (scope is not null)
            claims["scope"] = scope;
        return Tokens.Hs256(Production.SharedKey, claims);
    }

    /// <summary>Where nobody listens nothing was sent.</summary>
    public const string NotSent = nameof(HttpRequestError.ConnectionError);

    /// <summary>Sends, and says what became of it; whatever goes wrong on the way is an outcome as well.</summary>
    public async Task<(int? Status, JsonElement Body, string? Error)> SendAsync(
        int node, HttpMethod method, string path, object? body, string bearer, string userAgent, TimeSpan patience)
    {
        using var request = new HttpRequestMessage(method, new Uri(Nodes[node].Url, path));
        // Without content, be it empty, HttpClient sends a POST again by itself when a node was killed over it: two requests that look like one.
        request.Content = body is null ? new ByteArrayContent([]) : new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue(userAgent, null));
        using var timeout = new CancellationTokenSource(patience);
        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            var text = await response.Content.ReadAsStringAsync(timeout.Token);
            return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement, null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return (null, default, e is HttpRequestException { HttpRequestError: var error } ? error.ToString() : e.GetType().Name);
        }
    }

    /// <summary>All at once, as a deployment would not: nothing is in flight afterwards.</summary>
    public Task StopAsync() => Task.WhenAll(Nodes.Select(node => node.StopAsync()));

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        foreach (var node in Nodes)
            await node.DisposeAsync();
    }
}
