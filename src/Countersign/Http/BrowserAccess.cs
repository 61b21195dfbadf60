using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Countersign.Http;

/// <summary>
/// CORS for what a user's page asks, and for nothing of the service and operator APIs: for the origins of <see cref="CountersignOptions.AllowedOrigins"/>, without cookies.
/// Where there are none, the endpoints have nothing to do with CORS, and a host needs no <c>UseCors</c>.
/// </summary>
sealed class BrowserAccess(IOptions<CountersignOptions> options) : IConfigureOptions<CorsOptions>
{
    const string Policy = "Countersign";

    /// <summary>How long a browser need not ask again what it may send.</summary>
    static readonly TimeSpan PreflightFor = TimeSpan.FromMinutes(10);

    public void Configure(CorsOptions cors) => cors.AddPolicy(Policy, policy => policy
        .WithOrigins([.. options.Value.AllowedOrigins])
        .WithMethods(HttpMethods.Get, HttpMethods.Post)
        .WithHeaders(HeaderNames.Authorization, HeaderNames.ContentType, IdempotencyFilter.Header)
        // The date for countdowns: clocks of users are wrong.
        .WithExposedHeaders(HeaderNames.RetryAfter, HeaderNames.WWWAuthenticate, HeaderNames.Date, "RateLimit", "RateLimit-Policy")
        .SetPreflightMaxAge(PreflightFor));

    /// <summary>Decided when the endpoints are built, which is after the settings were checked.</summary>
    public static RouteGroupBuilder MapGroup(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("");
        ((IEndpointConventionBuilder)group).Add(endpoint =>
        {
            if (routes.Options().AllowedOrigins.Count > 0)
                endpoint.Metadata.Add(new EnableCorsAttribute(Policy));
        });
        return group;
    }
}

static class EndpointOptions
{
    public static CountersignOptions Options(this IEndpointRouteBuilder routes) =>
        routes.ServiceProvider.GetRequiredService<IOptions<CountersignOptions>>().Value;
}
