using Countersign.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Http;

/// <summary>The service API, for the platform's own back end.</summary>
static class AdminEndpoints
{
    public const string Scope = "countersign.accounts";

    internal const string Path = "/admin/accounts/{userId}";
    const int DefaultEvents = 100;
    const int MaxEvents = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("").WithTags("Service API").WithMetadata(new RequiredScope(Scope));

        admin.MapPut(Path, PutAsync)
            .Describe("putAccount", "Creates the account, or replaces it, with keys that the platform has verified.")
            .Takes<PutAccountBody>()
            .Produces<AccountBody>()
            .Produces<AccountBody>(StatusCodes.Status201Created)
            .Refuses(400, 401, 403, 409, 413, 415, 503);
        admin.MapGet(Path, GetAsync)
            .Describe("getAccountByUserId", "The account, unmasked.")
            .Produces<AccountBody>()
            .Refuses(400, 401, 403, 404, 503);
        admin.MapDelete(Path, DeleteAsync)
            .Describe("eraseAccount", "Erases the account with its keys, tokens and messages; its audit trail, masked, stays.")
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(400, 401, 403, 404, 503);
        admin.MapOtherMethods(Path, "DELETE", "GET", "PUT");
        admin.MapOnly("GET", Path + "/events", GetEventsAsync)
            .Describe("getAccountEvents", "The account's audit trail, newest first.")
            .WithMetadata(new QueryParameterMetadata("limit", $"How many at most: 1 to {MaxEvents}, {DefaultEvents} by default."))
            .Produces<IReadOnlyList<AuditEventBody>>()
            .Refuses(400, 401, 403, 404, 503);
    }

    static async Task<IResult> PutAsync(HttpContext http, Api api, string userId)
    {
        userId = Decoded(http, userId);
        var (body, problem) = await RequestBody.ReadAsync<PutAccountBody>(http);
        if (body is null)
            return problem!;

        var fields = FieldsWith(api, userId);
        var profile = Profile(body, fields);
        if (fields.Problem is { } invalid)
            return invalid;

        var outcome = await api.Security.PutAsync(Service(http, api), userId, profile, http.RequestAborted);
        if (!outcome.TryGet(out var put, out var refused))
            return Problems.Of(refused);
        return Answers.Ok(
            Answers.Body(put.Account, api.Options, unmasked: true), put.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    static async Task<IResult> GetAsync(HttpContext http, Api api, string userId)
    {
        userId = Decoded(http, userId);
        if (FieldsWith(api, userId).Problem is { } invalid)
            return invalid;

        var outcome = await api.Security.GetAsync(Service(http, api), userId, http.RequestAborted);
        return outcome.TryGet(out var account, out var refused)
            ? Answers.Ok(Answers.Body(account, api.Options, unmasked: true))
            : Refuse(refused);
    }

    static async Task<IResult> DeleteAsync(HttpContext http, Api api, string userId)
    {
        userId = Decoded(http, userId);
        if (FieldsWith(api, userId).Problem is { } invalid)
            return invalid;

        var outcome = await api.Security.EraseAsync(Service(http, api), userId, http.RequestAborted);
        return outcome.Refused is { } refused ? Refuse(refused) : TypedResults.NoContent();
    }

    static async Task<IResult> GetEventsAsync(HttpContext http, Api api, string userId)
    {
        userId = Decoded(http, userId);
        var fields = FieldsWith(api, userId);
        fields.Only(http.Request, "limit");
        var limit = fields.Limit(http.Request, DefaultEvents, MaxEvents);
        if (fields.Problem is { } invalid)
            return invalid;

        var events = await api.Security.GetEventsAsync(userId, limit, http.RequestAborted);
        // Every account begins with an event, and what was erased keeps its trail: none means that there never was such an account.
        return events.Count == 0 ? NoSuchAccount : Answers.Ok<IReadOnlyList<AuditEventBody>>([.. events.Select(Answers.Body)]);
    }

    static AccountProfile Profile(PutAccountBody body, Fields fields)
    {
        var profile = new AccountProfile
        {
            Email = body.Email is null ? null : fields.Email("email", body.Email),
            PhoneNumber = body.PhoneNumber is null ? null : fields.PhoneNumber("phoneNumber", body.PhoneNumber),
            Locale = body.Locale,
            EmailMfa = body.Mfa?.Email == true,
            PhoneNumberMfa = body.Mfa?.PhoneNumber == true,
            AntiPhishingCode = body.AntiPhishingCode is null ? null : fields.AntiPhishingCode("antiPhishingCode", body.AntiPhishingCode),
        };
        if (body.Locale is not null && !Callers.IsLocale(body.Locale))
            fields.Add("locale", "This is no language tag such as en or de-AT.");
        if (profile.EmailMfa && body.Email is null)
            fields.Add("mfa.email", "There is no MFA for an email without the email.");
        if (profile.PhoneNumberMfa && body.PhoneNumber is null)
            fields.Add("mfa.phoneNumber", "There is no MFA for a phone number without the number.");
        if (body.AntiPhishingCode is not null && body.Email is null)
            fields.Add("antiPhishingCode", "There is no anti-phishing code without an email, through which alone it works.");
        return profile;
    }

    internal static Fields FieldsWith(Api api, string userId)
    {
        var fields = api.Fields();
        fields.UserId("userId", userId);
        return fields;
    }

    /// <summary>
    /// A path keeps <c>%2F</c> as it is, so that a slash in a user id, which many providers' have, is told from <c>%252F</c> only by what the
    /// request line says.
    /// </summary>
    internal static string Decoded(HttpContext http, string userId)
    {
        if (!userId.Contains("%2F", StringComparison.OrdinalIgnoreCase))
            return userId;

        var asSent = (http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").Split('?')[0].Split('/').FirstOrDefault(segment =>
            Uri.UnescapeDataString(segment.Replace("%2F", "%252F", StringComparison.Ordinal).Replace("%2f", "%252f", StringComparison.Ordinal)) == userId);
        return asSent is null ? userId : Uri.UnescapeDataString(asSent);
    }

    /// <summary>The platform, which is nobody's account: nothing is provisioned from its claims.</summary>
    internal static Caller Service(HttpContext http, Api api) => api.Caller(http) with { Claims = null };

    internal static Problem Refuse(Refused refused) => refused.Reason == Refusal.AccountNotFound ? NoSuchAccount : Problems.Of(refused);

    static Problem NoSuchAccount => Problems.AccountNotFound("There is no account with this user id.");
}
