using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using UserManager = Microsoft.AspNetCore.Identity.UserManager<Microsoft.AspNetCore.Identity.IdentityUser>;

namespace Countersign.Bench.Identity;

/// <summary>Reading an account, and changing its email by GenerateChangeEmailTokenAsync and ChangeEmailAsync.</summary>
static class EmailEndpoints
{
    public static void MapEmailChanges(this RouteGroupBuilder api)
    {
        api.MapGet("/account", ReadAsync);
        api.MapPost("/token/userKeys/changing", (HttpContext http, [AsParameters] Services services) => IssueAsync(http, services, user => user.Email!));
        api.MapPost("/token/userKeys/adding/email", (string newEmail, HttpContext http, [AsParameters] Services services) => IssueAsync(http, services, _ => newEmail));
        api.MapPost("/token/userKeys/changing/newKey", IssueToNewAsync);
        api.MapPost("/userKeys/changing", ChangeEmailAsync);
    }

    static async Task<IResult> ReadAsync(HttpContext http, UserManager users) =>
        await users.FindByIdAsync(http.UserId()) is { } user ? Account(user) : Results.NotFound();

    static async Task<IResult> IssueAsync(HttpContext http, Services services, Func<IdentityUser, string> target) =>
        await services.Users.FindByIdAsync(http.UserId()) is { } user ? await IssueToAsync(services, user, target(user)) : Results.NotFound();

    /// <summary>The token to the current address is one for a change to that address itself, and proves it.</summary>
    static async Task<IResult> IssueToNewAsync(RedeemingBody body, HttpContext http, [AsParameters] Services services)
    {
        if (body.NewUserKey is not { } target || await services.Users.FindByIdAsync(http.UserId()) is not { } user)
            return Results.BadRequest();

        var purpose = UserManager.GetChangeEmailTokenPurpose(user.Email!);
        var isRight = await services.Users.VerifyUserTokenAsync(user, services.Options.Value.Tokens.ChangeEmailTokenProvider, purpose, body.OneTimeToken);
        return isRight ? await IssueToAsync(services, user, target) : Results.UnprocessableEntity();
    }

    static async Task<IResult> ChangeEmailAsync(RedeemingBody body, HttpContext http, UserManager users)
    {
        if (body.NewUserKey is not { } target || await users.FindByIdAsync(http.UserId()) is not { } user)
            return Results.BadRequest();

        var result = await users.ChangeEmailAsync(user, target, body.OneTimeToken);
        return result.Succeeded ? Account(user) : Results.UnprocessableEntity();
    }

    static async Task<IResult> IssueToAsync(Services services, IdentityUser user, string target)
    {
        var code = await services.Users.GenerateChangeEmailTokenAsync(user, target);
        services.Book.Keep(user.Id, code);
        return IssuedBody.Answer(target, services.Clock.GetUtcNow());
    }

    static IResult Account(IdentityUser user) => Results.Ok(new AccountBody(user.Id, user.Email!, null));
}

/// <summary>What an issuing endpoint works with.</summary>
sealed record Services(UserManager Users, IOptions<IdentityOptions> Options, CodeBook Book, TimeProvider Clock);
