namespace Countersign.Domain;

/// <summary>The stored one-time thing: a digest of its code under a key that the store does not hold, and until when it counts.</summary>
sealed record OneTimeToken(ReadOnlyMemory<byte> Digest, string KeyId, DateTimeOffset ExpiresAt)
{
    public bool IsLive(DateTimeOffset now) => now < ExpiresAt;
}

/// <summary>How far the message of a pending operation came.</summary>
public enum DeliveryState
{
    Queued,
    Sent,
    Failed,
}

/// <summary>Whose user key an address is, or was until lately.</summary>
/// <param name="Locale">Null where it is a key no longer, like the code.</param>
sealed record AddressOwner(string UserId, Address Address, string? Locale, AntiPhishingCode? AntiPhishingCode)
{
    /// <summary>Until when it is kept for the account that gave it up: nobody else can have it before. Null while it is a key.</summary>
    public DateTimeOffset? KeptUntil { get; init; }

    public bool Bars(string userId, DateTimeOffset now) => UserId != userId && (KeptUntil is null || KeptUntil > now);
}

/// <summary>
/// A pending operation: its target, frozen when it was issued, and the newest two tokens for it, which share one guess budget.
/// </summary>
/// <param name="Target">The key that the code goes to and proves: the new one where there is one, else the current.</param>
/// <param name="TargetOwner">Who has the target as a user key, as the store knew when the account was loaded.</param>
sealed record PendingOperation(
    Address Target,
    string Reference,
    string MessageId,
    OneTimeToken Newest,
    OneTimeToken? Previous,
    int WrongTries,
    DeliveryState Delivery,
    AddressOwner? TargetOwner)
{
    /// <summary>
    /// Whether the message of the previous token is known to be out of our hands. Nobody says more of a mail than that it was sent; of an SMS its provider may.
    /// Not stored: false where the account was loaded since.
    /// </summary>
    public bool IsPreviousSent { get; init; }

    /// <summary>Likewise of the newest.</summary>
    public bool IsNewestSent => Delivery == DeliveryState.Sent && Target is EmailAddress;

    /// <summary>Whether there is no message left that could be taken back.</summary>
    public bool AreSent => IsNewestSent && (Previous is null || IsPreviousSent);

    public bool IsLive(DateTimeOffset now) => Newest.IsLive(now) || Previous?.IsLive(now) == true;
}

/// <summary>All that is remembered of one purpose of an account.</summary>
/// <param name="Spent">The guess budget of the last tokens was used up: nothing is redeemed until a token is issued again.</param>
sealed record PurposeState(Purpose Purpose, PendingOperation? Pending, bool Spent, SendBudget Sends, GuessBudget Guesses)
{
    public static PurposeState Fresh(Purpose purpose) => new(purpose, null, false, SendBudget.Fresh, GuessBudget.Fresh);

    public PendingOperation? LivePending(DateTimeOffset now) => Pending is { } pending && pending.IsLive(now) ? pending : null;

    /// <summary>Tries that are left on the pending operation: of its own budget or of the day's, whichever is smaller.</summary>
    public int AttemptsRemaining(PendingOperation pending, Rules rules, DateTimeOffset now) =>
        Math.Max(0, Math.Min(rules.WrongTriesPerToken - pending.WrongTries, Guesses.Remaining(rules, now)));
}
