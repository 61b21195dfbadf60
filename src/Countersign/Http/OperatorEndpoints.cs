using System.Globalization;
using Countersign.Delivery;
using Countersign.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Http;

/// <summary>Messages that could not be sent, for whoever operates the service.</summary>
static class OperatorEndpoints
{
    public const string Scope = "countersign.operator";

    const string Path = "/admin/messages";
    const string Retry = "retry";
    const string Drop = "drop";

    const int DefaultMessages = 100;
    const int MaxMessages = 1_000;

    /// <summary>Characters. Ours have some forty.</summary>
    const int MaxIdLength = 64;

    static readonly string[] States = [OutboxState.Dead, OutboxState.Queued, OutboxState.Sent, OutboxState.Withdrawn];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var messages = routes.MapGroup("").WithTags("Operator API").WithMetadata(new RequiredScope(Scope));

        messages.MapGet(Path, ListAsync)
            .Describe("listMessages", "Messages that could not be sent, or that are in another state; those that were due last come first.")
            .WithMetadata(
                new QueryParameterMetadata("state", $"Which messages: {string.Join(", ", States)}; {OutboxState.Dead} by default."),
                new QueryParameterMetadata("userId", "Only those of this account."),
                new QueryParameterMetadata("limit", $"How many at most: 1 to {MaxMessages}, {DefaultMessages} by default."),
                new QueryParameterMetadata("before", "The next page: `dueAt` and `id` of the last message of this one, with a comma between."))
            .Produces<IReadOnlyList<MessageBody>>()
            .Refuses(400, 401, 403, 503);
        messages.MapPost(Path, ActAsync)
            .Describe("actOnMessage", "Queues a dead message again, or ends one that is dead or waits.")
            .Takes<MessageActionBody>()
            .Produces<MessageBody>()
            .Refuses(400, 401, 403, 404, 409, 413, 415, 503);
        messages.MapOtherMethods(Path, "GET", "POST");
    }

    static async Task<IResult> ListAsync(HttpContext http, Api api, OperatorOutbox outbox)
    {
        var fields = api.Fields();
        fields.Only(http.Request, "state", "userId", "limit", "before");
        var state = One(http.Request, "state", fields) ?? OutboxState.Dead;
        if (!States.Contains(state))
            fields.Add("state", $"This is one of {string.Join(", ", States)}.");
        var userId = One(http.Request, "userId", fields);
        if (userId is not null)
            fields.UserId("userId", userId);
        var limit = fields.Limit(http.Request, DefaultMessages, MaxMessages);
        var before = Before(One(http.Request, "before", fields), fields);
        if (fields.Problem is { } invalid)
            return invalid;

        var messages = await outbox.ListAsync(state, userId, before, limit, http.RequestAborted);
        return Answers.Ok<IReadOnlyList<MessageBody>>([.. messages.Select(Answers.Body)]);
    }

    static async Task<IResult> ActAsync(HttpContext http, Api api, OperatorOutbox outbox)
    {
        var (body, problem) = await RequestBody.ReadAsync<MessageActionBody>(http);
        if (body is null)
            return problem!;

        var fields = api.Fields();
        if (body.Action is not (Retry or Drop))
            fields.Add("action", $"This is {Retry} or {Drop}.");
        fields.UserId("userId", body.UserId);
        if (!IsMessageId(body.Id))
            fields.Add("id", "This is the id of a message, as the list has it.");
        if (fields.Problem is { } invalid)
            return invalid;

        var actor = Api.UserId(http);
        var (isDone, message) = body.Action == Retry
            ? await outbox.RetryAsync(actor, body.UserId!, body.Id!, http.RequestAborted)
            : await outbox.DropAsync(actor, body.UserId!, body.Id!, http.RequestAborted);
        if (message is null)
            return Problems.NotFound with { Detail = "There is no message with this id for this user id." };
        if (isDone)
            return Answers.Ok(Answers.Body(message));
        return body.Action == Retry ? Problems.MessageNotRetryable(message.State) : Problems.MessageNotDroppable(message.State);
    }

    static MessagePlace Before(string? text, Fields fields)
    {
        if (text is null)
            return MessagePlace.End;

        var parts = text.Split(',', 2);
        if (DateTimeOffset.TryParseExact(
                parts[0], Answers.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var dueAt)
            && (parts.Length == 1 || IsMessageId(parts[1])))
            return new MessagePlace(dueAt, parts.Length == 1 ? "" : parts[1]);

        fields.Add("before", "This is dueAt and id of a message, as the list has them, with a comma between.");
        return MessagePlace.End;
    }

    static bool IsMessageId(string? text) => text is { Length: > 0 and <= MaxIdLength } && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    /// <summary>The value of a query parameter; null where it is not there.</summary>
    static string? One(HttpRequest request, string name, Fields fields)
    {
        var values = RawQuery.Values(request, name);
        if (values.Count > 1)
            fields.Add(name, "This is there twice.");
        return values.Count == 0 ? null : values[0];
    }
}
