using System.Diagnostics.CodeAnalysis;

namespace Countersign.Domain;

/// <summary>Why a request was not done. Each is a <c>code</c> of the contract.</summary>
public enum Refusal
{
    FeatureDisabled,
    AccountNotFound,
    KeyExists,
    KeyMissing,
    LastKey,
    MfaEnabled,
    MfaDisabled,
    EmailRequired,
    AntiPhishingExists,
    AntiPhishingMissing,
    NothingPending,
    KeyTaken,

    /// <summary>The new key is the current one: bad input rather than a conflict.</summary>
    SameKey,
    TokenInvalid,
    TooManyAttempts,
    RateLimited,

    /// <summary>There is no hold of this kind that could be lifted.</summary>
    NotHeld,

    /// <summary>A change was undone: nothing else is changed for a while.</summary>
    AccountFrozen,
}

/// <param name="Purpose">What was asked for; null where the request has no purpose.</param>
/// <param name="AttemptsRemaining">Beside <see cref="Refusal.TokenInvalid"/> while a token is pending.</param>
/// <param name="RetryAfter">When asking again can help; above zero.</param>
public sealed record Refused(Refusal Reason, Purpose? Purpose = null, int? AttemptsRemaining = null, TimeSpan? RetryAfter = null);

/// <summary>What was asked for, or why not: a refusal is a normal case, and no exception.</summary>
public sealed class Outcome<T> where T : class
{
    Outcome(T? value, Refused? refused)
    {
        Value = value;
        Refused = refused;
    }

    /// <summary>What the address that the request came from has left; null where the request met no such limit.</summary>
    public RateLimit? RateLimit { get; private init; }

    public T? Value { get; }

    public Refused? Refused { get; }

    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Refused? refused)
    {
        value = Value;
        refused = Refused;
        return value is not null;
    }

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refused refused) => new(null, refused);

    internal Outcome<T> With(RateLimit? limit) => limit is null ? this : new Outcome<T>(Value, Refused) { RateLimit = limit };

    internal Outcome<TOther> Select<TOther>(Func<T, TOther> map) where TOther : class => TryGet(out var value, out var refused) ? map(value) : refused;
}
