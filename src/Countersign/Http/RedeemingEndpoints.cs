using Countersign.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Http;

/// <summary><c>POST /api/v1/X</c> redeems the one-time token for X and does X.</summary>
static class RedeemingEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var redeeming = routes.MapGroup("").WithTags("Redeeming").TakesIdempotencyKey();

        Redeem(redeeming.MapOnly("POST", "/userKeys/adding/email", AddEmailAsync), Operation.AddingKey, "addEmail", "Adds the email that the token was issued for.")
            .Takes<TokenBody>();
        Redeem(redeeming.MapOnly("POST", "/userKeys/adding/phoneNumber", AddPhoneNumberAsync), Operation.AddingKey, "addPhoneNumber", "Adds the phone number that the token was issued for.")
            .Takes<TokenBody>();
        Redeem(redeeming.MapOnly("POST", "/userKeys/changing", ChangeKeyAsync), Operation.ChangingNewKey, "changeKey", "Replaces the key by the one that the token of the second step went to.")
            .Takes<KeyTypeTokenBody>();
        Redeem(redeeming.MapOnly("POST", "/userKeys/removing", RemoveKeyAsync), Operation.RemovingKey, "removeKey", "Removes the key; removing the email also clears the anti-phishing code.")
            .Takes<KeyTypeTokenBody>();
        Redeem(redeeming.MapOnly("POST", "/antiPhishing/adding", AddAntiPhishingAsync), Operation.AddingAntiPhishing, "addAntiPhishing", "Sets the first anti-phishing code.")
            .Takes<AntiPhishingTokenBody>();
        Redeem(redeeming.MapOnly("POST", "/antiPhishing/changing", ChangeAntiPhishingAsync), Operation.ChangingAntiPhishing, "changeAntiPhishing", "Changes the anti-phishing code.")
            .Takes<AntiPhishingTokenBody>();
        Redeem(redeeming.MapOnly("POST", "/mfa/enabling", EnableMfaAsync), Operation.EnablingMfa, "enableMfa", "Switches MFA on for a destination.")
            .Takes<DestinationTokenBody>();
        Redeem(redeeming.MapOnly("POST", "/mfa/disabling", DisableMfaAsync), Operation.DisablingMfa, "disableMfa", "Switches MFA off for a destination.")
            .Takes<DestinationTokenBody>();

        routes.MapOnly("GET", "/account", GetAccountAsync)
            .Describe("getAccount", "The caller's account, its keys masked.")
            .WithTags("Account")
            .Produces<AccountBody>()
            .Refuses(401, 404, 503);
    }

    static Task<IResult> AddEmailAsync(HttpContext http, Api api) => AddKeyAsync(http, api, KeyType.Email);

    static Task<IResult> AddPhoneNumberAsync(HttpContext http, Api api) => AddKeyAsync(http, api, KeyType.PhoneNumber);

    static Task<IResult> AddKeyAsync(HttpContext http, Api api, KeyType keyType) =>
        RedeemAsync<TokenBody>(http, api, Operation.AddingKey, (body, _) => (keyType, body.OneTimeToken));

    // What is redeemed here is the token of the second step.
    static Task<IResult> ChangeKeyAsync(HttpContext http, Api api) => KeepOrRemoveAsync(http, api, Operation.ChangingNewKey);

    static Task<IResult> RemoveKeyAsync(HttpContext http, Api api) => KeepOrRemoveAsync(http, api, Operation.RemovingKey);

    static Task<IResult> KeepOrRemoveAsync(HttpContext http, Api api, Operation operation) =>
        RedeemAsync<KeyTypeTokenBody>(http, api, operation, (body, fields) => (fields.KeyType("keyType", body.KeyType), body.OneTimeToken));

    static Task<IResult> EnableMfaAsync(HttpContext http, Api api) => SwitchMfaAsync(http, api, Operation.EnablingMfa);

    static Task<IResult> DisableMfaAsync(HttpContext http, Api api) => SwitchMfaAsync(http, api, Operation.DisablingMfa);

    static Task<IResult> SwitchMfaAsync(HttpContext http, Api api, Operation operation) =>
        RedeemAsync<DestinationTokenBody>(http, api, operation, (body, fields) => (fields.KeyType("destination", body.Destination), body.OneTimeToken));

    static Task<IResult> AddAntiPhishingAsync(HttpContext http, Api api) => SetAntiPhishingAsync(http, api, Operation.AddingAntiPhishing);

    static Task<IResult> ChangeAntiPhishingAsync(HttpContext http, Api api) => SetAntiPhishingAsync(http, api, Operation.ChangingAntiPhishing);

    static Task<IResult> SetAntiPhishingAsync(HttpContext http, Api api, Operation operation)
    {
        AntiPhishingCode? newCode = null;
        return RedeemAsync<AntiPhishingTokenBody>(
            http,
            api,
            operation,
            (body, fields) =>
            {
                newCode = fields.AntiPhishingCode("antiPhishingCode", body.AntiPhishingCode);
                return (null, body.OneTimeToken);
            },
            () => newCode);
    }

    static async Task<IResult> RedeemAsync<T>(
        HttpContext http, Api api, Operation operation, Func<T, Fields, (KeyType? KeyType, string? Token)> read, Func<AntiPhishingCode?>? newCode = null)
        where T : class
    {
        var (body, problem) = await RequestBody.ReadAsync<T>(http);
        if (body is null)
            return problem!;

        var fields = api.Fields();
        var (keyType, text) = read(body, fields);
        var code = fields.Token("oneTimeToken", text);
        if (fields.Problem is { } invalid)
            return invalid;

        return await api.AnswerAsync(
            http,
            caller => api.Security.RedeemAsync(caller, Api.UserId(http), new Purpose(operation, keyType), code, newCode?.Invoke(), http.RequestAborted),
            outcome => Answers.Account(outcome, api.Options));
    }

    static async Task<IResult> GetAccountAsync(HttpContext http, Api api) =>
        Answers.Account(await api.Security.GetAsync(api.Caller(http), Api.UserId(http), http.RequestAborted), api.Options);

    static RouteHandlerBuilder Redeem(RouteHandlerBuilder endpoint, Operation operation, string name, string summary) => endpoint
        .Guards(operation)
        .Describe(name, summary)
        .Produces<AccountBody>()
        .Refuses(400, 401, 404, 409, 413, 415, 422, 429, 503);
}
