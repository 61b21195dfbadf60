using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Countersign.Domain;
using Countersign.Stores;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Countersign.Server;

/// <summary>What the document says of one member, wherever it stands.</summary>
sealed record MemberText(string Description, JsonNode? Example = null)
{
    public string? Format { get; init; }
    public string? Pattern { get; init; }
    public IReadOnlyList<string>? Values { get; init; }
    public (int Min, int Max)? Length { get; init; }
    public (int Min, int? Max)? Range { get; init; }
    public int? Default { get; init; }
}

/// <summary>What the document says of one type of <c>WireTypes.cs</c>.</summary>
/// <param name="Optional">Members that a request may leave out.</param>
sealed record TypeText(string Id, string Description, bool IsRequest = false, params string[] Optional);

/// <summary>Schemas of bodies: the types of the wire, and what cannot be seen from a C# type.</summary>
static class ContractSchemas
{
    public const string Problem = "Problem";

    const string OwnMask = "Masked, but for the service API: ";

    const string MessageId = "019ac3f0b4d57c1e9d6a2f4b8c1d3e5f";

    static readonly string[] Kinds = [.. Enum.GetValues<MessageKind>().Select(value => value.Name())];
    static readonly string[] KeyTypes = [.. Enum.GetValues<KeyType>().Select(value => value.Name())];
    static readonly string[] Operations = [.. Enum.GetValues<Operation>().Select(value => value.Name())];
    static readonly string[] HoldReasons = [.. Enum.GetValues<HoldReason>().Select(value => value.Name())];
    static readonly string[] Deliveries = [.. Enum.GetValues<DeliveryState>().Select(value => value.Name())];

    static readonly Dictionary<string, TypeText> Types = new()
    {
        ["NewEmailBody"] = new("NewEmail", "The email to add.", IsRequest: true),
        ["NewPhoneNumberBody"] = new("NewPhoneNumber", "The phone number to add.", IsRequest: true),
        ["KeyTypeBody"] = new("KeyChoice", "Which key is meant.", IsRequest: true),
        ["NewKeyBody"] = new("NewKey", "The token of the first step of a change, and the key that is to be the new one.", IsRequest: true),
        ["DestinationBody"] = new("MfaDestination", "For which key MFA is meant.", IsRequest: true),
        ["OperationBody"] = new("OperationChoice", "Which pending operation is meant.", IsRequest: true, "keyType"),
        ["TokenBody"] = new("Redemption", "The token; the key is the one that it was issued for.", IsRequest: true),
        ["KeyTypeTokenBody"] = new("KeyRedemption", "The token, and which key it is about.", IsRequest: true),
        ["AntiPhishingTokenBody"] = new("AntiPhishingRedemption", "The token, and the anti-phishing code to set.", IsRequest: true),
        ["DestinationTokenBody"] = new("MfaRedemption", "The token, and the destination that it is about.", IsRequest: true),
        ["PutAccountBody"] = new(
            "AccountProfile", "What the platform says of an account. Keys are those that the platform has verified.", IsRequest: true,
            "email", "phoneNumber", "locale", "mfa", "antiPhishingCode"),
        ["MfaBody"] = new("MfaProfile", "For which keys MFA is on; what is left out is off.", IsRequest: true, "email", "phoneNumber"),
        ["IssuedBody"] = new("IssuedToken", "Where a token went and how long it lives. It says nothing of the token itself."),
        ["AccountBody"] = new("Account", "An account with its keys and what is pending.", IsRequest: false, "antiPhishingCode"),
        ["UserKeyBody"] = new("UserKey", "An email or a phone number that the account has proven."),
        ["PendingOperationBody"] = new("PendingOperation", "An operation for which a token can be redeemed now."),
        ["HoldBody"] = new("Hold", "For how long after a change the platform should refuse withdrawals and the like."),
        ["HoldsBody"] = new("Holds", "The holds of an account, twice: to read, and to pass on."),
        ["LiftingBody"] = new("HoldLifting", "Which hold ends before its time, and why.", IsRequest: true),
        ["ReplayBody"] = new("EventReplay", "Which events are posted again.", IsRequest: true, "to", "userId"),
        ["ReplayedBody"] = new("ReplayedEvents", "How many events are posted again, and where there are more."),
        ["AuditEventBody"] = new("AuditEvent", "One line of an account's audit trail."),
        ["MessageBody"] = new("Message", "A message of the outbox: whose it is and what became of it, and not what it says."),
        ["MessageActionBody"] = new("MessageAction", "What to do with which message.", IsRequest: true),
        ["ProblemBody"] = new(Problem, "An error (RFC 9457)."),
    };

    /// <summary>By name, or by type and name where one name means several things.</summary>
    static readonly Dictionary<string, MemberText> Members = new()
    {
        ["newEmail"] = new("One addr-spec with a domain of at least two labels. Domains in other scripts are taken too, and become their A-labels.", "email@email.com") { Format = "email", Length = (3, 254) },
        ["newPhoneNumber"] = new("`+` and 7 to 15 digits, the first not 0 (E.164). Spaces, dots, dashes and parentheses between them are stripped.", "+123456789") { Pattern = @"^\+[0-9 .()-]+$", Length = (8, 64) },
        ["newUserKey"] = new("An email, if there is an `@` in it, or a phone number, if it starts with `+`.", "email@gmail.com") { Length = (3, 254) },
        ["keyType"] = new("Which of the two kinds of key.", "EMAIL") { Values = KeyTypes },
        ["OperationBody.keyType"] = new("Needed with every operation but the two of the anti-phishing code, which have none; with `mfa/*` it is the destination.", "EMAIL") { Values = KeyTypes },
        ["PendingOperationBody.keyType"] = new("Absent where the operation has none; with `mfa/*` it is the destination.", "EMAIL") { Values = KeyTypes },
        ["destination"] = new("The key for which MFA is switched, and to which the token goes.", "EMAIL") { Values = KeyTypes },
        ["IssuedBody.destination"] = new("Where the token went, masked.", "e***l@email.com"),
        ["PendingOperationBody.destination"] = new(OwnMask + "where the token went.", "a***e@example.com"),
        ["operation"] = new("What a token is for.", "userKeys/changing") { Values = Operations },
        ["oneTimeToken"] = new("What the message says: 6 digits, 8 digits or 8 base-32 characters, as the server is configured. Spaces and dashes are ignored.", "123456") { Length = (6, 64) },
        ["antiPhishingCode"] = new("What the owner will recognise the platform's mail by: 4 to 20 ASCII letters and digits.", "bluefox9") { Pattern = "^[A-Za-z0-9]{4,20}$" },
        ["AccountBody.antiPhishingCode"] = new(OwnMask + "its first and last character, a star for each between. Null where none is set, absent where the feature is switched off.", "b******9"),
        ["email"] = new("An email that the platform has verified.", "alice@example.com") { Format = "email", Length = (3, 254) },
        ["phoneNumber"] = new("A phone number that the platform has verified.", "+123456789") { Pattern = @"^\+[0-9 .()-]+$", Length = (8, 64) },
        ["locale"] = new("The language of messages, as a BCP 47 tag.", "en") { Pattern = "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$", Length = (2, 35) },
        ["mfa"] = new("For which keys MFA is on."),
        ["MfaBody.email"] = new("Whether MFA is on for the email.", true),
        ["MfaBody.phoneNumber"] = new("Whether MFA is on for the phone number.", false),
        ["expiration"] = new("The configured lifetime: `<n>min.`, or `<n>sec.` where it is no whole number of minutes.", "30min.") { Pattern = @"^[1-9][0-9]*(min|sec)\.$" },
        ["expiresAt"] = new("From when on the token is not redeemable any more.", "2026-11-22T19:30:00Z") { Format = "date-time" },
        ["resendAt"] = new("From when on a token is issued again.", "2026-11-22T19:00:30Z") { Format = "date-time" },
        ["reference"] = new("Stands in the message as well, so that a person knows which message belongs to which request. No secret.", "K7Q") { Pattern = "^[A-Z2-9]{3}$" },
        ["userId"] = new("The platform's id of the user: the `sub` of that user's bearer tokens. No control characters.", "alice") { Length = (1, 255) },
        ["userKeys"] = new("At most one of each key type."),
        ["userKey"] = new(OwnMask + "the email or phone number.", "a***e@example.com"),
        ["mfaEnabled"] = new("Whether MFA is on for this key; absent where the feature is switched off.", false),
        ["verifiedAt"] = new("When the key was proven.", "2026-11-22T18:00:00Z") { Format = "date-time" },
        ["pendingOperations"] = new("What can be redeemed now."),
        ["attemptsRemaining"] = new("Wrong tries until the pending tokens end.", 5) { Range = (0, null) },
        ["delivery"] = new("How far the message came.", "SENT") { Values = Deliveries },
        ["holds"] = new("What the platform should refuse for now."),
        ["HoldBody.reason"] = new("The operation that the hold follows; `recovery` where changes were undone.", "userKeys/changing") { Values = HoldReasons },
        ["LiftingBody.reason"] = new("Of the hold.", "userKeys/changing") { Values = HoldReasons },
        ["explanation"] = new("Why, for the audit trail. No address, no code: the trail is kept when the account is erased.", "ticket 4711: the owner was identified by video") { Length = (1, 200) },
        ["statement"] = new("A JWT that others can check offline.", "eyJhbGciOiJFUzI1NiIsInR5cCI6ImNvdW50ZXJzaWduLWhvbGRzK2p3dCIsImtpZCI6IjEifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"),
        ["sessionsNotBefore"] = new("Sessions that began before have to end: the time of the last change after which they should. Absent where there was none.", "2026-11-22T19:00:00.123Z") { Format = "date-time" },
        ["from"] = new("From when on.", "2026-11-22T19:00:00Z") { Format = "date-time" },
        ["to"] = new("Until when, this moment left out; now, where it is left out.", "2026-11-22T20:00:00Z") { Format = "date-time" },
        ["ReplayBody.userId"] = new("Only those of this account.", "alice") { Length = (1, 255) },
        ["queued"] = new("How many events.", 12) { Range = (0, null) },
        ["next"] = new("Where there are more: the `from` of the next request. Absent where there are none.", "2026-11-22T19:30:00.123Z") { Format = "date-time" },
        ["until"] = new("When the hold ends.", "2026-11-23T19:00:00Z") { Format = "date-time" },
        ["id"] = new("Unique within the account.", "7-0"),
        ["at"] = new("When it happened.", "2026-11-22T19:00:00.123Z") { Format = "date-time" },
        ["AuditEventBody.type"] = new("What happened.", "token_issued")
        {
            Values =
            [
                "token_issued", "token_redeemed", "token_refused", "token_revoked", "operation_locked", "user_key_added", "user_key_changed",
                "user_key_removed", "mfa_enabled", "mfa_disabled", "anti_phishing_code_set", "account_provisioned", "account_erased",
                "hold_lifted", "change_undone", "request_refused", "support_viewed", "operation_unlocked", "message_retried", "message_dropped",
            ],
        },
        ["target"] = new("The key that it was about, masked.", "a***e@example.com"),
        ["AuditEventBody.reason"] = new("Why, where it was refused, revoked or lifted.", "token-invalid"),
        ["actor"] = new("Who asked: the user id of the owner, or the subject of the platform's service.", "alice"),
        ["ip"] = new("From where.", "203.0.113.7"),
        ["userAgent"] = new("With what.", "curl/8.14.1"),
        ["limit"] = new("How many at most.") { Range = (1, 1_000), Default = 100 },
        ["MessageBody.id"] = new("Unique within the account; the same through all tries.", MessageId),
        ["MessageActionBody.id"] = new("Of the message, as the list has it.", MessageId) { Pattern = "^[0-9A-Za-z-]{1,64}$" },
        ["MessageBody.keyType"] = new("Absent where the operation has none.", "EMAIL") { Values = KeyTypes },
        ["MessageBody.destination"] = new("Whom it goes to, masked.", "a***e@example.com"),
        ["MessageBody.expiresAt"] = new("From when on it is not sent any more.", "2026-11-22T19:30:00.123Z") { Format = "date-time" },
        ["action"] = new("`retry` queues it again, `drop` ends it.", "retry") { Values = ["retry", "drop"] },
        ["channel"] = new("What it goes out by.", "EMAIL") { Values = KeyTypes },
        ["kind"] = new("What it says.", "CODE") { Values = Kinds },
        ["state"] = new("Waiting, handed over, not to be sent because nobody took it in time or for good, or not to be sent because its token has ended or an operator has dropped it.", "DEAD")
        {
            Values = [OutboxState.Queued, OutboxState.Sent, OutboxState.Dead, OutboxState.Withdrawn],
        },
        ["attempts"] = new("Tries to hand it over, since it was queued.", 1) { Range = (0, null) },
        ["createdAt"] = new("When it was committed.", "2026-11-22T19:00:00.123Z") { Format = "date-time" },
        ["dueAt"] = new("When it was or is to be tried next.", "2026-11-22T19:00:00.123Z") { Format = "date-time" },
        ["finishedAt"] = new("When it was handed over, found dead, or dropped.", "2026-11-22T19:05:00.123Z") { Format = "date-time" },
        ["lastError"] = new("Why the last try failed: no address, no code.", "no such mailbox"),
        ["before"] = new("`dueAt` and `id` of the last message of the page before, with a comma between.", $"2026-11-22T19:00:00.123Z,{MessageId}"),
        ["ProblemBody.type"] = new("Names the kind of problem.", "urn:countersign:problem:key-missing") { Format = "uri" },
        ["title"] = new("The kind of problem, for people.", "Key missing"),
        ["status"] = new("The HTTP status.", 409) { Range = (400, 599) },
        ["detail"] = new("What is wrong here and, where something can be done, what.", "The account has no email. Add one first: POST /api/v1/token/userKeys/adding/email."),
        ["traceId"] = new("Leads to the request in logs and traces.", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
        ["code"] = new("The kind of problem, for programs. Stable.", "key-missing") { Values = ContractProblems.Codes },
        ["errors"] = new("With `validation`: what is wrong with each field, under the name that the request has for it.", new JsonObject { ["keyType"] = new JsonArray("This is EMAIL or PHONE_NUMBER.") }),
        ["Idempotency-Key"] = new("A key of the client's own for this request, as a structured-field string. The same request under the same key gets the answer that was committed for it within 24 hours; another request is 422.", "\"8e03978e-40d5-43e8-bc93-6e9f8a1d3a3b\"") { Length = (1, 512) },
        ["maxAge"] = new("With `insufficient-user-authentication`: how many seconds ago the user may have authenticated.", 900) { Range = (1, null) },
        ["acrValues"] = new("With `insufficient-user-authentication`: one of these levels (`acr`) is needed, the first preferred.", new JsonArray("urn:example:silver")),
        ["amrValues"] = new("With `insufficient-user-authentication`: all of these methods (`amr`) are needed.", new JsonArray("otp")),
        ["nextStep"] = new("With `mfa-enabled`: the request that has to come first.", "POST /api/v1/token/mfa/disabling"),
    };

    public static string? ReferenceId(JsonTypeInfo type) =>
        Types.TryGetValue(type.Type.Name, out var text) ? text.Id : OpenApiOptions.CreateDefaultSchemaReferenceId(type);

    public static string ReferenceId(Type type) => Types[type.Name].Id;

    /// <summary>The schema of a member that stands on its own: a parameter.</summary>
    public static OpenApiSchema Member(string name)
    {
        var schema = new OpenApiSchema { Type = Members[name].Range is null ? JsonSchemaType.String : JsonSchemaType.Integer };
        Describe(schema, Members[name]);
        return schema;
    }

    public static Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken ct)
    {
        if (context.JsonPropertyInfo is { } property)
            DescribeMember(schema, property);
        else if (Types.TryGetValue(context.JsonTypeInfo.Type.Name, out var text))
            DescribeType(schema, context.JsonTypeInfo, text);
        return Task.CompletedTask;
    }

    static void DescribeType(OpenApiSchema schema, JsonTypeInfo type, TypeText text)
    {
        schema.Description = text.Description;
        // Requests are closed types; an answer may get members that this version does not know.
        if (text.IsRequest)
            schema.AdditionalPropertiesAllowed = false;
        var required = type.Properties
            .Where(property => schema.Properties!.ContainsKey(property.Name) && !text.Optional.Contains(property.Name) && !IsLeftOutWhenNull(property))
            .Select(property => property.Name);
        schema.Required = required.ToHashSet();
    }

    static void DescribeMember(OpenApiSchema schema, JsonPropertyInfo property)
    {
        if (!Types.TryGetValue(property.DeclaringType.Name, out var type))
            return;

        if (Types.TryGetValue(property.PropertyType.Name, out var own))
            DescribeType(schema, JsonSerializerOptions.Web.GetTypeInfo(property.PropertyType), own);

        // A request's members are nullable in C# so that what is missing can be named; on the wire only those that may be left out are.
        if (IsLeftOutWhenNull(property) || (type.IsRequest && !type.Optional.Contains(property.Name)))
            schema.Type &= ~JsonSchemaType.Null;
        else if (type.IsRequest)
            schema.Type |= JsonSchemaType.Null;
        Describe(schema, Members.TryGetValue($"{property.DeclaringType.Name}.{property.Name}", out var text) ? text : Members[property.Name]);
    }

    static void Describe(OpenApiSchema schema, MemberText text)
    {
        schema.Description = text.Description;
        schema.Format = text.Format;
        schema.Pattern = text.Pattern;
        schema.MinLength = text.Length?.Min;
        schema.MaxLength = text.Length?.Max;
        schema.Minimum = text.Range?.Min.ToString(System.Globalization.CultureInfo.InvariantCulture);
        schema.Maximum = text.Range?.Max?.ToString(System.Globalization.CultureInfo.InvariantCulture);
        schema.Default = text.Default;
        if (text.Example is { } example)
            schema.Examples = [example.DeepClone()];
        if (text.Values is { } values)
            schema.Enum = [.. values.Select(JsonNode (value) => value), .. schema.Type?.HasFlag(JsonSchemaType.Null) == true ? [JsonNullSentinel.JsonNull] : Array.Empty<JsonNode>()];
    }

    static bool IsLeftOutWhenNull(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];
}
