using System.Collections.Concurrent;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Server;

/// <summary>A sender that a Production server can be given.</summary>
sealed class CollectingSender(KeyType channel) : IMessageSender
{
    public ConcurrentQueue<OutgoingMessage> Messages { get; } = [];

    public KeyType Channel => channel;

    public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        Messages.Enqueue(message);
        return Task.FromResult(SendResult.Accepted);
    }
}

/// <summary>All that a server needs outside Development.</summary>
static class Production
{
    public const string Issuer = "https://issuer.example";
    public const string Audience = "countersign";

    public static readonly byte[] SharedKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    static readonly byte[] KeyValue = [.. Enumerable.Range(0, TokenKey.Size).Select(i => (byte)i)];

    public static TokenKey Key { get; } = new("one", KeyValue);

    public static string[] Settings { get; } =
    [
        "environment=Production",
        $"Countersign:Keys:0:Id={Key.Id}",
        $"Countersign:Keys:0:Value={Convert.ToBase64String(KeyValue)}",
        .. SharedKeyBearer,
    ];

    /// <summary>The section as <c>dotnet user-jwts</c> writes it.</summary>
    public static string[] SharedKeyBearer =>
    [
        $"Authentication:Schemes:Bearer:ValidIssuer={Issuer}",
        $"Authentication:Schemes:Bearer:ValidAudiences:0={Audience}",
        "Authentication:Schemes:Bearer:SigningKeys:0:Id=8b7b1f5d",
        $"Authentication:Schemes:Bearer:SigningKeys:0:Issuer={Issuer}",
        $"Authentication:Schemes:Bearer:SigningKeys:0:Value={Convert.ToBase64String(SharedKey)}",
        "Authentication:Schemes:Bearer:SigningKeys:0:Length=32",
    ];

    public static void AddSenders(WebApplicationBuilder builder)
    {
        foreach (var channel in Enum.GetValues<KeyType>())
            builder.Services.AddSingleton<IMessageSender>(new CollectingSender(channel));
    }

    public static Task<TestServer> StartAsync(params string[] settings) =>
        TestServer.StartAsync(new TestServer.Setup { Settings = [.. Settings, .. settings], Configure = AddSenders });
}
