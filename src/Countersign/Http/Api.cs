using Countersign.Domain;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>What every handler has at hand.</summary>
sealed class Api(AccountSecurity security, LiveOptions options, StepUpCheck stepUp)
{
    public AccountSecurity Security => security;

    public StepUpCheck StepUp => stepUp;

    public CountersignOptions Options => options.Options;

    public Fields Fields() => new(Options);

    /// <summary><see cref="ApiFilter"/> has let nobody pass who has none.</summary>
    public static string UserId(HttpContext http) => Callers.UserId(http.User)!;

    public Caller Caller(HttpContext http) => Callers.Caller(http, UserId(http), Options);

    public async Task<IResult> IssueAsync(HttpContext http, Operation operation, KeyType? keyType, Address? newKey) =>
        Answers.Issued(http, await security.IssueAsync(Caller(http), UserId(http), new Purpose(operation, keyType), newKey, http.RequestAborted));
}
