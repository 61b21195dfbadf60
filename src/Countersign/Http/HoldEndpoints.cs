using Countersign.Delivery.Events;
using Countersign.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Http;

/// <summary>Holds, for a withdrawal service that asks, and for an operator who ends one.</summary>
static class HoldEndpoints
{
    const string Path = $"{AdminEndpoints.Path}/holds";

    /// <summary>Where others look for keys (RFC 8615); a host that has keys of its own there keeps them.</summary>
    const string KeySetPath = "/.well-known/jwks.json";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGroup("").WithTags("Service API").WithMetadata(new RequiredScope(AdminEndpoints.Scope))
            .MapOnly("GET", Path, GetAsync)
            .Describe("getHolds", "The holds of the account, also as a statement that can be checked offline.")
            .Produces<HoldsBody>()
            .Refuses(400, 401, 403, 404, 503);
        routes.MapGroup("").WithTags("Operator API").WithMetadata(new RequiredScope(OperatorEndpoints.Scope))
            .MapOnly("POST", $"{Path}/lifting", LiftAsync)
            .TakesIdempotencyKey()
            .Describe("liftHold", "Ends a hold before its time.")
            .Takes<LiftingBody>()
            .Produces<HoldsBody>()
            .Refuses(400, 401, 403, 404, 409, 413, 415, 422, 503);
    }

    public static void MapKeySet(IEndpointRouteBuilder routes) => routes
        .MapMethods(KeySetPath, [HttpMethods.Get, HttpMethods.Head], GetKeySet)
        .AllowAnonymous()
        .ExcludeFromDescription()
        .WithOrder(int.MaxValue - 1);

    static async Task<IResult> GetAsync(HttpContext http, Api api, HoldStatement statement, EventQueue events, string userId)
    {
        userId = AdminEndpoints.Decoded(http, userId);
        if (AdminEndpoints.FieldsWith(api, userId).Problem is { } invalid)
            return invalid;

        var outcome = await api.Security.GetAsync(AdminEndpoints.Service(http, api), userId, http.RequestAborted);
        // After the account: what is changed between the two ends more sessions, and never fewer.
        return Answer(outcome, statement, await FindSessionsNotBeforeAsync(http, events, userId));
    }

    static async Task<IResult> LiftAsync(HttpContext http, Api api, HoldStatement statement, EventQueue events, string userId)
    {
        userId = AdminEndpoints.Decoded(http, userId);
        var (body, problem) = await RequestBody.ReadAsync<LiftingBody>(http);
        if (body is null)
            return problem!;

        var fields = AdminEndpoints.FieldsWith(api, userId);
        if (!Names.TryParseHoldReason(body.Reason, out var reason))
            fields.Add("reason", $"This is one of {string.Join(", ", Enum.GetValues<HoldReason>().Select(known => known.Name()))}.");
        if (string.IsNullOrWhiteSpace(body.Explanation) || body.Explanation.Length > Account.MaxExplanationLength || body.Explanation.Any(IsNoText))
            fields.Add("explanation", $"An explanation has 1 to {Account.MaxExplanationLength} characters, no control character among them.");
        if (fields.Problem is { } invalid)
            return invalid;

        // What was decided before this: an end of sessions that comes meanwhile is in the next statement.
        var sessionsNotBefore = await FindSessionsNotBeforeAsync(http, events, userId);
        return await api.AnswerAsync(
            http,
            caller => api.Security.LiftHoldAsync(caller, userId, reason, body.Explanation!, http.RequestAborted),
            outcome => Answer(outcome, statement, sessionsNotBefore));
    }

    static IResult Answer(Outcome<AccountView> outcome, HoldStatement statement, string? sessionsNotBefore) => outcome.TryGet(out var account, out var refused)
        ? Answers.Ok(new HoldsBody(account.UserId, Answers.Holds(account.Holds), sessionsNotBefore, statement.Of(account, sessionsNotBefore)))
        : AdminEndpoints.Refuse(refused);

    static async Task<string?> FindSessionsNotBeforeAsync(HttpContext http, EventQueue events, string userId) =>
        await events.FindSessionsNotBeforeAsync(userId, http.RequestAborted) is { } at ? Answers.Time(at) : null;

    static IResult GetKeySet(HttpContext http, HoldStatement statement)
    {
        // Shorter than a statement lives: who has looked before a rotation looks again in time.
        http.Response.Headers.CacheControl = "public, max-age=60";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Text(statement.KeySet(), "application/jwk-set+json");
    }

    static bool IsNoText(char c) => char.IsControl(c) || char.IsSurrogate(c);
}
