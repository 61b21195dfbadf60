using Countersign.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Http;

/// <summary><c>POST /api/v1/token/X</c> sends the one-time token for X.</summary>
static class IssuingEndpoints
{
    const string Email = "newEmail";
    const string PhoneNumber = "newPhoneNumber";
    const string KeyType = "keyType";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var tokens = routes.MapGroup("/token").WithTags("Issuing").TakesIdempotencyKey();

        Issue(tokens.MapOnly("POST", "/userKeys/adding/email", AddEmailAsync), Operation.AddingKey, "issueAddingEmail", "Sends a token that adds an email, to that email.")
            .Takes<NewEmailBody>(isOptional: true)
            .WithMetadata(new QueryParameterMetadata(Email, "The new email; here or in the body, which is better: query strings end in access logs."));
        Issue(tokens.MapOnly("POST", "/userKeys/adding/phoneNumber", AddPhoneNumberAsync), Operation.AddingKey, "issueAddingPhoneNumber", "Sends a token that adds a phone number, to that number.")
            .Takes<NewPhoneNumberBody>(isOptional: true)
            .WithMetadata(new QueryParameterMetadata(PhoneNumber, "The new number, a bare + being a plus; here or in the body, which is better: query strings end in access logs."));
        Issue(tokens.MapOnly("POST", "/userKeys/changing", ChangeKeyAsync), Operation.ChangingKey, "issueChangingKey", "The first step of a change: sends a token to the current key.")
            .Takes<KeyTypeBody>(isOptional: true)
            .WithMetadata(new QueryParameterMetadata(KeyType, "EMAIL or PHONE_NUMBER; here or in the body."));
        Issue(tokens.MapOnly("POST", "/userKeys/changing/newKey", ChangeToNewKeyAsync), Operation.ChangingNewKey, "issueChangingToNewKey", "The second step of a change: redeems the token of the first, and sends one to the new key.")
            .Takes<NewKeyBody>();
        Issue(tokens.MapOnly("POST", "/userKeys/removing", RemoveKeyAsync), Operation.RemovingKey, "issueRemovingKey", "Sends a token that removes a key, to that key.")
            .Takes<KeyTypeBody>(isOptional: true)
            .WithMetadata(new QueryParameterMetadata(KeyType, "EMAIL or PHONE_NUMBER; here or in the body."));
        Issue(tokens.MapOnly("POST", "/antiPhishing/adding", AddAntiPhishingAsync), Operation.AddingAntiPhishing, "issueAddingAntiPhishing", "Sends a token that sets the first anti-phishing code, to the email.");
        Issue(tokens.MapOnly("POST", "/antiPhishing/changing", ChangeAntiPhishingAsync), Operation.ChangingAntiPhishing, "issueChangingAntiPhishing", "Sends a token that changes the anti-phishing code, to the email.");
        Issue(tokens.MapOnly("POST", "/mfa/disabling", DisableMfaAsync), Operation.DisablingMfa, "issueDisablingMfa", "Sends a token that disables MFA for a destination, to that destination.")
            .Takes<DestinationBody>();
        Issue(tokens.MapOnly("POST", "/mfa/enabling", EnableMfaAsync), Operation.EnablingMfa, "issueEnablingMfa", "Sends a token that enables MFA for a destination, to that destination.")
            .Takes<DestinationBody>();
        // Which operation it is, the body says.
        Issue(tokens.MapOnly("POST", "/resending", ResendAsync), null, "resendToken", "Sends another token for a pending operation, to the same destination.")
            .Takes<OperationBody>();
        tokens.MapOnly("POST", "/cancelling", CancelAsync)
            .Describe("cancelOperation", "Revokes the tokens of a pending operation, if there is one.")
            .Takes<OperationBody>()
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(400, 401, 404, 413, 415, 422, 503);
    }

    static async Task<IResult> AddEmailAsync(HttpContext http, Api api)
    {
        var (text, problem) = await ReadParameterAsync<NewEmailBody>(http, Email, body => body.NewEmail);
        var fields = api.Fields();
        var address = problem is null ? fields.Email(Email, text) : null;
        return problem ?? fields.Problem ?? await api.IssueAsync(http, Operation.AddingKey, Domain.KeyType.Email, address);
    }

    static async Task<IResult> AddPhoneNumberAsync(HttpContext http, Api api)
    {
        var (text, problem) = await ReadParameterAsync<NewPhoneNumberBody>(http, PhoneNumber, body => body.NewPhoneNumber);
        var fields = api.Fields();
        var number = problem is null ? fields.PhoneNumber(PhoneNumber, text) : null;
        return problem ?? fields.Problem ?? await api.IssueAsync(http, Operation.AddingKey, Domain.KeyType.PhoneNumber, number);
    }

    static Task<IResult> ChangeKeyAsync(HttpContext http, Api api) => ProveKeyAsync(http, api, Operation.ChangingKey);

    static Task<IResult> RemoveKeyAsync(HttpContext http, Api api) => ProveKeyAsync(http, api, Operation.RemovingKey);

    static async Task<IResult> ProveKeyAsync(HttpContext http, Api api, Operation operation)
    {
        var (text, problem) = await ReadParameterAsync<KeyTypeBody>(http, KeyType, body => body.KeyType);
        var fields = api.Fields();
        var keyType = problem is null ? fields.KeyType(KeyType, text) : default;
        return problem ?? fields.Problem ?? await api.IssueAsync(http, operation, keyType, newKey: null);
    }

    static async Task<IResult> ChangeToNewKeyAsync(HttpContext http, Api api)
    {
        var (body, problem) = await RequestBody.ReadAsync<NewKeyBody>(http);
        if (body is null)
            return problem!;

        var fields = api.Fields();
        var code = fields.Token("oneTimeToken", body.OneTimeToken);
        var newKey = fields.Address("newUserKey", body.NewUserKey);
        return fields.Problem ?? await api.AnswerAsync(
            http,
            caller => api.Security.IssueForNewKeyAsync(caller, Api.UserId(http), newKey!, code, http.RequestAborted),
            Answers.Issued);
    }

    static Task<IResult> AddAntiPhishingAsync(HttpContext http, Api api) => IssueWithoutInputAsync(http, api, Operation.AddingAntiPhishing);

    static Task<IResult> ChangeAntiPhishingAsync(HttpContext http, Api api) => IssueWithoutInputAsync(http, api, Operation.ChangingAntiPhishing);

    static async Task<IResult> IssueWithoutInputAsync(HttpContext http, Api api, Operation operation)
    {
        var (_, problem) = await RequestBody.ReadOptionalAsync<NoBody>(http);
        return problem ?? await api.IssueAsync(http, operation, keyType: null, newKey: null);
    }

    static Task<IResult> DisableMfaAsync(HttpContext http, Api api) => IssueForDestinationAsync(http, api, Operation.DisablingMfa);

    static Task<IResult> EnableMfaAsync(HttpContext http, Api api) => IssueForDestinationAsync(http, api, Operation.EnablingMfa);

    static async Task<IResult> IssueForDestinationAsync(HttpContext http, Api api, Operation operation)
    {
        var (body, problem) = await RequestBody.ReadAsync<DestinationBody>(http);
        if (body is null)
            return problem!;

        var fields = api.Fields();
        var destination = fields.KeyType("destination", body.Destination);
        return fields.Problem ?? await api.IssueAsync(http, operation, destination, newKey: null);
    }

    static async Task<IResult> ResendAsync(HttpContext http, Api api)
    {
        var (purpose, problem) = await ReadPurposeAsync(http, api);
        problem ??= await api.StepUp.RefuseAsync(http, purpose.Operation);
        return problem ?? await api.AnswerAsync(
            http,
            caller => api.Security.ResendAsync(caller, Api.UserId(http), purpose, http.RequestAborted),
            Answers.Issued);
    }

    static async Task<IResult> CancelAsync(HttpContext http, Api api)
    {
        var (purpose, problem) = await ReadPurposeAsync(http, api);
        return problem ?? await api.AnswerAsync(
            http,
            caller => api.Security.CancelAsync(caller, Api.UserId(http), purpose, http.RequestAborted),
            IResult (outcome) => outcome.Refused is { } refused ? Problems.Of(refused) : TypedResults.NoContent());
    }

    static async Task<(Purpose Purpose, Problem? Problem)> ReadPurposeAsync(HttpContext http, Api api)
    {
        var (body, problem) = await RequestBody.ReadAsync<OperationBody>(http);
        if (body is null)
            return (default, problem);

        var fields = api.Fields();
        return (fields.Purpose(body.Operation, body.KeyType), fields.Problem);
    }

    /// <summary>One value, from the query string or from the body.</summary>
    static async Task<(string? Text, Problem? Problem)> ReadParameterAsync<T>(HttpContext http, string name, Func<T, string?> read) where T : class
    {
        var (body, problem) = await RequestBody.ReadOptionalAsync<T>(http);
        if (problem is not null)
            return (null, problem);

        var inQuery = RawQuery.Values(http.Request, name);
        var inBody = body is null ? null : read(body);
        if (inQuery.Count > 1)
            return (null, Problems.Validation(name, "This is there twice."));
        if (inQuery.Count == 1 && inBody is not null)
            return (null, Problems.Validation(name, "This is in the query string and in the body: give it once."));
        return (inBody ?? inQuery.SingleOrDefault(), null);
    }

    static RouteHandlerBuilder Issue(RouteHandlerBuilder endpoint, Operation? operation, string name, string summary)
    {
        if (operation is { } guarded)
            endpoint.Guards(guarded);
        return endpoint
            .Describe(name, summary)
            .Produces<IssuedBody>()
            .Refuses(400, 401, 404, 409, 413, 415, 422, 429, 503);
    }
}
