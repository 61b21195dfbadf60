using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Countersign.Server;

/// <summary>The keys of the OpenID provider are not known, and why was logged.</summary>
sealed class ProviderAwayException() : InvalidOperationException("The keys of the OpenID provider are not known.");

/// <summary>
/// The issuer and the keys of an OpenID provider. They are fetched anew when they are old, and when a token is signed by a key that is not among
/// them, but not as often as anybody who makes up tokens likes. A key that the provider has withdrawn is not known any more once they are.
/// </summary>
sealed partial class ProviderKeys : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>
{
    /// <summary>How old they may be; so long, at most, a key is taken that the provider has withdrawn.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(5);

    /// <summary>Between two fetches that tokens have asked for; so long, at most, a new key has to wait because of made-up tokens.</summary>
    public static readonly TimeSpan AskedEvery = TimeSpan.FromSeconds(30);

    /// <summary>How long they are kept while the provider does not answer.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    static readonly TimeSpan FetchWithin = TimeSpan.FromSeconds(5);

    readonly IDocumentRetriever documents;
    readonly TimeProvider clock;
    readonly ILogger<ProviderKeys> log;
    readonly Lock gate = new();
    volatile Known? known;
    Task fetching = Task.CompletedTask;
    DateTimeOffset nextTryAt = DateTimeOffset.MinValue;
    DateTimeOffset nextAskAt = DateTimeOffset.MinValue;
    bool isAsked;

    public ProviderKeys(string address, IDocumentRetriever documents, TimeProvider clock, ILogger<ProviderKeys> log)
    {
        MetadataAddress = address;
        this.documents = documents;
        this.clock = clock;
        this.log = log;
        // What was good last may have been withdrawn since.
        UseLastKnownGoodConfiguration = false;
    }

    /// <exception cref="ProviderAwayException">No keys are known, or none that are young enough.</exception>
    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        await FetchIfDue().WaitAsync(cancel);
        return known is { } found && clock.GetUtcNow() - found.At < KeptFor
            ? found.Configuration
            : throw new ProviderAwayException();
    }

    public override async Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) => await GetConfigurationAsync(cancel);

    /// <summary>A token is signed by a key that is not known, or wrongly.</summary>
    public override void RequestRefresh()
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (now < nextAskAt)
                return;

            nextAskAt = now + AskedEvery;
            isAsked = true;
        }
    }

    /// <summary>One fetch at a time, which all requests wait for.</summary>
    Task FetchIfDue()
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            var isOld = known is null || now - known.At >= FreshFor;
            if (fetching.IsCompleted && (isAsked || isOld) && now >= nextTryAt)
            {
                isAsked = false;
                // Where nothing is known everybody waits for it; otherwise a provider that hangs must not hold up every request.
                nextTryAt = now + (known is null ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(10));
                fetching = FetchAsync(now);
            }

            return fetching;
        }
    }

    async Task FetchAsync(DateTimeOffset now)
    {
        try
        {
            using var timeout = new CancellationTokenSource(FetchWithin);
            known = new Known(await OpenIdConnectConfigurationRetriever.GetAsync(MetadataAddress, documents, timeout.Token), now);
            lock (gate)
                nextTryAt = now;
        }
        catch (Exception e)
        {
            // Not the request's matter: what is known holds for a while, and the next try is soon.
            LogAway(e.Message);
            lock (gate)
                isAsked = true;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The keys of the OpenID provider cannot be fetched: {Reason}")]
    partial void LogAway(string reason);

    sealed record Known(OpenIdConnectConfiguration Configuration, DateTimeOffset At);
}
