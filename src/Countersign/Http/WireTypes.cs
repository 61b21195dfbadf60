using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Countersign.Http;

// Requests: closed types. What they do not name is refused, and so is a name that comes twice.

sealed record NoBody;

sealed record NewEmailBody(string? NewEmail);

sealed record NewPhoneNumberBody(string? NewPhoneNumber);

sealed record KeyTypeBody(string? KeyType);

sealed record NewKeyBody(string? OneTimeToken, string? NewUserKey);

sealed record DestinationBody(string? Destination);

sealed record OperationBody(string? Operation, string? KeyType);

sealed record TokenBody(string? OneTimeToken);

sealed record KeyTypeTokenBody(string? KeyType, string? OneTimeToken);

sealed record AntiPhishingTokenBody(string? OneTimeToken, string? AntiPhishingCode);

sealed record DestinationTokenBody(string? Destination, string? OneTimeToken);

sealed record PutAccountBody(string? Email, string? PhoneNumber, string? Locale, MfaBody? Mfa, string? AntiPhishingCode);

sealed record MfaBody(bool? Email, bool? PhoneNumber);

sealed record MessageActionBody(string? Action, string? UserId, string? Id);

sealed record LiftingBody(string? Reason, string? Explanation);

sealed record ReplayBody(string? From, string? To, string? UserId);

sealed record DevelopmentTokenBody(string? UserId, string? Scope);

// Answers.

sealed record IssuedBody(string Expiration, string ExpiresAt, string ResendAt, string Destination, string Reference);

sealed record AccountBody(
    string UserId,
    IReadOnlyList<UserKeyBody> UserKeys,
    string? AntiPhishingCode,
    IReadOnlyList<PendingOperationBody> PendingOperations,
    IReadOnlyList<HoldBody> Holds)
{
    /// <summary>Whether there is an <see cref="AntiPhishingCode"/> member at all: null means that none is set, absent that the switch is off.</summary>
    [JsonIgnore]
    public bool ShowsAntiPhishingCode { get; init; }
}

sealed record UserKeyBody(
    string KeyType, string UserKey, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? MfaEnabled, string VerifiedAt);

sealed record PendingOperationBody(
    string Operation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? KeyType,
    string Destination,
    string Reference,
    string ExpiresAt,
    string ResendAt,
    int AttemptsRemaining,
    string Delivery);

sealed record HoldBody(string Reason, string Until);

sealed record HoldsBody(
    string UserId,
    IReadOnlyList<HoldBody> Holds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SessionsNotBefore,
    string Statement);

sealed record ReplayedBody(int Queued, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Next);

sealed record AuditEventBody(
    string Id,
    string At,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Operation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? KeyType,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Target,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    string Actor,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Ip,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? UserAgent);

sealed record MessageBody(
    string UserId,
    string Id,
    string Channel,
    string Kind,
    string Operation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? KeyType,
    string Destination,
    string State,
    int Attempts,
    string CreatedAt,
    string DueAt,
    string ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? FinishedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? LastError);

sealed record InboxMessageBody(
    string Channel, string Destination, string? Subject, string Text, string? Html, string? OneTimeToken, string? Reference, string SentAt);

sealed record AccessTokenBody(string AccessToken, int ExpiresIn);

sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Detail,
    string TraceId,
    string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string[]>? Errors,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? AttemptsRemaining,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextStep)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? MaxAge { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AcrValues { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? AmrValues { get; init; }
}

[JsonSerializable(typeof(NoBody))]
[JsonSerializable(typeof(NewEmailBody))]
[JsonSerializable(typeof(NewPhoneNumberBody))]
[JsonSerializable(typeof(KeyTypeBody))]
[JsonSerializable(typeof(NewKeyBody))]
[JsonSerializable(typeof(DestinationBody))]
[JsonSerializable(typeof(OperationBody))]
[JsonSerializable(typeof(TokenBody))]
[JsonSerializable(typeof(KeyTypeTokenBody))]
[JsonSerializable(typeof(AntiPhishingTokenBody))]
[JsonSerializable(typeof(DestinationTokenBody))]
[JsonSerializable(typeof(PutAccountBody))]
[JsonSerializable(typeof(LiftingBody))]
[JsonSerializable(typeof(ReplayBody))]
[JsonSerializable(typeof(ReplayedBody))]
[JsonSerializable(typeof(DevelopmentTokenBody))]
[JsonSerializable(typeof(IssuedBody))]
[JsonSerializable(typeof(AccountBody))]
[JsonSerializable(typeof(HoldsBody))]
[JsonSerializable(typeof(IReadOnlyList<AuditEventBody>))]
[JsonSerializable(typeof(IReadOnlyList<MessageBody>))]
[JsonSerializable(typeof(MessageActionBody))]
[JsonSerializable(typeof(IReadOnlyList<InboxMessageBody>))]
[JsonSerializable(typeof(AccessTokenBody))]
[JsonSerializable(typeof(ProblemBody))]
sealed partial class WireJson : JsonSerializerContext;

/// <summary>How requests are read and answers are written.</summary>
static class Wire
{
    static readonly JsonSerializerOptions Options = new()
    {
        TypeInfoResolver = WireJson.Default.WithAddedModifier(HideAntiPhishingCode),
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        // A plus stays a plus: an answer is JSON, marked nosniff, and never a part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static JsonTypeInfo<T> Type<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    static void HideAntiPhishingCode(JsonTypeInfo type)
    {
        if (type.Type != typeof(AccountBody))
            return;

        type.Properties.Single(property => property.Name == "antiPhishingCode").ShouldSerialize =
            static (account, _) => ((AccountBody)account).ShowsAntiPhishingCode;
    }
}
