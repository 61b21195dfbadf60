using System.Diagnostics;
using System.Globalization;
using System.Net.Mime;
using System.Text.Json;
using Countersign.Domain;
using Countersign.Stores;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>An error answer, RFC 9457 with a stable <c>code</c>.</summary>
sealed record Problem(string Code, int Status, string Title, string Detail) : IResult
{
    public const string ContentType = MediaTypeNames.Application.ProblemJson;

    /// <summary>Of what is no page: whatever a browser takes it for, it loads nothing, and stands in no frame.</summary>
    public const string ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

    /// <summary>Field names as the request has them, with what is wrong about each.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }
    public int? AttemptsRemaining { get; init; }
    public string? NextStep { get; init; }
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What an authentication has to be, where it is the reason.</summary>
    public StepUp? StepUp { get; init; }

    /// <summary>The challenge of <c>WWW-Authenticate</c>, where it is not the host's scheme that says it.</summary>
    public string? Challenge { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        // Rounded up: who comes back after so many seconds is not early.
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

        if (Challenge is not null)
            response.Headers.WWWAuthenticate = Challenge;

        var body = ToBody(Activity.Current?.Id ?? httpContext.TraceIdentifier);
        return JsonSerializer.SerializeAsync(response.Body, body, Wire.Type<ProblemBody>(), httpContext.RequestAborted);
    }

    public ProblemBody ToBody(string traceId) =>
        new($"urn:countersign:problem:{Code}", Title, Status, Detail, traceId, Code, Errors, AttemptsRemaining, NextStep)
        {
            MaxAge = (long?)StepUp?.MaxAge?.TotalSeconds,
            AcrValues = NullIfEmpty(StepUp?.AcrValues),
            AmrValues = NullIfEmpty(StepUp?.AmrValues),
        };

    static IReadOnlyList<string>? NullIfEmpty(IReadOnlyList<string>? values) => values is { Count: > 0 } ? values : null;
}

/// <summary>The errors of the contract.</summary>
static class Problems
{
    static readonly TimeSpan RetryUnavailableAfter = TimeSpan.FromSeconds(2);

    public static readonly Problem Unauthenticated = new(
        "unauthenticated", 401, "Unauthenticated", "Send a valid bearer token that names its subject (sub) and its expiry (exp).");

    /// <summary>RFC 9470, 3. It has no parameter for <c>amr</c>, which only the body names.</summary>
    public static Problem InsufficientUserAuthentication(StepUp stepUp, StepUpLack lack)
    {
        var description = lack == StepUpLack.Recency ? "More recent authentication is required" : "A different authentication level is required";
        var challenge = $"Bearer error=\"insufficient_user_authentication\", error_description=\"{description}\"";
        if (stepUp.AcrValues.Count > 0)
            challenge += $", acr_values=\"{string.Join(' ', stepUp.AcrValues)}\"";
        if (stepUp.MaxAge is { } maxAge)
            challenge += string.Create(CultureInfo.InvariantCulture, $", max_age=\"{maxAge.TotalSeconds:0}\"");

        return new Problem(
            "insufficient-user-authentication", 401, "Insufficient user authentication",
            $"{description}: have the user authenticate again, as WWW-Authenticate says, and repeat the request with the new bearer token.")
        {
            StepUp = stepUp,
            Challenge = challenge,
        };
    }

    public static readonly Problem NotFound = new("not-found", 404, "Not found", "There is nothing at this path.");

    public static readonly Problem TooLarge = new(
        "too-large", 413, "Too large", $"A request body has at most {RequestBody.MaxSize} bytes.");

    public static readonly Problem UnsupportedMediaType = new(
        "unsupported-media-type", 415, "Unsupported media type", "Send the body as application/json, in UTF-8.");

    public static readonly Problem IdempotencyKeyReused = new(
        "idempotency-key-reused", 422, "Idempotency key reused", "This Idempotency-Key was another request's within the last 24 hours. Send a new key with a new request.");

    public static readonly Problem Unavailable = new(
        "unavailable", 503, "Unavailable", "The request could not be stored, and nothing of it was done by halves. Ask again.")
    {
        RetryAfter = RetryUnavailableAfter,
    };

    public static readonly Problem Internal = new(
        "internal", 500, "Internal error", "Something went wrong on our side. The trace id leads to it in the logs.");

    public static Problem Forbidden(string scope) => new("forbidden", 403, "Forbidden", $"This needs a bearer token with the scope {scope}.");

    public static readonly Problem Unsigned = new("forbidden", 403, "Forbidden", "This callback is not signed by the provider that it speaks for.");

    public static Problem MethodNotAllowed(string allow) => new("method-not-allowed", 405, "Method not allowed", $"This path takes {allow}.");

    public static Problem Validation(IReadOnlyDictionary<string, string[]> errors) =>
        new("validation", 400, "Bad request", "Correct what errors names, and send the request again.") { Errors = errors };

    public static Problem Validation(string field, string error) =>
        Validation(new Dictionary<string, string[]> { [field] = [error] });

    /// <summary>Of an error that has no more than its status.</summary>
    public static Problem OfStatus(int status, string allow = "") => status switch
    {
        StatusCodes.Status400BadRequest => Validation("request", "This is no valid HTTP request."),
        StatusCodes.Status401Unauthorized => Unauthenticated,
        StatusCodes.Status404NotFound => NotFound,
        StatusCodes.Status405MethodNotAllowed => MethodNotAllowed(allow),
        StatusCodes.Status413PayloadTooLarge => TooLarge,
        StatusCodes.Status415UnsupportedMediaType => UnsupportedMediaType,
        StatusCodes.Status503ServiceUnavailable => Unavailable,
        >= 500 => Internal with { Status = status },
        _ => Validation("request", "This request cannot be served.") with { Status = status },
    };

    public static Problem AccountNotFound(string detail) => new("account-not-found", 404, "Account not found", detail);

    public static Problem MessageNotRetryable(string state) => new(
        "message-not-retryable", 409, "Message not retryable", $"Only a dead message that has not expired can be tried again. {Describe(state)}");

    public static Problem MessageNotDroppable(string state) => new(
        "message-not-droppable", 409, "Message not droppable", $"Only a message that is dead or waits can be dropped. {Describe(state)}");

    static string Describe(string state) => state switch
    {
        OutboxState.Queued => "This one is queued already.",
        OutboxState.Sent => "This one was handed over.",
        OutboxState.Withdrawn => "This one was withdrawn: its token has ended, or it was dropped.",
        _ => "This one has expired, and what it said is erased.",
    };

    /// <param name="newKeyField">What the request calls the new key.</param>
    public static Problem Of(Refused refused, string newKeyField = "newUserKey")
    {
        if (refused.Reason == Refusal.SameKey)
            return Validation(newKeyField, "This is the current key already.");

        var (status, title, detail) = Describe(refused);
        return new Problem(refused.Reason.Name(), status, title, detail)
        {
            AttemptsRemaining = refused.AttemptsRemaining,
            RetryAfter = refused.RetryAfter,
            // Enabling MFA that is on already leaves nothing to do first; everything else that it blocks needs it off.
            NextStep = refused is { Reason: Refusal.MfaEnabled, Purpose.Operation: not Operation.EnablingMfa }
                ? "POST /api/v1/token/mfa/disabling"
                : null,
        };
    }

    static (int Status, string Title, string Detail) Describe(Refused refused) => refused.Reason switch
    {
        Refusal.FeatureDisabled => (404, "Feature disabled", "This feature is switched off here."),
        Refusal.AccountNotFound => (404, "Account not found", "There is no account for this bearer token; the platform has to create it first."),
        Refusal.KeyExists => (409, "Key exists", $"The account has {A(refused)} already. Change it instead: POST /api/v1/token/userKeys/changing."),
        Refusal.KeyMissing => (409, "Key missing", $"The account has no {Key(refused)}. Add one first: POST /api/v1/token/userKeys/adding/{Path(refused)}."),
        Refusal.LastKey => (409, "Last key", "This is the only key of the account, and the last one cannot be removed. Add another first, or change this one."),
        Refusal.MfaEnabled when refused.Purpose?.Operation == Operation.EnablingMfa =>
            (409, "MFA enabled", $"MFA is on for this {Key(refused)} already."),
        Refusal.MfaEnabled => (409, "MFA enabled", $"MFA is on for this {Key(refused)}. Disable it first: POST /api/v1/token/mfa/disabling."),
        Refusal.MfaDisabled => (409, "MFA disabled", $"MFA is not on for {A(refused)} of this account: there is nothing to disable."),
        Refusal.EmailRequired => (409, "Email required", "The anti-phishing code works through email only. Add an email first: POST /api/v1/token/userKeys/adding/email."),
        Refusal.AntiPhishingExists => (409, "Anti-phishing code exists", "The account has an anti-phishing code already. Change it instead: POST /api/v1/token/antiPhishing/changing."),
        Refusal.AntiPhishingMissing => (409, "Anti-phishing code missing", "The account has no anti-phishing code. Add one first: POST /api/v1/token/antiPhishing/adding."),
        Refusal.NothingPending => (409, "Nothing pending", "There is no pending operation of this kind. Start it anew."),
        Refusal.KeyTaken => (409, "Key taken", "This key is another account's."),
        Refusal.SameKey => (400, "Bad request", "This is the current key already."),
        Refusal.TokenInvalid => (422, "Token invalid", "The one-time token is wrong, expired, used or superseded."),
        Refusal.TooManyAttempts => (429, "Too many attempts", "Too many wrong one-time tokens. Wait for as long as Retry-After says, then ask for a new one."),
        Refusal.AccountFrozen => (409, "Account frozen", "A change of this account was undone: nothing can be changed for as long as Retry-After says."),
        Refusal.NotHeld => (409, "Not held", "There is no hold of this kind on the account."),
        Refusal.RateLimited => (429, "Rate limited", "Too many messages for this operation. Ask again after as long as Retry-After says."),
    };

    static string Key(Refused refused) => refused.Purpose?.KeyType switch
    {
        KeyType.Email => "email",
        KeyType.PhoneNumber => "phone number",
        null => "key",
    };

    static string A(Refused refused) => refused.Purpose?.KeyType == KeyType.Email ? "an email" : $"a {Key(refused)}";

    static string Path(Refused refused) => refused.Purpose?.KeyType == KeyType.PhoneNumber ? "phoneNumber" : "email";
}
