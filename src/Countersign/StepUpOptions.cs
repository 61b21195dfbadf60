using Countersign.Domain;

namespace Countersign;

/// <summary>
/// What an operation asks of the authentication behind a bearer (RFC 9470): a request whose bearer says less is answered with 401 and the challenge
/// that a client needs to do better. Something of <see cref="MaxAge"/>, <see cref="AcrValues"/> and <see cref="AmrValues"/> is set.
/// </summary>
public sealed class StepUpOptions
{
    /// <summary>The longest <see cref="MaxAge"/> that the profile Strict allows, and what it asks for where none is set.</summary>
    public static readonly TimeSpan StrictMaxAge = TimeSpan.FromMinutes(15);

    public static readonly TimeSpan MinMaxAge = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestMaxAge = TimeSpan.FromDays(30);

    /// <summary>
    /// The operation as the contract names it, such as userKeys/removing; null for all that have no entry of their own. What holds for userKeys/changing
    /// holds for its second step too, unless that has an entry.
    /// </summary>
    public string? Operation { get; set; }

    /// <summary>How long ago <c>auth_time</c> may be: 1 second to 30 days, in whole seconds; null for ever. 15 minutes at most, and by default, in the profile Strict.</summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>Up to 16 values of <c>acr</c>, one of which the bearer has; the one to prefer first. Empty for any.</summary>
    public IList<string> AcrValues { get; } = [];

    /// <summary>Up to 16 values of <c>amr</c> (RFC 8176), all of which the bearer has. Empty for any.</summary>
    public IList<string> AmrValues { get; } = [];

    /// <summary>What holds for an operation: the most specific entry, as a whole; null where nothing is asked for.</summary>
    internal static StepUp? For(Operation operation, CountersignOptions options)
    {
        var entry = options.StepUp.Where(entry => entry.AppliesTo(operation)).MaxBy(entry => entry.Operation?.Length ?? 0);
        var maxAge = entry?.MaxAge ?? (options.Profile == CountersignProfile.Strict ? StrictMaxAge : null);
        return entry is null && maxAge is null ? null : new StepUp(maxAge, [.. entry?.AcrValues ?? []], [.. entry?.AmrValues ?? []]);
    }

    bool AppliesTo(Operation operation) =>
        Operation is null || Operation == operation.Name() || operation.Name().StartsWith($"{Operation}/", StringComparison.Ordinal);
}
