using Countersign.Domain;
using Countersign.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Http;

/// <summary>A store that is not there is said to be not there: to whoever asks, and in the log.</summary>
sealed partial class StoreFilter(ILogger<StoreFilter> log) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (StoreUnavailableException e)
        {
            LogUnavailable(e.Message);
            return Problems.Unavailable;
        }
        catch (TokenKeyMissingException e)
        {
            LogKeyMissing(e.Message);
            return Problems.Unavailable;
        }
    }

    [LoggerMessage(LogLevel.Error, "Answered 503: {Reason}")]
    partial void LogUnavailable(string reason);

    [LoggerMessage(LogLevel.Critical, "Answered 503: {Reason}")]
    partial void LogKeyMissing(string reason);
}
