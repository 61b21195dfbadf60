using System.Text.Encodings.Web;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Http;

/// <summary>
/// The page that the links of notices lead to. To read it does nothing, however often and by whomever: only its button does. No bearer: whoever has the
/// link is whom the notice was for, and may have lost the account.
/// </summary>
static class UndoEndpoints
{
    const string Actor = "undo-link";

    static readonly string Frame = Pages.Read("undo.html");
    static readonly string Form = Pages.Read("undo-form.html");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods(Templates.UndoPath, [HttpMethods.Get, HttpMethods.Head], Show).AllowAnonymous().ExcludeFromDescription();
        routes.MapMethods(Templates.UndoPath, [HttpMethods.Post], UndoAsync).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>The same for everybody: what comes after the # of a link is not sent.</summary>
    static IResult Show(HttpContext http, Api api)
    {
        var freeze = api.Options.Undo.FreezeFor > TimeSpan.Zero ? ", and for a while nothing else can be changed" : "";
        return Page(http, StatusCodes.Status200OK, $"Undo a change to your {Product(api)} account", Form.Replace("{freeze}", freeze, StringComparison.Ordinal));
    }

    static async Task<IResult> UndoAsync(HttpContext http, Api api)
    {
        try
        {
            if (await RequestBody.ReadBytesAsync(http) is not { } body)
                return Invalid(http, api);
            var fields = await CallbackEndpoints.ReadFormAsync(http, body);
            if (fields is not [{ Key: "token", Value: var text }] || !UndoToken.TryParse(text, out var token))
                return Invalid(http, api);

            var outcome = await api.Security.UndoAsync(Callers.Caller(http, Actor, api.Options) with { Claims = null }, token, http.RequestAborted);
            return outcome.Refused?.Reason switch
            {
                null => Page(
                    http, StatusCodes.Status200OK, "The change is undone",
                    "<p>Your account is as it was before the change, and every key of it is told.</p>"
                    + $"<p>Sign in and look at it. If somebody else could sign in as you, tell the support of {Product(api)} at once.</p>"),
                Refusal.KeyTaken => Page(
                    http, StatusCodes.Status409Conflict, "This cannot be undone here",
                    $"<p>An address that would come back is another account's by now. Nothing was changed. Tell the support of {Product(api)}.</p>"),
                _ => Invalid(http, api),
            };
        }
        catch (BadHttpRequestException)
        {
            return Invalid(http, api);
        }
        catch (Exception e) when (e is StoreUnavailableException or TokenKeyMissingException)
        {
            return Page(
                http, StatusCodes.Status503ServiceUnavailable, "This cannot be done now", "<p>Nothing is half done. Go back, and try again in a minute.</p>");
        }
    }

    /// <summary>One answer for every token that does nothing.</summary>
    static IResult Invalid(HttpContext http, Api api) => Page(
        http, StatusCodes.Status422UnprocessableEntity, "This link does nothing any more",
        $"<p>It was used, has expired, or is not whole; or something that came before was undone. If you did not do that, tell the support of {Product(api)} at once.</p>");

    static IResult Page(HttpContext http, int status, string title, string body)
    {
        var nonce = Convert.ToHexString(TokenCodes.NewKeyValue());
        var headers = http.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["X-Robots-Tag"] = "noindex, nofollow";
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        var page = Frame
            .Replace("{body}", body, StringComparison.Ordinal)
            .Replace("{title}", title, StringComparison.Ordinal)
            .Replace("{nonce}", nonce, StringComparison.Ordinal);
        return Results.Text(page, "text/html; charset=utf-8", statusCode: status);
    }

    static string Product(Api api) => HtmlEncoder.Default.Encode(api.Options.Messages.ProductName);
}
