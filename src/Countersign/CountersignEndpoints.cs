using Countersign.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign;

/// <summary>A bearer token that the host made in Development.</summary>
public sealed record DevelopmentBearer(string AccessToken, TimeSpan Lifetime);

public static class CountersignEndpoints
{
    const string Prefix = "/api/v1";

    /// <summary>
    /// Maps the contract under <c>/api/v1</c>. The caller is whom the host's default authentication scheme says; the account is the claim
    /// <c>sub</c>. Providers' callbacks are mapped beside it, under <c>/callbacks</c>, where such a provider is configured; and the keys
    /// of statements about holds at <c>/.well-known/jwks.json</c>, the page that undoes changes at <c>/undo</c>, and the element <c>&lt;countersign-security&gt;</c>
    /// at <c>/ui/countersign-security.js</c>. With <see cref="CountersignOptions.AllowedOrigins"/> the host calls <c>UseCors</c>.
    /// </summary>
    public static IEndpointConventionBuilder MapCountersign(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup(Prefix).AddEndpointFilter<RouteGroupBuilder, StoreFilter>().AddEndpointFilter<RouteGroupBuilder, ApiFilter>();
        var users = BrowserAccess.MapGroup(api);
        IssuingEndpoints.Map(users);
        RedeemingEndpoints.Map(users);
        AdminEndpoints.Map(api);
        OperatorEndpoints.Map(api);
        HoldEndpoints.Map(api);
        EventEndpoints.Map(api);
        HoldEndpoints.MapKeySet(routes);
        UndoEndpoints.Map(routes);
        UiEndpoints.Map(routes);
        CallbackEndpoints.Map(routes);
        routes.MapFallback($"{Prefix}/{{**rest}}", IResult () => Problems.NotFound);
        return api;
    }

    /// <summary>
    /// Maps the development inbox, <c>/dev/inbox</c>, and the page at <c>/</c> that shows it beside what a user sees. Throws outside Development.
    /// </summary>
    /// <param name="issueBearer">
    /// Where given, <c>POST /dev/token</c> answers with the bearer token that it makes for a user id and a scope, and the page has demonstration users;
    /// otherwise it shows the inbox alone.
    /// </param>
    /// <exception cref="InvalidOperationException">This is not Development.</exception>
    public static IEndpointConventionBuilder MapCountersignDevelopment(
        this IEndpointRouteBuilder routes, Func<string, string?, DevelopmentBearer>? issueBearer = null)
    {
        if (!routes.ServiceProvider.GetRequiredService<IHostEnvironment>().IsDevelopment())
            throw new InvalidOperationException("The development inbox shows every code to everybody: it is there in Development only.");
        return DevelopmentEndpoints.Map(routes, issueBearer);
    }

    /// <summary>
    /// Answers exceptions, and errors that have no body, with the problems of the contract (RFC 9457): for a host that serves nothing else.
    /// </summary>
    public static IApplicationBuilder UseCountersignProblems(this IApplicationBuilder app) => app
        .UseExceptionHandler(errors => errors.Run(http => OfException(http).ExecuteAsync(http)))
        .UseStatusCodePages(context => OfStatus(context.HttpContext.Response).ExecuteAsync(context.HttpContext));

    static Problem OfException(HttpContext http) =>
        // What the server could not read is the client's matter; its text names no value.
        http.Features.Get<IExceptionHandlerFeature>()?.Error is BadHttpRequestException bad ? Problems.OfStatus(bad.StatusCode) : Problems.Internal;

    static Problem OfStatus(HttpResponse response) => Problems.OfStatus(response.StatusCode, response.Headers.Allow.ToString());
}
