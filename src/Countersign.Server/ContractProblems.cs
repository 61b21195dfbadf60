using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Countersign.Server;

/// <summary>One error of the contract, as an example shows it.</summary>
sealed record ContractProblem(string Code, int Status, string Title, string Detail)
{
    public JsonObject Extra { get; init; } = [];

    public JsonObject ToExample()
    {
        var example = new JsonObject
        {
            ["type"] = $"urn:countersign:problem:{Code}",
            ["title"] = Title,
            ["status"] = Status,
            ["detail"] = Detail,
            ["traceId"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            ["code"] = Code,
        };
        foreach (var (name, value) in Extra)
            example[name] = value?.DeepClone();
        return example;
    }
}

/// <summary>An error response that several operations share.</summary>
sealed record SharedResponse(string Id, int Status, string Description, string? Header = null)
{
    public OpenApiResponse Describe(OpenApiDocument document) =>
        ContractProblems.Response(Description, ContractProblems.All.Where(problem => problem.Status == Status), document, Header);
}

/// <summary>What the document says of errors.</summary>
static class ContractProblems
{
    const string MediaType = "application/problem+json";

    public static readonly IReadOnlyList<ContractProblem> All =
    [
        new("validation", 400, "Bad request", "Correct what errors names, and send the request again.")
        {
            Extra = new JsonObject { ["errors"] = new JsonObject { ["keyType"] = new JsonArray("This is EMAIL or PHONE_NUMBER.") } },
        },
        new("unauthenticated", 401, "Unauthenticated", "Send a valid bearer token that names its subject (sub) and its expiry (exp)."),
        new("forbidden", 403, "Forbidden", "This needs a bearer token with the scope countersign.accounts."),
        new("not-found", 404, "Not found", "There is nothing at this path."),
        new("feature-disabled", 404, "Feature disabled", "This feature is switched off here."),
        new("account-not-found", 404, "Account not found", "There is no account for this bearer token; the platform has to create it first."),
        new("method-not-allowed", 405, "Method not allowed", "This path takes POST."),
        new("key-exists", 409, "Key exists", "The account has an email already. Change it instead: POST /api/v1/token/userKeys/changing."),
        new("key-missing", 409, "Key missing", "The account has no email. Add one first: POST /api/v1/token/userKeys/adding/email."),
        new("last-key", 409, "Last key", "This is the only key of the account, and the last one cannot be removed. Add another first, or change this one."),
        new("mfa-enabled", 409, "MFA enabled", "MFA is on for this email. Disable it first: POST /api/v1/token/mfa/disabling.")
        {
            Extra = new JsonObject { ["nextStep"] = "POST /api/v1/token/mfa/disabling" },
        },
        new("mfa-disabled", 409, "MFA disabled", "MFA is not on for an email of this account: there is nothing to disable."),
        new("email-required", 409, "Email required", "The anti-phishing code works through email only. Add an email first: POST /api/v1/token/userKeys/adding/email."),
        new("anti-phishing-exists", 409, "Anti-phishing code exists", "The account has an anti-phishing code already. Change it instead: POST /api/v1/token/antiPhishing/changing."),
        new("anti-phishing-missing", 409, "Anti-phishing code missing", "The account has no anti-phishing code. Add one first: POST /api/v1/token/antiPhishing/adding."),
        new("nothing-pending", 409, "Nothing pending", "There is no pending operation of this kind. Start it anew."),
        new("key-taken", 409, "Key taken", "This key is another account's."),
        new("too-large", 413, "Too large", "A request body has at most 16384 bytes."),
        new("unsupported-media-type", 415, "Unsupported media type", "Send the body as application/json, in UTF-8."),
        new("token-invalid", 422, "Token invalid", "The one-time token is wrong, expired, used or superseded.")
        {
            Extra = new JsonObject { ["attemptsRemaining"] = 4 },
        },
        new("too-many-attempts", 429, "Too many attempts", "Too many wrong one-time tokens. Wait for as long as Retry-After says, then ask for a new one."),
        new("rate-limited", 429, "Rate limited", "Too many messages for this operation. Ask again after as long as Retry-After says."),
        new("internal", 500, "Internal error", "Something went wrong on our side. The trace id leads to it in the logs."),
        new("unavailable", 503, "Unavailable", "The request could not be stored, and nothing of it was done by halves. Ask again."),
    ];

    public static readonly IReadOnlyList<SharedResponse> Shared =
    [
        new("Validation", 400, "Malformed: `errors` names each field as the request does. It counts as no wrong try."),
        new("Unauthenticated", 401, "No, a bad or an expired bearer token, or one without `sub` or `exp`.", "WWW-Authenticate"),
        new("Forbidden", 403, "The bearer token has not the scope of the service API."),
        new("NotFound", 404, "The feature is switched off, or there is no such account."),
        new("MethodNotAllowed", 405, "Another method than this path takes. Links, which are `GET`, do nothing.", "Allow"),
        new("TooLarge", 413, "The body has more than 16 KiB."),
        new("UnsupportedMediaType", 415, "The body's content type is not JSON."),
        new("TokenInvalid", 422, "Wrong, expired, used, superseded, somebody else's or another operation's token: one answer for all. `attemptsRemaining` is there while a token is pending."),
        new("TooManyRequests", 429, "The guess budget is spent (`too-many-attempts`), or it is too early for another message (`rate-limited`).", "Retry-After"),
        new("InternalError", 500, "A defect. The trace id leads to it in the logs."),
        new("Unavailable", 503, "The store cannot be reached, or the outcome is not known. Nothing is half done; asking again is safe.", "Retry-After"),
    ];

    public static readonly IReadOnlyList<string> Codes = [.. All.Select(problem => problem.Code)];

    static readonly Dictionary<string, string> Headers = new()
    {
        ["Allow"] = "The methods that this path takes.",
        ["Retry-After"] = "Whole seconds until asking again can help.",
        ["WWW-Authenticate"] = "The scheme that is expected, and why the token was refused.",
    };

    public static OpenApiResponse Response(string description, IEnumerable<ContractProblem> problems, OpenApiDocument document, string? header = null) => new()
    {
        Description = description,
        Headers = header is null ? null : new Dictionary<string, IOpenApiHeader> { [header] = Header(header) },
        Content = new Dictionary<string, OpenApiMediaType>
        {
            [MediaType] = new()
            {
                Schema = new OpenApiSchemaReference(ContractSchemas.Problem, document),
                Examples = problems.ToDictionary(
                    problem => problem.Code,
                    IOpenApiExample (problem) => new OpenApiExample { Summary = problem.Title, Value = problem.ToExample() }),
            },
        },
    };

    public static string? SharedId(string status) =>
        Shared.FirstOrDefault(response => response.Status.ToString(CultureInfo.InvariantCulture) == status)?.Id;

    static OpenApiHeader Header(string name) => new()
    {
        Description = Headers[name],
        Required = true,
        Schema = name == "Retry-After"
            ? new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" }
            : new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
