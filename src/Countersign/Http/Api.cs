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

    public Task<IResult> IssueAsync(HttpContext http, Operation operation, KeyType? keyType, Address? newKey) => AnswerAsync(
        http,
        caller => security.IssueAsync(caller, UserId(http), new Purpose(operation, keyType), newKey, http.RequestAborted),
        Answers.Issued);

    /// <summary>The answer to an outcome; where the request has a key, exactly the one that is kept under it.</summary>
    public async Task<IResult> AnswerAsync<T>(HttpContext http, Func<Caller, Task<Outcome<T>>> ask, Func<Outcome<T>, IResult> answer) where T : class
    {
        if (http.Features.Get<IdempotentRequest>() is not { } repeatable)
            return Answer(await ask(Caller(http)));

        var request = new RepeatableRequest(
            repeatable.Key, repeatable.Digest, async outcome => (await HttpAnswer.OfAsync(http, answer((Outcome<T>)outcome))).ToBytes());
        var asked = await ask(Caller(http) with { Request = request });
        return request.Kept is { } kept ? HttpAnswer.Read(kept) : Answer(asked);

        IResult Answer(Outcome<T> outcome)
        {
            RateLimitHeaders.Write(http.Response, outcome.RateLimit);
            return answer(outcome);
        }
    }
}
