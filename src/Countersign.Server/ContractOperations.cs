using System.Globalization;
using System.Net.Mime;
using Countersign.Domain;
using Countersign.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Countersign.Server;

/// <summary>What a reader wants to know of one operation beside its summary.</summary>
/// <param name="Conflicts">The codes of its 409, in the order in which they are looked for.</param>
sealed record OperationText(string Description, string Success, params string[] Conflicts);

/// <summary>Parameters, bodies and answers of operations. The handlers read requests by themselves, so that the framework knows nothing of them.</summary>
static class ContractOperations
{
    public const string BearerScheme = "bearer";

    const string Issued = "The token is on its way. The same answer, in the same time, whether or not the new key is another account's.";
    const string Sent = "The token is on its way.";
    const string Changed = "The change is made; the account as it is now. Every key of the account, old and new, is told.";

    const string AboutNewKey = " A key that belongs to another account is no error here: no redeemable token exists then, and its owner gets a notice.";
    const string AboutSwitch = " 404 `feature-disabled` where the feature is switched off.";

    static readonly Dictionary<string, OperationText> Texts = new()
    {
        ["issueAddingEmail"] = new("Give `newEmail` in the query string or in the body, not in both." + AboutNewKey, Issued, "key-exists"),
        ["issueAddingPhoneNumber"] = new("Give `newPhoneNumber` in the query string or in the body, not in both." + AboutNewKey, Issued, "key-exists"),
        ["issueChangingKey"] = new("Give `keyType` in the query string or in the body, not in both. The token goes to the key that is to be replaced.", Sent, "key-missing", "mfa-enabled"),
        ["issueChangingToNewKey"] = new(
            "Consumes the token of the first step and sends another to the new key, in one transaction. Whether the new key is an email or a phone number is told by its form; a key that equals the current one is 400." + AboutNewKey,
            Issued,
            "mfa-enabled"),
        ["issueRemovingKey"] = new("Give `keyType` in the query string or in the body, not in both. The token goes to the key that is to be removed.", Sent, "key-missing", "last-key", "mfa-enabled"),
        ["issueAddingAntiPhishing"] = new("The token goes to the email, never to a phone." + AboutSwitch, Sent, "email-required", "anti-phishing-exists"),
        ["issueChangingAntiPhishing"] = new("The token goes to the email, never to a phone." + AboutSwitch, Sent, "email-required", "anti-phishing-missing"),
        ["issueDisablingMfa"] = new("The token goes to the destination for which MFA is to be disabled." + AboutSwitch, Sent, "mfa-disabled"),
        ["issueEnablingMfa"] = new("The token goes to the destination for which MFA is to be enabled." + AboutSwitch, Sent, "key-missing", "mfa-enabled"),
        ["resendToken"] = new(
            "Sends a new token to the same destination and for the same target. The one before stays redeemable until its own expiry: the newest two, never more. 429 before `resendAt`.",
            Sent,
            "nothing-pending"),
        ["cancelOperation"] = new("Its tokens are redeemable no more.", "Nothing is pending any more, or nothing was."),
        ["addEmail"] = new("The email is the one that the token went to; it cannot be named again.", Changed, "key-exists", "key-taken"),
        ["addPhoneNumber"] = new("The number is the one that the token went to; it cannot be named again.", Changed, "key-exists", "key-taken"),
        ["changeKey"] = new(
            "Takes the token of the second step. Pending tokens that went to the old key, or were about it, are revoked; MFA of the new key is off.",
            Changed,
            "mfa-enabled",
            "key-taken"),
        ["removeKey"] = new("Pending tokens that went to the key, or were about it, are revoked.", Changed, "key-missing", "last-key", "mfa-enabled"),
        ["addAntiPhishing"] = new("From now on the code stands in every email to the account's own, proven address." + AboutSwitch, Changed, "email-required", "anti-phishing-exists"),
        ["changeAntiPhishing"] = new("From now on the new code stands in every email to the account's own, proven address." + AboutSwitch, Changed, "email-required", "anti-phishing-missing"),
        ["enableMfa"] = new("While it is on, the key of this destination can be neither changed nor removed." + AboutSwitch, Changed, "key-missing", "mfa-enabled"),
        ["disableMfa"] = new("From now on the key of this destination can be changed and removed." + AboutSwitch, Changed, "mfa-disabled"),
        ["getAccount"] = new(
            "An account that does not exist yet is created from the verified claims of the bearer token, unless the server is configured otherwise.",
            "The account."),
        ["putAccount"] = new(
            "What is left out, the account does not have. MFA or an anti-phishing code without the key that it works through is 400. Changes to an account that exists are told to its keys, as if its owner had made them.",
            "The account was replaced.",
            "key-taken"),
        ["getAccountByUserId"] = new("Keys and the anti-phishing code are not masked.", "The account, unmasked."),
        ["eraseAccount"] = new("Its keys are free for other accounts from then on.", "The account is erased."),
        ["getAccountEvents"] = new("Also of an account that was erased. Targets are masked.", "The newest events, newest first."),
        ["getHolds"] = new(
            "`statement` is a JWT by ES256 of the type `countersign-holds+jwt`, which lives 5 minutes: `iss` is the configured public URL, `sub` the user id, `holds` and `sessionsNotBefore` as in the answer. Its keys are at `/.well-known/jwks.json`. No holds is a statement too.",
            "The holds, those that have passed left out."),
        ["replayEvents"] = new(
            "What happened from `from` on and before `to` (now, where it is left out) is queued as if it had just happened, with the `webhook-id` that it had: what the receiver knows already it can tell by that. Some 5000 events at a time; `next` is then the `from` of the next request. 404 `feature-disabled` where no webhook is configured.",
            "The events are queued."),
        ["liftHold"] = new("The audit trail names the operator and the explanation.", "The holds that are left.", "not-held"),
        ["listMessages"] = new("Finished messages are kept for seven days.", "The messages. Destinations are masked, and what a message says is not shown."),
        ["actOnMessage"] = new(
            "`retry` queues a dead message again, as if it had never been tried, unless it has expired. `drop` ends a message that is dead or waits, and erases what it says; one that is being sent may still go out.",
            "The message as it is now.",
            "message-not-retryable",
            "message-not-droppable"),
    };

    public static async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var document = context.Document!;
        var text = Texts[operation.OperationId!];
        operation.Description = text.Description;

        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [] }];

        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        DescribeParameters(operation, metadata.OfType<QueryParameterMetadata>());
        if (metadata.OfType<IdempotencyKeyMetadata>().Any())
            DescribeIdempotencyKey(operation);
        if (metadata.OfType<RequestBodyMetadata>().SingleOrDefault() is { } body)
            operation.RequestBody = await DescribeBodyAsync(body, context, document, ct);
        DescribeResponses(operation, text, document);
    }

    static void DescribeParameters(OpenApiOperation operation, IEnumerable<QueryParameterMetadata> inQuery)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            parameter.Schema = ContractSchemas.Member(parameter.Name!);
            parameter.Description = parameter.Schema.Description;
        }

        foreach (var parameter in inQuery)
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = parameter.Name,
                In = ParameterLocation.Query,
                Description = parameter.Description,
                Schema = ContractSchemas.Member(parameter.Name),
            });
        }
    }

    static void DescribeIdempotencyKey(OpenApiOperation operation)
    {
        var schema = ContractSchemas.Member(IdempotencyFilter.Header);
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = IdempotencyFilter.Header,
            In = ParameterLocation.Header,
            Description = schema.Description,
            Schema = schema,
        });
    }

    static async Task<OpenApiRequestBody> DescribeBodyAsync(
        RequestBodyMetadata body, OpenApiOperationTransformerContext context, OpenApiDocument document, CancellationToken ct)
    {
        var id = ContractSchemas.ReferenceId(body.Type);
        document.AddComponent(id, await context.GetOrCreateSchemaAsync(body.Type, null, ct));
        return new OpenApiRequestBody
        {
            Required = !body.IsOptional,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [MediaTypeNames.Application.Json] = new() { Schema = new OpenApiSchemaReference(id, document) },
            },
        };
    }

    static void DescribeResponses(OpenApiOperation operation, OperationText text, OpenApiDocument document)
    {
        var responses = operation.Responses!;
        // Any path answers so.
        responses["405"] = new OpenApiResponse();
        responses["500"] = new OpenApiResponse();
        foreach (var (status, response) in responses.ToList())
        {
            if (status == "409")
                responses[status] = Conflict(text, responses.ContainsKey("429"), document);
            else if (ContractProblems.SharedId(status) is { } id)
                responses[status] = new OpenApiResponseReference(id, document);
            else
                response.Description = status == "201" ? "The account was created." : text.Success;
        }

        var sorted = responses.OrderBy(response => int.Parse(response.Key, CultureInfo.InvariantCulture)).ToList();
        responses.Clear();
        foreach (var (status, response) in sorted)
            responses.Add(status, response);
    }

    /// <param name="mayBeFrozen">Whether it changes something or asks to: then it waits while the account is frozen.</param>
    static OpenApiResponse Conflict(OperationText text, bool mayBeFrozen, OpenApiDocument document)
    {
        string[] conflicts = mayBeFrozen ? [Refusal.AccountFrozen.Name(), .. text.Conflicts] : text.Conflicts;
        return ContractProblems.Response(
            $"Not as things are now: {string.Join(", ", conflicts.Select(code => $"`{code}`"))}. It counts as no wrong try, and consumes no token.",
            conflicts.Select(code => ContractProblems.All.Single(problem => problem.Code == code)),
            document);
    }
}
