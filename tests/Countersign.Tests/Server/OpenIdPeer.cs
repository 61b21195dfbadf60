using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Server;

/// <summary>A certified OpenID provider, <c>oidc-provider</c>, in a process of its own.</summary>
sealed class OpenIdPeer : IAsyncDisposable
{
    public const string ClientId = "shop-app";
    public const string RedirectUri = "http://127.0.0.1/signed-in";
    public const string ConsoleId = "console";
    public const string Operator = "olivia";
    public const string Resource = "https://countersign.example";
    public const string OtherResource = "https://other.example";
    public const string Silver = "urn:example:silver";
    public const string Gold = "urn:example:gold";

    static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    readonly Process process;

    OpenIdPeer(Process process, string issuer, JsonElement discovery)
    {
        this.process = process;
        Issuer = issuer;
        Discovery = discovery;
    }

    public string Issuer { get; }

    public JsonElement Discovery { get; }

    public string[] Settings =>
    [
        $"Authentication:Schemes:Bearer:Authority={Issuer}",
        $"Authentication:Schemes:Bearer:ValidAudiences:0={Production.Audience}",
        "Authentication:Schemes:Bearer:RequireHttpsMetadata=false",
    ];

    /// <summary>For operators, of whom it knows one.</summary>
    public string[] ConsoleSettings => [$"Authentication:Schemes:Console:Authority={Issuer}", $"Authentication:Schemes:Console:ClientId={ConsoleId}"];

    public static async Task<OpenIdPeer> StartAsync()
    {
        Peers.Package("oidc-provider/package.json");
        var setup = JsonSerializer.Serialize(new
        {
            clientId = ClientId,
            redirectUri = RedirectUri,
            resources = new Dictionary<string, string> { [Resource] = Production.Audience, [OtherResource] = "other" },
            acrValues = new[] { Silver, Gold },
            console = new
            {
                clientId = ConsoleId,
                redirectUri = "http://127.0.0.1/console/signin",
                scope = "countersign.operator",
                granted = new[] { Operator },
            },
        });
        var process = Process.Start(Peers.Node("openid.mjs", setup))!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        try
        {
            var issuer = (await LineAsync(process, "ready "))["ready ".Length..];
            using var http = new HttpClient();
            return new OpenIdPeer(process, issuer, await http.GetFromJsonAsync<JsonElement>($"{issuer}/.well-known/openid-configuration"));
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>From now on a new key signs; those before are still published.</summary>
    public Task RotateAsync() => CommandAsync("rotate");

    /// <summary>The key that signs is the only one that is published.</summary>
    public Task RetireAsync() => CommandAsync("retire");

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    async Task CommandAsync(string command)
    {
        await process.StandardInput.WriteLineAsync(command);
        await process.StandardInput.FlushAsync();
        await LineAsync(process, "done");
    }

    /// <summary>The provider has notices of its own to print.</summary>
    static async Task<string> LineAsync(Process process, string start)
    {
        using var timeout = new CancellationTokenSource(Limit);
        while (await process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
                return line;
        }

        throw new InvalidOperationException($"The provider has ended and did not say '{start}'.");
    }
}
