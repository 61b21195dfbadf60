using System.Globalization;
using System.Security.Claims;
using Countersign.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Http;

/// <summary>The operation that an endpoint issues or redeems a token of.</summary>
sealed record GuardedOperation(Operation Operation);

/// <summary>Refuses who has not authenticated as the operation asks, with the challenge of RFC 9470. The account's audit trail says so.</summary>
sealed partial class StepUpCheck(AccountSecurity security, LiveOptions options, TimeProvider clock, Telemetry telemetry, ILogger<StepUpCheck> log)
{
    /// <summary>What an endpoint that is about one operation refuses before it looks at the request; null where it does not.</summary>
    public Task<Problem?> RefuseAsync(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<GuardedOperation>() is { } guarded
        ? RefuseAsync(http, guarded.Operation)
        : Task.FromResult<Problem?>(null);

    public async Task<Problem?> RefuseAsync(HttpContext http, Operation operation)
    {
        if (StepUpOptions.For(operation, options.Options) is not { } stepUp || stepUp.LackOf(Read(http.User), clock.GetUtcNow()) is not { } lack)
            return null;

        LogRefused(operation.Name(), lack);
        var problem = Problems.InsufficientUserAuthentication(stepUp, lack);
        telemetry.Refused(problem.Code, operation);
        var userId = Callers.UserId(http.User)!;
        await security.RecordRefusalAsync(Callers.Caller(http, userId, options.Options), userId, operation, problem.Code, http.RequestAborted);
        return problem;
    }

    /// <summary>
    /// A handler that maps inbound claims has them under their long names. A time that is there twice, or is no whole number, is none.
    /// </summary>
    static Authentication Read(ClaimsPrincipal user)
    {
        var times = Values(user, "auth_time", ClaimTypes.AuthenticationInstant);
        return new Authentication(
            times.Count == 1 && long.TryParse(times[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : null,
            Values(user, "acr", "http://schemas.microsoft.com/claims/authnclassreference"),
            Values(user, "amr", "http://schemas.microsoft.com/claims/authnmethodsreferences"));
    }

    static List<string> Values(ClaimsPrincipal user, string name, string longName) =>
        [.. user.Claims.Where(claim => claim.Type == name || claim.Type == longName).Select(claim => claim.Value)];

    [LoggerMessage(LogLevel.Information, "Refused {Operation}: the bearer's authentication lacks what Countersign:StepUp asks for ({Lack}).")]
    partial void LogRefused(string operation, StepUpLack lack);
}

static class GuardedOperations
{
    public static RouteHandlerBuilder Guards(this RouteHandlerBuilder endpoint, Operation operation) =>
        endpoint.WithMetadata(new GuardedOperation(operation));
}
