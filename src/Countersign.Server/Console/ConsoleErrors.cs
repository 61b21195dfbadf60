using Countersign.Domain;
using Countersign.Stores;
using Microsoft.AspNetCore.Diagnostics;

namespace Countersign.Server.Console;

/// <summary>What went wrong, as a page.</summary>
static class ConsoleErrors
{
    /// <summary>The framework has logged it already, but for what is no defect.</summary>
    public static Task ShowExceptionAsync(HttpContext http) => http.Features.Get<IExceptionHandlerFeature>()?.Error switch
    {
        BadHttpRequestException bad => Page(bad.StatusCode).ExecuteAsync(http),
        // A form with too many fields, or fields too long.
        InvalidDataException => Page(StatusCodes.Status400BadRequest).ExecuteAsync(http),
        StoreUnavailableException or TokenKeyMissingException => Page(StatusCodes.Status503ServiceUnavailable).ExecuteAsync(http),
        _ => Page(StatusCodes.Status500InternalServerError).ExecuteAsync(http),
    };

    public static Task ShowStatusAsync(HttpContext http) => Page(http.Response.StatusCode).ExecuteAsync(http);

    public static ConsolePage Page(int status)
    {
        var (title, text) = status switch
        {
            StatusCodes.Status403Forbidden => ("You may not see this", "This page is for operators."),
            StatusCodes.Status404NotFound => ("There is nothing here", "The address is wrong, or what was here is gone."),
            StatusCodes.Status405MethodNotAllowed => ("There is nothing here", "This address is only for the forms of the console. Start from the search."),
            StatusCodes.Status413PayloadTooLarge => ("That was too long", "Go back, and send less."),
            StatusCodes.Status503ServiceUnavailable => ("This cannot be shown now", "The database does not answer. Nothing is half done. Try again in a minute."),
            >= 500 => ("Something went wrong", "It is in the log of the server. Try again; if it stays so, tell who runs this server."),
            _ => ("This was not understood", "Go back, and try again."),
        };
        return ConsolePage.Message(status, title, text, ("Go to the console", ConsoleEndpoints.Root));
    }
}
