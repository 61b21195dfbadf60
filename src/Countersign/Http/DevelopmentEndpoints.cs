using Countersign.Delivery;
using Countersign.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Http;

/// <summary>The development inbox as JSON, and the page that shows it beside what a user sees. Mapped in Development only.</summary>
static class DevelopmentEndpoints
{
    static readonly string[] Scripts = ["copy.js", "inbox.js", "lines.js", "people.js"];

    /// <param name="issueBearer">Makes a bearer token for a user id and a scope; null where the host has none to give.</param>
    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder routes, Func<string, string?, DevelopmentBearer>? issueBearer)
    {
        var development = routes.MapGroup("").WithTags("Development");
        // Without bearers there is nobody whose page could be shown.
        development.MapGet("/", Page("page.html", "text/html; charset=utf-8", users: issueBearer is null ? "hidden" : "")).ExcludeFromDescription();
        development.MapGet("/dev/page.css", Page("page.css", "text/css; charset=utf-8")).ExcludeFromDescription();
        foreach (var script in Scripts)
            development.MapGet($"/dev/{script}", Page(script, "text/javascript; charset=utf-8")).ExcludeFromDescription();
        development.MapOnly("GET", "/dev/inbox", GetInboxAsync)
            .Describe("getDevelopmentInbox", "The messages that went to the development inbox, newest first.")
            .WithMetadata(new QueryParameterMetadata("destination", "Only those to this email or phone number."))
            .Produces<IReadOnlyList<InboxMessageBody>>()
            .Refuses(400, 503)
            .AddEndpointFilter<StoreFilter>();
        if (issueBearer is not null)
        {
            development.MapOnly("POST", "/dev/token", (HttpContext http, Api api) => IssueBearerAsync(http, api, issueBearer))
                .Describe("issueDevelopmentToken", "A bearer token for any user, to try the API with.")
                .Takes<DevelopmentTokenBody>()
                .Produces<AccessTokenBody>()
                .Refuses(400, 413, 415);
        }

        return development;
    }

    static async Task<IResult> IssueBearerAsync(HttpContext http, Api api, Func<string, string?, DevelopmentBearer> issueBearer)
    {
        http.Response.Headers.CacheControl = "no-store";
        var (body, problem) = await RequestBody.ReadAsync<DevelopmentTokenBody>(http);
        if (body is null)
            return problem!;
        var fields = api.Fields();
        fields.UserId("userId", body.UserId);
        if (fields.Problem is { } invalid)
            return invalid;

        var bearer = issueBearer(body.UserId!, body.Scope);
        return Answers.Ok(new AccessTokenBody(bearer.AccessToken, (int)bearer.Lifetime.TotalSeconds));
    }

    static async Task<IResult> GetInboxAsync(HttpContext http, DevelopmentInbox inbox)
    {
        http.Response.Headers.CacheControl = "no-store";
        var destinations = RawQuery.Values(http.Request, "destination");
        if (destinations.Count > 1)
            return Problems.Validation("destination", "This is there twice.");

        var messages = await inbox.ReadAsync(destinations.Select(Canonical).SingleOrDefault(), http.RequestAborted);
        return Answers.Ok<IReadOnlyList<InboxMessageBody>>([.. messages.Select(Body)]);
    }

    /// <summary>Whatever is no address is looked for as it is, and not found.</summary>
    static string Canonical(string destination)
    {
        if (EmailAddress.TryParse(destination, out var email, out _))
            return email.Canonical;
        return PhoneNumber.TryParse(destination, PhoneNumberAcceptance.Shape, out var number, out _) ? number.Canonical : destination;
    }

    static InboxMessageBody Body(InboxMessage message) => new(
        message.Channel.Name(), message.Destination, message.Subject, message.Text, message.Html, message.OneTimeToken, message.Reference,
        Answers.Time(message.SentAt));

    static Func<HttpContext, IResult> Page(string file, string contentType, string users = "")
    {
        var text = Pages.Read($"development/{file}").Replace("{users}", users, StringComparison.Ordinal);
        return http =>
        {
            var nonce = Convert.ToHexString(TokenCodes.NewKeyValue());
            http.Response.Headers.CacheControl = "no-cache";
            http.Response.Headers.XContentTypeOptions = "nosniff";
            http.Response.Headers["Referrer-Policy"] = "no-referrer";
            // A message's HTML is shown in a sandboxed frame, where this policy holds as well: it may style itself by attributes, and nothing else.
            // Without the nonce, which it does not know, it could fetch style sheets from here.
            http.Response.Headers.ContentSecurityPolicy =
                $"default-src 'none'; script-src 'self'; style-src 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; connect-src 'self'; img-src data:; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
            return Results.Text(text.Replace("{nonce}", nonce, StringComparison.Ordinal), contentType);
        };
    }
}
