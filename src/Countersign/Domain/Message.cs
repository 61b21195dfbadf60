namespace Countersign.Domain;

/// <summary>What a message says. Each kind has its templates.</summary>
enum MessageKind
{
    Code,
    KeyAdded,
    KeyChanged,
    KeyRemoved,
    MfaEnabled,
    MfaDisabled,
    AntiPhishingCodeSet,

    /// <summary>To the owner of an address that somebody else tried to make a key of another account.</summary>
    AddressInUse,

    /// <summary>To an address that somebody asked for, and that is kept for the account whose key it was until lately.</summary>
    AddressKept,

    /// <summary>A code went to another key, or to the new one.</summary>
    ChangeRequested,
    ChangeUndone,
}

/// <summary>A message that a decision causes. It is stored with the decision, its content sealed.</summary>
/// <param name="Id">Stays the same through all tries of delivery; null where nothing refers to it, and the store names it.</param>
/// <param name="Code">The code that it carries; null in a notice.</param>
/// <param name="Subject">The key that the message is about, masked: the new one of a change.</param>
/// <param name="AntiPhishingCode">The reader's, in mail to an address that the reader has proven; else null.</param>
/// <param name="ExpiresAt">After this it is not sent any more.</param>
sealed record Message(
    string? Id,
    MessageKind Kind,
    Address To,
    Purpose Purpose,
    TokenCode? Code,
    string? Reference,
    string? Subject,
    AntiPhishingCode? AntiPhishingCode,
    string? Locale,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt)
{
    /// <summary>It stands in mail only: an SMS neither shows nor keeps it.</summary>
    public AntiPhishingCode? AntiPhishingCode { get; init; } = To.KeyType == KeyType.Email ? AntiPhishingCode : null;

    /// <summary>How the reader can undo what the message tells of; null where that cannot be.</summary>
    public UndoLink? Undo { get; init; }

    /// <summary>Whether the reader is told from where the request came: not who is not the account's owner.</summary>
    public bool IsOfOwnAccount => Kind is not (MessageKind.AddressInUse or MessageKind.AddressKept);
}
