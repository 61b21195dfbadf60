using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Http;

/// <summary>A query parameter that a handler reads by itself (see <see cref="RawQuery"/>), for the OpenAPI document.</summary>
public sealed record QueryParameterMetadata(string Name, string Description);

/// <summary>
/// A body that a handler reads by itself (see <see cref="RequestBody"/>), for the OpenAPI document. Not the framework's own metadata: routing
/// acts on that one, and would answer other content types before the bearer is looked at.
/// </summary>
public sealed record RequestBodyMetadata(Type Type, bool IsOptional);

static class Routes
{
    /// <summary>
    /// A path that takes one method. Any other gets 405, after the bearer was looked at: the endpoint with a method is the better match,
    /// the one without takes the rest.
    /// </summary>
    public static RouteHandlerBuilder MapOnly(this IEndpointRouteBuilder routes, string method, string path, Delegate handler)
    {
        routes.MapOtherMethods(path, method);
        return routes.MapMethods(path, [method], handler);
    }

    public static void MapOtherMethods(this IEndpointRouteBuilder routes, string path, params string[] allowed)
    {
        var allow = string.Join(", ", allowed);
        routes.Map(path, IResult (HttpContext http) =>
        {
            http.Response.Headers.Allow = allow;
            return Problems.MethodNotAllowed(allow);
        }).ExcludeFromDescription();
    }

    /// <summary>All POSTs of it can be sent again.</summary>
    public static TBuilder TakesIdempotencyKey<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter<TBuilder, IdempotencyFilter>().WithMetadata(new IdempotencyKeyMetadata());

    /// <summary>What the OpenAPI document says of an operation; what it answers when refused is the same for all.</summary>
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string name, string summary) =>
        endpoint.WithName(name).WithSummary(summary);

    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder endpoint, bool isOptional = false) where T : notnull =>
        endpoint.WithMetadata(new RequestBodyMetadata(typeof(T), isOptional));

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in statuses)
            endpoint.Produces<ProblemBody>(status, Problem.ContentType);
        return endpoint;
    }
}
