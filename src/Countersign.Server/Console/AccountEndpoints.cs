using Countersign.Domain;
using Countersign.Http;
using Countersign.Support;
using Microsoft.Extensions.Options;

namespace Countersign.Server.Console;

/// <summary>Finding an account, looking at it, and doing something to it.</summary>
static class AccountEndpoints
{
    /// <summary>Characters. What is longer is neither a user id, nor an email, nor a number.</summary>
    const int MaxQueryLength = 255;

    const string Account = "/accounts/{userId}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/search", () => Search(null, []));
        routes.MapPost("/search", (Delegate)FindAsync);
        routes.MapGet(Account, (Delegate)ShowAsync);
        routes.MapGet($"{Account}/erase", (Delegate)AskToEraseAsync);
        routes.MapPost($"{Account}/{{action}}", (Delegate)ActAsync);
    }

    /// <summary>Its only part is the user id: addresses stand in logs.</summary>
    public static string PathOf(string userId) => $"{ConsoleEndpoints.Root}/accounts/{Uri.EscapeDataString(userId)}";

    static async Task<IResult> FindAsync(HttpContext http, AccountSupport support)
    {
        var query = (await http.Request.ReadFormAsync(http.RequestAborted))["query"].ToString().Trim();
        if (query.Length is 0 or > MaxQueryLength)
            return Search("Type a whole user id, email or phone number.", []) with { Status = StatusCodes.Status400BadRequest };

        var found = await support.FindAsync(Caller(http), query, http.RequestAborted);
        return found switch
        {
            [] => Search("There is no account with exactly this user id, email or phone number. Look for spaces and letters left out; a number begins with + and the country.", []),
            [{ KeptUntil: null } only] => Results.Redirect(PathOf(only.UserId)),
            _ => Search(null, found),
        };
    }

    static ConsolePage Search(string? problem, IReadOnlyList<AccountMatch> found) =>
        ConsolePage.Of<SearchPage, SearchModel>("Find an account", new SearchModel(problem, found)) with { Section = "accounts" };

    static async Task<IResult> ShowAsync(HttpContext http, AccountSupport support, TimeProvider clock, string userId)
    {
        userId = AdminEndpoints.Decoded(http, userId);
        return Callers.IsUserId(userId) && await support.GetAsync(Caller(http), userId, http.RequestAborted) is { } found
            ? ConsolePage.Of<AccountPage, AccountModel>($"Account {userId}", new AccountModel(found, clock.GetUtcNow())) with { Section = "accounts" }
            : NoAccount;
    }

    static async Task<IResult> AskToEraseAsync(HttpContext http, AccountSupport support, string userId)
    {
        userId = AdminEndpoints.Decoded(http, userId);
        return Callers.IsUserId(userId) && await support.GetAsync(Caller(http), userId, http.RequestAborted) is { IsErased: false } found ? Erase(found.UserId, null) : NoAccount;
    }

    static async Task<IResult> ActAsync(HttpContext http, AccountSupport support, string userId, string action)
    {
        userId = AdminEndpoints.Decoded(http, userId);
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var reason = form["reason"].ToString().Trim();
        var back = form["from"] == "messages" ? MessageEndpoints.Path : PathOf(userId);
        if (!Callers.IsUserId(userId) || ConsoleAction.Find(action) is not { } wanted)
            return ConsoleErrors.Page(StatusCodes.Status404NotFound);

        var problem = SupportReason.Problem(reason) ?? (wanted == ConsoleAction.Erase && form["confirmation"] != userId ? "The user id that you typed is not the one of this account." : null);
        if (problem is not null)
        {
            return wanted == ConsoleAction.Erase
                ? Erase(userId, problem) with { Status = StatusCodes.Status400BadRequest }
                : ConsolePage.Message(StatusCodes.Status400BadRequest, "Nothing was done", problem, ("Go back", back));
        }

        if (await wanted.RunAsync(support, Caller(http), userId, form, reason, http.RequestAborted) is not { } status)
            return ConsoleErrors.Page(StatusCodes.Status400BadRequest);
        if (status == SupportStatus.AccountNotFound)
            return NoAccount;

        http.RequestServices.GetRequiredService<ConsoleNotice>().Give(http, status == SupportStatus.Done ? wanted.Done : ConsoleAction.Undone(status));
        return Results.Redirect(back);
    }

    static ConsolePage Erase(string userId, string? problem) =>
        ConsolePage.Of<ErasePage, EraseModel>($"Erase the account {userId}", new EraseModel(userId, problem)) with { Section = "accounts" };

    static ConsolePage NoAccount => ConsolePage.Message(
        StatusCodes.Status404NotFound, "There is no such account", "No account has this user id.", ("Find an account", "/console/search"))
        with { Section = "accounts" };

    /// <summary>The operator, as the trail names them. Nothing is provisioned from their claims.</summary>
    static Caller Caller(HttpContext http) => Callers.Caller(
        http, ConsoleSession.SubjectOf(http.User)!, http.RequestServices.GetRequiredService<IOptions<CountersignOptions>>().Value) with { Claims = null };
}

/// <param name="Problem">Why nothing is shown; null where something is, or nothing was asked.</param>
sealed record SearchModel(string? Problem, IReadOnlyList<AccountMatch> Found);

sealed record AccountModel(SupportCase Case, DateTimeOffset Now)
{
    public string Path => AccountEndpoints.PathOf(Case.UserId);
}

sealed record EraseModel(string UserId, string? Problem)
{
    public string Path => AccountEndpoints.PathOf(UserId);
}
