using System.Globalization;
using System.Text.RegularExpressions;
using Countersign.Delivery.Events;
using Countersign.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Countersign.Http;

/// <summary>Events that are posted again, for a platform that has lost some.</summary>
static partial class EventEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGroup("").WithTags("Operator API").WithMetadata(new RequiredScope(OperatorEndpoints.Scope))
        .MapOnly("POST", "/admin/events/replays", ReplayAsync)
        .Describe("replayEvents", "Posts events to the platform's webhook again, from a point in time on.")
        .Takes<ReplayBody>()
        .Produces<ReplayedBody>()
        .Refuses(400, 401, 403, 404, 413, 415, 503);

    static async Task<IResult> ReplayAsync(HttpContext http, Api api, EventQueue events, TimeProvider clock, ILogger<EventQueue> log)
    {
        var (body, problem) = await RequestBody.ReadAsync<ReplayBody>(http);
        if (body is null)
            return problem!;

        var (fields, now) = (api.Fields(), clock.GetUtcNow());
        var from = Time("from", body.From, fields);
        var to = body.To is null ? now : Time("to", body.To, fields);
        if (body.UserId is not null)
            fields.UserId("userId", body.UserId);
        if (fields.Problem is { } invalid)
            return invalid;
        if (!events.IsOn)
            return Problems.Of(new Refused(Refusal.FeatureDisabled));

        var replayed = await events.ReplayAsync(from, to, body.UserId, now, EventQueue.MaxReplayed, http.RequestAborted);
        LogReplayed(log, replayed.Queued, from, Api.UserId(http));
        return Answers.Ok(new ReplayedBody(replayed.Queued, replayed.Next is { } next ? Answers.Time(next) : null));
    }

    /// <summary>Without a zone it would be anybody's guess which moment is meant.</summary>
    static DateTimeOffset Time(string name, string? text, Fields fields)
    {
        if (text is not null && TimeText().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return time;

        fields.Add(name, text is null ? "This is missing." : "This is a time with its zone, such as 2026-11-22T19:00:00Z.");
        return default;
    }

    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex TimeText();

    [LoggerMessage(LogLevel.Information, "{Count} events since {From:O} are queued again by {Actor}")]
    static partial void LogReplayed(ILogger log, int count, DateTimeOffset from, string actor);
}
