using Countersign.Domain;

namespace Countersign;

/// <summary>An account as it is read. Addresses and codes print masked; <c>Value</c> and <c>Reveal</c> give them away.</summary>
public sealed record AccountView(
    string UserId,
    string? Locale,
    IReadOnlyList<UserKeyView> UserKeys,
    AntiPhishingCode? AntiPhishingCode,
    IReadOnlyList<PendingOperationView> PendingOperations,
    IReadOnlyList<Hold> Holds)
{
    internal static AccountView Of(Account account, Rules rules, DateTimeOffset now) => new(
        account.UserId,
        account.Locale,
        [.. account.Keys.Select(key => new UserKeyView(key.Address, key.MfaEnabled, key.VerifiedAt))],
        account.AntiPhishingCode,
        [.. account.Purposes.Values.Select(state => PendingOperationView.Of(state, rules, now)).OfType<PendingOperationView>().OrderBy(pending => pending.Purpose.Operation).ThenBy(pending => pending.Purpose.KeyType)],
        account.HoldsAt(now));
}

public sealed record UserKeyView(Address Address, bool MfaEnabled, DateTimeOffset VerifiedAt);

/// <param name="ResendAt">From when on a token is issued again.</param>
/// <param name="AttemptsRemaining">Wrong tries until its tokens end.</param>
public sealed record PendingOperationView(
    Purpose Purpose,
    Address Destination,
    string Reference,
    DateTimeOffset ExpiresAt,
    DateTimeOffset ResendAt,
    int AttemptsRemaining,
    DeliveryState Delivery)
{
    internal static PendingOperationView? Of(PurposeState state, Rules rules, DateTimeOffset now)
    {
        if (state.LivePending(now) is not { } pending || !rules.IsOn(state.Purpose.Operation))
            return null;

        return new PendingOperationView(
            state.Purpose,
            pending.Target,
            pending.Reference,
            pending.Newest.ExpiresAt,
            state.Sends.NextIssueAt(pending.Target.KeyType, rules, now),
            state.AttemptsRemaining(pending, rules, now),
            pending.Delivery);
    }
}

/// <param name="Created">Whether the account is new.</param>
public sealed record PutAccount(AccountView Account, bool Created);
