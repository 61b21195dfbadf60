using System.Collections.Immutable;

namespace Countersign.Domain;

/// <summary>An address that an account has proven.</summary>
sealed record UserKey(Address Address, DateTimeOffset VerifiedAt, bool MfaEnabled)
{
    public KeyType KeyType => Address.KeyType;
}

/// <summary>
/// The aggregate: everything that must be true of an account, with one version. Immutable; what can happen to it is in
/// <c>Account.Tokens.cs</c> (any token) and in one file per flow (what the token guards).
/// </summary>
/// <param name="Version">Of the row that it was loaded from; 0 where there is none yet.</param>
sealed partial record Account(
    string UserId,
    long Version,
    string? Locale,
    AntiPhishingCode? AntiPhishingCode,
    UserKey? Email,
    UserKey? PhoneNumber,
    ImmutableDictionary<Purpose, PurposeState> Purposes)
{
    public static Account New(string userId) =>
        new(userId, 0, null, null, null, null, ImmutableDictionary<Purpose, PurposeState>.Empty);

    /// <summary>
    /// The history of the database that it was loaded from: another one after a standby has taken over. What was decided upon in one is not
    /// stored in another.
    /// </summary>
    public long Timeline { get; init; }

    /// <summary>Of the commit that wrote this version: a database that was restored has the same versions of other commits. Empty where there is none yet.</summary>
    public string CommitId { get; init; } = "";

    /// <summary>Until when nothing can be changed, because something was undone; null where that never was.</summary>
    public DateTimeOffset? FrozenUntil { get; init; }

    /// <summary>Until when each hold lasts, also of those that have passed.</summary>
    public ImmutableDictionary<HoldReason, DateTimeOffset> Holds { get; init; } = ImmutableDictionary<HoldReason, DateTimeOffset>.Empty;

    public IEnumerable<UserKey> Keys => new[] { Email, PhoneNumber }.OfType<UserKey>();

    public UserKey? Key(KeyType keyType) => keyType switch
    {
        KeyType.Email => Email,
        KeyType.PhoneNumber => PhoneNumber,
    };

    public Account With(UserKey key) => With(key.KeyType, key);

    public Account Without(KeyType keyType) => With(keyType, null);

    public PurposeState State(Purpose purpose) => Purposes.GetValueOrDefault(purpose) ?? PurposeState.Fresh(purpose);

    public Account With(PurposeState state) => this with { Purposes = Purposes.SetItem(state.Purpose, state) };

    public bool Owns(Address address) => address.Equals(Key(address.KeyType)?.Address);

    /// <summary>MFA stands in the way of changing a key until it is off; with the feature switched off, nobody could turn it off.</summary>
    public bool HasMfa(KeyType? keyType, Rules rules) => rules.Mfa && keyType is { } type && Key(type)?.MfaEnabled == true;

    Account With(KeyType keyType, UserKey? key) => keyType switch
    {
        KeyType.Email => this with { Email = key },
        KeyType.PhoneNumber => this with { PhoneNumber = key },
    };
}
