using System.Globalization;
using Countersign.Delivery;
using Countersign.Stores;

namespace Countersign.Server.Console;

/// <summary>What could not be sent, of all accounts.</summary>
static class MessageEndpoints
{
    public const string Path = "/console/messages";

    const int PageSize = 50;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/messages", (Delegate)ListAsync);

    static async Task<IResult> ListAsync(HttpContext http, OperatorOutbox outbox, TimeProvider clock)
    {
        var messages = await outbox.ListAsync(OutboxState.Dead, null, Before(http.Request), PageSize, http.RequestAborted);
        var older = messages.Count < PageSize
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{Path}?before={messages[^1].DueAt.ToUnixTimeMilliseconds()}-{messages[^1].Id}");
        return ConsolePage.Of<MessagesPage, MessagesModel>("Dead messages", new MessagesModel(messages, older, clock.GetUtcNow())) with { Section = "messages" };
    }

    /// <summary>Where the page before ended; the beginning where that is not said in our form.</summary>
    static MessagePlace Before(HttpRequest request) =>
        request.Query["before"].ToString().Split('-', 2) is [var time, var id]
        && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var dueAt) && dueAt <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? new MessagePlace(DateTimeOffset.FromUnixTimeMilliseconds(dueAt), id)
            : MessagePlace.End;
}

/// <param name="Older">Where the next page is; null after the last.</param>
sealed record MessagesModel(IReadOnlyList<MessageView> Messages, string? Older, DateTimeOffset Now);
