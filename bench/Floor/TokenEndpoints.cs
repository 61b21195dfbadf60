namespace Countersign.Bench.Floor;

static class TokenEndpoints
{
    const string ChangingEmail = "userKeys/changing";
    const string NewEmail = "userKeys/changing/newKey";
    const string AntiPhishing = "antiPhishing/changing";

    public static void MapTokens(this RouteGroupBuilder api)
    {
        api.MapGet("/account", ReadAsync);
        api.MapPost("/token/userKeys/changing", (HttpContext http, Services services) => IssueAsync(http, services, ChangingEmail));
        api.MapPost("/token/antiPhishing/changing", (HttpContext http, Services services) => IssueAsync(http, services, AntiPhishing));
        api.MapPost("/token/userKeys/changing/newKey", IssueToNewAsync);
        api.MapPost("/antiPhishing/changing", SetAntiPhishingCodeAsync);
        api.MapPost("/userKeys/changing", ChangeEmailAsync);
    }

    static async Task<IResult> ReadAsync(HttpContext http, TokenTable table) =>
        Account(await table.ReadAsync(http.UserId(), http.RequestAborted), StatusCodes.Status404NotFound);

    static async Task<IResult> IssueAsync(HttpContext http, Services services, string operation)
    {
        var (userId, code, now) = (http.UserId(), Codes.Draw(), services.Clock.GetUtcNow());
        var digest = services.Digests.Of(userId, operation, code);
        var target = await services.Table.IssueAsync(userId, operation, digest, now + IssuedBody.Lifetime, http.RequestAborted);
        services.Book.Keep(userId, code);
        return IssuedBody.Answer(target, now);
    }

    static async Task<IResult> IssueToNewAsync(HttpContext http, RedeemingBody body, Services services)
    {
        if (body.NewUserKey is not { } target)
            return Results.BadRequest();

        var (userId, code, now) = (http.UserId(), Codes.Draw(), services.Clock.GetUtcNow());
        var issued = await services.Table.IssueToNewAsync(
            userId, ChangingEmail, services.Digests.Of(userId, ChangingEmail, body.OneTimeToken), NewEmail, services.Digests.Of(userId, NewEmail, code), target,
            now, now + IssuedBody.Lifetime, http.RequestAborted);
        if (issued is null)
            return Results.UnprocessableEntity();

        services.Book.Keep(userId, code);
        return IssuedBody.Answer(issued, now);
    }

    static async Task<IResult> SetAntiPhishingCodeAsync(HttpContext http, RedeemingBody body, Services services)
    {
        if (body.AntiPhishingCode is not { } code)
            return Results.BadRequest();

        var digest = services.Digests.Of(http.UserId(), AntiPhishing, body.OneTimeToken);
        return Account(
            await services.Table.SetAntiPhishingCodeAsync(http.UserId(), AntiPhishing, digest, code, services.Clock.GetUtcNow(), http.RequestAborted),
            StatusCodes.Status422UnprocessableEntity);
    }

    static async Task<IResult> ChangeEmailAsync(HttpContext http, RedeemingBody body, Services services)
    {
        var digest = services.Digests.Of(http.UserId(), NewEmail, body.OneTimeToken);
        return Account(
            await services.Table.ChangeEmailAsync(http.UserId(), NewEmail, digest, services.Clock.GetUtcNow(), http.RequestAborted),
            StatusCodes.Status422UnprocessableEntity);
    }

    static IResult Account(AccountBody? account, int otherwise) => account is null ? Results.StatusCode(otherwise) : Results.Ok(account);
}

/// <summary>What a token's endpoint works with.</summary>
sealed record Services(TokenTable Table, CodeDigests Digests, CodeBook Book, TimeProvider Clock);
