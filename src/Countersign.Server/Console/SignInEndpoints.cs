using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Countersign.Server.Console;

/// <summary>In and out.</summary>
static partial class SignInEndpoints
{
    const string Start = "/sign-in/start";
    const string Development = "/sign-in/development";

    /// <summary>The subject of who signs in without a provider, in Development.</summary>
    const string DevelopmentSubject = "development-operator";

    public static void Map(IEndpointRouteBuilder routes, bool hasProvider)
    {
        routes.MapGet("/sign-in", IResult (HttpContext http) => Show(http, hasProvider));
        routes.MapPost("/sign-out", (Delegate)SignOutAsync);
        routes.MapGet("/signed-out", () => ConsolePage.Message(
            StatusCodes.Status200OK, "You are signed out", hasProvider ? "Of the console only: your provider may still know you." : "Until you sign in again.",
            ("Sign in", hasProvider ? $"{ConsoleEndpoints.Root}{Start}?again=true" : ConsoleEndpoints.SignInPath)));
        if (hasProvider)
            routes.MapGet(Start, (Delegate)StartAsync);
        else
            routes.MapPost(Development, SignInForDevelopmentAsync);
    }

    static IResult Show(HttpContext http, bool hasProvider)
    {
        if (http.User.Identity?.IsAuthenticated == true)
            return Results.Redirect(Target(http));

        var query = QueryString.Create("to", Target(http));
        return ConsolePage.Of<SignInPage, SignInModel>(
            "Sign in to the console", new SignInModel(hasProvider, $"{ConsoleEndpoints.Root}{(hasProvider ? Start : Development)}{query}"));
    }

    static async Task<IResult> StartAsync(HttpContext http, ILogger<ConsoleProvider> log)
    {
        try
        {
            var properties = new AuthenticationProperties { RedirectUri = Target(http) };
            // Whoever has signed out may be somebody else by now, and the provider is not to decide who without asking.
            if (http.Request.Query.ContainsKey("again"))
                properties.SetParameter(OpenIdConnectParameterNames.Prompt, OpenIdConnectPrompt.Login);
            await http.ChallengeAsync(ConsoleProvider.Scheme, properties);
            return Results.Empty;
        }
        catch (ProviderAwayException)
        {
            return ProviderAway;
        }
        catch (HttpRequestException e)
        {
            // It was there when its keys were fetched, and does not take what is pushed to it.
            LogAway(log, e.Message);
            return ProviderAway;
        }
    }

    /// <summary>Mapped in Development only, and only where no provider is configured.</summary>
    static async Task<IResult> SignInForDevelopmentAsync(HttpContext http, IHostEnvironment environment, TimeProvider clock)
    {
        if (!environment.IsDevelopment())
            throw new InvalidOperationException("Nobody signs in without a provider outside Development.");

        await http.SignInAsync(
            ConsoleSession.Scheme, ConsoleSession.Principal(DevelopmentSubject, "Development operator", isOperator: true), ConsoleSession.Properties(clock.GetUtcNow()));
        return Results.Redirect(Target(http));
    }

    static async Task<IResult> SignOutAsync(HttpContext http)
    {
        await http.SignOutAsync(ConsoleSession.Scheme);
        return Results.Redirect($"{ConsoleEndpoints.Root}/signed-out");
    }

    static ConsolePage ProviderAway => ConsolePage.Message(
        StatusCodes.Status503ServiceUnavailable, "You cannot sign in now", "The provider that you would sign in with does not answer. Try again in a minute.",
        ("Sign in", ConsoleEndpoints.SignInPath));

    /// <summary>A page of the console, and nothing else: nobody is sent anywhere by a link that looks like ours.</summary>
    static string Target(HttpContext http) =>
        http.Request.Query["to"] is [{ Length: <= 2_000 } path] && path.StartsWith(ConsoleEndpoints.Root + "/", StringComparison.Ordinal)
        && !path.StartsWith(ConsoleEndpoints.SignInPath, StringComparison.Ordinal)
        && path.All(c => char.IsAsciiLetterOrDigit(c) || "/%-._~@:+!$&'()*,;=".Contains(c, StringComparison.Ordinal))
            ? path
            : ConsoleEndpoints.Root;

    [LoggerMessage(LogLevel.Warning, "Nobody can sign in to the console, because the provider does not answer: {Reason}")]
    static partial void LogAway(ILogger log, string reason);
}

/// <param name="Href">Where a click on the only button goes: by GET to the provider, by POST where there is none.</param>
sealed record SignInModel(bool HasProvider, string Href);

/// <summary>Whoever is signed in and no operator.</summary>
sealed record TurnedAwayModel(string Claim, string Value)
{
    public static TurnedAwayModel Of(HttpContext http)
    {
        var options = http.RequestServices.GetRequiredService<IOptions<ConsoleOptions>>().Value;
        return new TurnedAwayModel(options.OperatorClaim, options.OperatorValue);
    }
}
