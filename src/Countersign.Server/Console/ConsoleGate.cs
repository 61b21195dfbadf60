using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;

namespace Countersign.Server.Console;

/// <summary>An endpoint of the console that is there for whoever is not signed in, or not as an operator.</summary>
sealed record OpenToAll;

/// <summary>In front of every endpoint of the console: the session's cookie and nothing else says who it is, and a form has to be one of ours.</summary>
sealed class ConsoleGate(IAntiforgery antiforgery, IHostEnvironment environment) : IEndpointFilter
{
    /// <summary>Bytes. The longest form has a reason and an antiforgery token.</summary>
    const long MaxFormSize = 16 * 1024;

    /// <summary>Its cookies go by TLS only.</summary>
    static ConsolePage NoTls => ConsolePage.Message(
        StatusCodes.Status403Forbidden, "The console is there by https only",
        "Go to its https address. If you did: the proxy that ends TLS has to send X-Forwarded-Proto, and to be among Countersign:TrustedProxies.");

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (!http.Request.IsHttps && !environment.IsDevelopment())
            return NoTls;

        // In place of whom a bearer names.
        http.User = (await http.AuthenticateAsync(ConsoleSession.Scheme)).Principal ?? new ClaimsPrincipal(new ClaimsIdentity());
        var isPost = HttpMethods.IsPost(http.Request.Method);
        if (!isPost && !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.Headers.Allow = "GET, POST";
            return ConsoleErrors.Page(StatusCodes.Status405MethodNotAllowed);
        }

        if (http.GetEndpoint()?.Metadata.GetMetadata<OpenToAll>() is null)
        {
            if (http.User.Identity?.IsAuthenticated != true)
                return Results.Redirect(ConsoleEndpoints.SignIn(isPost ? ConsoleEndpoints.Root : http.Request.Path.ToUriComponent()));
            if (!ConsoleSession.IsOperator(http.User))
                return ConsolePage.Of<TurnedAwayPage, TurnedAwayModel>("You may not use the console", TurnedAwayModel.Of(http))
                    with { Status = StatusCodes.Status403Forbidden };
        }

        if (!isPost)
            return await next(context);

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MaxFormSize;
        // Read here, where what is too long is said to be: the check of the token would take it for a form without one.
        try
        {
            if (http.Request.HasFormContentType)
                await http.Request.ReadFormAsync(http.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            return ConsoleErrors.Page(e.StatusCode);
        }

        if (!http.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(http))
            return ConsolePage.Message(
                StatusCodes.Status400BadRequest, "This form is not valid any more",
                "Nothing was done. The page that it stood on is too old, or was another operator's. Open it anew, and try again.", ("Go to the console", ConsoleEndpoints.Root));
        return await next(context);
    }
}
