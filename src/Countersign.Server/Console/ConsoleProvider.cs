using System.Security.Claims;
using Countersign.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Countersign.Server.Console;

/// <summary>
/// Signing in at an OpenID Connect provider: authorization code flow with PKCE. What comes back is checked as strictly as a bearer, read once, and not kept.
/// </summary>
sealed partial class ConsoleProvider(
    IOptions<ConsoleOptions> settings, IOptions<CountersignOptions> countersign, IHostEnvironment environment, TimeProvider clock,
    ILogger<ConsoleProvider> log) : IConfigureNamedOptions<OpenIdConnectOptions>
{
    public const string Scheme = "ConsoleProvider";
    public const string CallbackPath = "/console/signin";

    const string ScopeClaim = "scope";

    /// <summary>Characters. A provider may say why, at length.</summary>
    const int MaxReasonLength = 500;

    static readonly TimeSpan SignInWithin = TimeSpan.FromMinutes(15);

    public void Configure(OpenIdConnectOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, OpenIdConnectOptions options)
    {
        if (name != Scheme)
            return;

        var console = settings.Value;
        options.SignInScheme = ConsoleSession.Scheme;
        options.Authority = console.Authority;
        options.ClientId = console.ClientId;
        options.ClientSecret = console.ClientSecret.Length == 0 ? null : console.ClientSecret;
        options.RequireHttpsMetadata = console.Authority.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
        options.ResponseType = OpenIdConnectResponseType.Code;
        // In the address once, worthless without the verifier that this server keeps; a form that another site posts would need cookies that every site may send.
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.CallbackPath = CallbackPath;
        options.RemoteAuthenticationTimeout = SignInWithin;
        options.ProtocolValidator.NonceLifetime = SignInWithin;
        options.Scope.Clear();
        foreach (var scope in console.ScopesOrDefault)
            options.Scope.Add(scope);

        options.SaveTokens = false;
        options.UseTokenLifetime = false;
        options.MapInboundClaims = false;
        options.DisableTelemetry = true;
        options.GetClaimsFromUserInfoEndpoint = true;
        options.ClaimActions.MapJsonKey(console.OperatorClaim, console.OperatorClaim);
        var parameters = options.TokenValidationParameters;
        parameters.ValidateIssuer = true;
        parameters.ValidateAudience = true;
        parameters.ValidateIssuerSigningKey = true;
        parameters.RequireSignedTokens = true;
        parameters.RequireExpirationTime = true;
        parameters.ValidAlgorithms = BearerAuthentication.AsymmetricAlgorithms;

        var isDevelopment = environment.IsDevelopment();
        foreach (var (cookie, cookieName) in new[] { (options.NonceCookie, "console-nonce."), (options.CorrelationCookie, "console-state.") })
        {
            cookie.Name = ConsoleSession.CookieName(cookieName, isDevelopment);
            cookie.Path = "/";
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = ConsoleSession.SecurePolicy(isDevelopment);
        }

        options.Events.OnRedirectToIdentityProvider = NameOurselves;
        options.Events.OnTokenValidated = DemandSignatureAndTakeScopes;
        options.Events.OnTicketReceived = MakeSessionAsync;
        options.Events.OnRemoteFailure = ShowFailureAsync;
    }

    /// <summary>In place of the framework's keys, which it takes for hours after they were withdrawn. After the framework has made its backchannel.</summary>
    public static void UseProviderKeys(OpenIdConnectOptions options, TimeProvider clock, ILogger<ProviderKeys> log)
    {
        var documents = new HttpDocumentRetriever(options.Backchannel) { RequireHttps = options.RequireHttpsMetadata };
        options.ConfigurationManager = new ProviderKeys(options.MetadataAddress!, documents, clock, log);
    }

    /// <summary>The host name of a request is nobody's word: outside Development there is always a configured one.</summary>
    Task NameOurselves(RedirectContext context)
    {
        if (Uri.TryCreate(countersign.Value.PublicUrl, UriKind.Absolute, out var publicUrl) && !environment.IsDevelopment())
            context.ProtocolMessage.RedirectUri = ServiceUrl.Below(publicUrl, CallbackPath).AbsoluteUri;
        return Task.CompletedTask;
    }

    /// <summary>
    /// What was granted stands beside the tokens (RFC 6749, 5.1), or in the access token. Where neither says it, nothing was: that a provider leaves it out where all that
    /// was asked for is granted is not taken for granted.
    /// </summary>
    static Task DemandSignatureAndTakeScopes(TokenValidatedContext context)
    {
        // The framework lets an ID token pass unsigned that came from the token endpoint, as OpenID Connect Core 1.0 (3.1.3.7) allows.
        var response = context.TokenEndpointResponse;
        if (response?.IdToken?.Split('.') is not [_, _, { Length: > 0 }])
        {
            context.Fail("The ID token is not signed.");
            return Task.CompletedTask;
        }

        var granted = response.Scope is { Length: > 0 } scope ? [scope] : ScopesOf(response.AccessToken);
        ((ClaimsIdentity)context.Principal!.Identity!).AddClaims(granted.Select(text => new Claim(ScopeClaim, text)));
        return Task.CompletedTask;
    }

    /// <summary>It came from the token endpoint itself; its signature is for whom it is meant.</summary>
    static IEnumerable<string> ScopesOf(string? accessToken)
    {
        var handler = new JsonWebTokenHandler();
        return accessToken is not null && handler.CanReadToken(accessToken)
            ? handler.ReadJsonWebToken(accessToken).Claims.Where(claim => claim.Type is ScopeClaim or "scp").Select(claim => claim.Value)
            : [];
    }

    /// <summary>Of all that the provider has said, three things are kept.</summary>
    Task MakeSessionAsync(TicketReceivedContext context)
    {
        var user = context.Principal!;
        if (Callers.UserId(user) is not { } subject)
        {
            context.Fail("The ID token has no subject.");
            return Task.CompletedTask;
        }

        var isOperator = IsOperator(user);
        if (isOperator)
            LogSignedIn(subject);
        else
            LogTurnedAway(subject, settings.Value.OperatorValue);
        context.Principal = ConsoleSession.Principal(subject, user.FindFirstValue("name") ?? user.FindFirstValue("preferred_username"), isOperator);
        context.Properties = ConsoleSession.Properties(clock.GetUtcNow());
        return Task.CompletedTask;
    }

    bool IsOperator(ClaimsPrincipal user) => settings.Value.OperatorClaim is ScopeClaim or "scp"
        ? Callers.HasScope(user, settings.Value.OperatorValue)
        : user.FindAll(settings.Value.OperatorClaim)
            .SelectMany(claim => claim.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Contains(settings.Value.OperatorValue, StringComparer.Ordinal);

    /// <summary>Somebody who went back, waited too long, or said no; or a provider that is not set up for us. The reason is in the log only.</summary>
    async Task ShowFailureAsync(RemoteFailureContext context)
    {
        LogFailed(string.Concat((context.Failure?.Message ?? "unknown").Where(c => !char.IsControl(c)).Take(MaxReasonLength)));
        context.HandleResponse();
        await ConsolePage.Message(
            StatusCodes.Status400BadRequest, "You are not signed in", "Signing in did not work, or took too long. Try again; if it stays so, tell who runs this server.",
            ("Sign in", ConsoleEndpoints.SignInPath)).ExecuteAsync(context.HttpContext);
    }

    [LoggerMessage(LogLevel.Information, "Operator {Operator} has signed in to the console")]
    partial void LogSignedIn(string @operator);

    [LoggerMessage(LogLevel.Warning, "{Subject} was turned away from the console for lack of {Value}")]
    partial void LogTurnedAway(string subject, string value);

    [LoggerMessage(LogLevel.Warning, "Signing in to the console has failed: {Reason}")]
    partial void LogFailed(string reason);
}
