using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>The scope that an endpoint asks for.</summary>
sealed record RequiredScope(string Scope);

/// <summary>What holds for every request: who it is and how that was proven comes first, what it may do second; and nothing is cached.</summary>
sealed class ApiFilter(StepUpCheck stepUp) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        http.Response.Headers.ContentSecurityPolicy = Problem.ContentSecurityPolicy;

        if (Callers.UserId(http.User) is null)
        {
            // Says in WWW-Authenticate what the host's scheme expects, and why it refused.
            await http.ChallengeAsync();
            return Problems.Unauthenticated;
        }

        if (await stepUp.RefuseAsync(http) is { } insufficient)
            return insufficient;
        if (http.GetEndpoint()?.Metadata.GetMetadata<RequiredScope>() is { Scope: var scope } && !Callers.HasScope(http.User, scope))
            return Problems.Forbidden(scope);
        return await next(context);
    }
}
