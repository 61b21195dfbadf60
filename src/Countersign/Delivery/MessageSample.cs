using Countersign.Domain;

namespace Countersign.Delivery;

/// <summary>A message with made-up values: what templates are checked with at the start, and what a preview shows.</summary>
/// <param name="Name">Unique for its channel, such as <c>Code userKeys/adding EMAIL</c>.</param>
sealed record MessageSample(string Name, QueuedMessage Message)
{
    const string MaskedEmail = "a***e@example.com";
    const string MaskedNumber = "+********789";
    const string UndoToken = "this-is-where-the-secret-of-the-link-will-go";

    static readonly DateTimeOffset At = new(2026, 11, 22, 19, 0, 0, TimeSpan.Zero);

    static readonly MessageKind[] OfKeys =
    [
        MessageKind.KeyAdded, MessageKind.KeyChanged, MessageKind.KeyRemoved, MessageKind.MfaEnabled, MessageKind.MfaDisabled, MessageKind.AddressInUse,
        MessageKind.AddressKept,
    ];

    /// <summary>Each operation's code on the channel that it takes, and each notice on both.</summary>
    public static IEnumerable<MessageSample> Of(string locale, CodeFormat format) =>
        from sample in Enum.GetValues<KeyType>().SelectMany(channel => Codes(channel, format)).Concat(Enum.GetValues<KeyType>().SelectMany(Notices))
        select new MessageSample(
            sample.Name, new QueuedMessage("sample", "sample", sample.Content with { Locale = locale }, 0, At));

    static IEnumerable<(string Name, MessageContent Content)> Codes(KeyType channel, CodeFormat format) =>
        Purposes().Where(purpose => (purpose.KeyType ?? KeyType.Email) == channel).Select(purpose =>
        {
            // A new address is not proven: nothing of the account is told there.
            var isOwn = purpose.Operation is not (Operation.AddingKey or Operation.ChangingNewKey);
            return ($"Code {purpose}", Content(MessageKind.Code, channel, purpose, Masked(purpose.KeyType)) with
            {
                Code = format switch { CodeFormat.Digits6 => "739105", CodeFormat.Digits8 => "73910528", CodeFormat.Base32 => "7GX2-M4PQ" },
                Reference = "K7Q",
                AntiPhishingCode = isOwn && channel == KeyType.Email ? "blue4sky" : null,
                Origin = isOwn ? "203.0.113.x, Firefox (Windows)" : null,
            });
        });

    static IEnumerable<(string Name, MessageContent Content)> Notices(KeyType channel)
    {
        foreach (var kind in OfKeys)
        foreach (var keyType in Enum.GetValues<KeyType>())
        {
            var purpose = new Purpose(OperationOf(kind), keyType);
            var content = Content(kind, channel, purpose, Masked(keyType));
            yield return ($"{kind} {keyType.Name()}", kind is MessageKind.AddressInUse or MessageKind.AddressKept
                ? content with { Origin = null }
                : content with { UndoToken = UndoToken, UndoUntil = At.AddDays(3) });
        }

        var antiPhishing = new Purpose(Operation.ChangingAntiPhishing, null);
        yield return ($"{MessageKind.AntiPhishingCodeSet}", Content(MessageKind.AntiPhishingCodeSet, channel, antiPhishing, "b******y"));
        yield return ($"{MessageKind.AntiPhishingCodeSet}, removed", Content(MessageKind.AntiPhishingCodeSet, channel, antiPhishing, null));
        foreach (var purpose in Purposes())
            yield return ($"{MessageKind.ChangeRequested} {purpose}", Content(MessageKind.ChangeRequested, channel, purpose, Masked(purpose.KeyType ?? KeyType.Email)));
        yield return ($"{MessageKind.ChangeUndone}", Content(MessageKind.ChangeUndone, channel, new Purpose(Operation.ChangingNewKey, KeyType.Email), null));
    }

    static MessageContent Content(MessageKind kind, KeyType channel, Purpose purpose, string? subject) => new(
        kind,
        channel,
        channel == KeyType.Email ? "alice@example.com" : "+123456789",
        purpose.Operation,
        purpose.KeyType,
        null,
        null,
        subject,
        channel == KeyType.Email ? "blue4sky" : null,
        null,
        At,
        At.AddMinutes(30))
    {
        Origin = "203.0.113.x, Firefox (Windows)",
    };

    static IEnumerable<Purpose> Purposes() =>
        from operation in Enum.GetValues<Operation>()
        from keyType in new KeyType?[] { KeyType.Email, KeyType.PhoneNumber, null }
        let purpose = new Purpose(operation, keyType)
        where purpose.IsWhole
        select purpose;

    static Operation OperationOf(MessageKind kind) => kind switch
    {
        MessageKind.KeyChanged => Operation.ChangingNewKey,
        MessageKind.KeyRemoved => Operation.RemovingKey,
        MessageKind.MfaEnabled => Operation.EnablingMfa,
        MessageKind.MfaDisabled => Operation.DisablingMfa,
        _ => Operation.AddingKey,
    };

    static string? Masked(KeyType? keyType) => keyType switch
    {
        KeyType.Email => MaskedEmail,
        KeyType.PhoneNumber => MaskedNumber,
        null => null,
    };
}
