using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Domain;
using Countersign.Http;
using Countersign.Stores;
using Microsoft.OpenApi;

namespace Countersign.Server;

/// <summary>An error response that several operations share.</summary>
sealed record SharedResponse(string Id, int Status, string Description, string? Header = null)
{
    public OpenApiResponse Describe(OpenApiDocument document) =>
        ContractProblems.Response(Description, ContractProblems.All.Where(problem => problem.Status == Status), document, Header);
}

/// <summary>What the document says of errors.</summary>
static class ContractProblems
{
    /// <summary>As the server answers them, about an email that is to be changed.</summary>
    public static readonly IReadOnlyList<Problem> All =
    [
        Problems.Validation("keyType", "This is EMAIL or PHONE_NUMBER."),
        Problems.Unauthenticated,
        Problems.InsufficientUserAuthentication(new StepUp(TimeSpan.FromMinutes(15), ["urn:example:silver"], ["otp"]), StepUpLack.Recency),
        Problems.Forbidden(AdminEndpoints.Scope),
        Problems.NotFound,
        Refused(Refusal.FeatureDisabled),
        Refused(Refusal.AccountNotFound),
        Problems.MethodNotAllowed("POST"),
        Refused(Refusal.KeyExists),
        Refused(Refusal.KeyMissing),
        Refused(Refusal.LastKey),
        Refused(Refusal.MfaEnabled),
        Refused(Refusal.MfaDisabled),
        Refused(Refusal.EmailRequired),
        Refused(Refusal.AntiPhishingExists),
        Refused(Refusal.AntiPhishingMissing),
        Refused(Refusal.NothingPending),
        Refused(Refusal.KeyTaken),
        Refused(Refusal.NotHeld),
        Refused(Refusal.AccountFrozen),
        Problems.MessageNotRetryable(OutboxState.Dead),
        Problems.MessageNotDroppable(OutboxState.Sent),
        Problems.TooLarge,
        Problems.UnsupportedMediaType,
        Refused(Refusal.TokenInvalid, attemptsRemaining: 4),
        Problems.IdempotencyKeyReused,
        Refused(Refusal.TooManyAttempts),
        Refused(Refusal.RateLimited),
        Problems.Internal,
        Problems.Unavailable,
    ];

    public static readonly IReadOnlyList<SharedResponse> Shared =
    [
        new("Validation", 400, "Malformed: `errors` names each field as the request does. It counts as no wrong try."),
        new("Unauthenticated", 401, "No, a bad or an expired bearer token, or one without `sub` or `exp`; or the operation asks for a more recent or a stronger authentication (`insufficient-user-authentication`, RFC 9470).", "WWW-Authenticate"),
        new("Forbidden", 403, "The bearer token has not the scope that this path asks for."),
        new("NotFound", 404, "The feature is switched off, or there is no such account or message."),
        new("MethodNotAllowed", 405, "Another method than this path takes. Links, which are `GET`, do nothing.", "Allow"),
        new("TooLarge", 413, "The body has more than 16 KiB."),
        new("UnsupportedMediaType", 415, "The body's content type is not JSON."),
        new("TokenInvalid", 422, "Wrong, expired, used, superseded, somebody else's or another operation's token: one answer for all. `attemptsRemaining` is there while a token is pending. Or the `Idempotency-Key` was another request's (`idempotency-key-reused`)."),
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

    public static OpenApiResponse Response(string description, IEnumerable<Problem> problems, OpenApiDocument document, string? header = null) => new()
    {
        Description = description,
        Headers = header is null ? null : new Dictionary<string, IOpenApiHeader> { [header] = Header(header) },
        Content = new Dictionary<string, OpenApiMediaType>
        {
            [Problem.ContentType] = new()
            {
                Schema = new OpenApiSchemaReference(ContractSchemas.Problem, document),
                Examples = problems.ToDictionary(
                    problem => problem.Code,
                    IOpenApiExample (problem) => new OpenApiExample { Summary = problem.Title, Value = Example(problem) }),
            },
        },
    };

    public static string? SharedId(string status) =>
        Shared.FirstOrDefault(response => response.Status.ToString(CultureInfo.InvariantCulture) == status)?.Id;

    static Problem Refused(Refusal reason, int? attemptsRemaining = null) =>
        Problems.Of(new Refused(reason, new Purpose(Operation.ChangingKey, KeyType.Email), attemptsRemaining));

    static JsonNode? Example(Problem problem) =>
        JsonSerializer.SerializeToNode(problem.ToBody("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"), Wire.Type<ProblemBody>());

    static OpenApiHeader Header(string name) => new()
    {
        Description = Headers[name],
        Required = true,
        Schema = name == "Retry-After"
            ? new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" }
            : new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
