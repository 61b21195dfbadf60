namespace Countersign.Domain;

/// <summary>What the options say about tokens, as decisions need it.</summary>
sealed record Rules
{
    public required bool Mfa { get; init; }
    public required bool AntiPhishing { get; init; }
    public required CodeFormat CodeFormat { get; init; }
    public required TimeSpan ResendAfterEmail { get; init; }
    public required TimeSpan ResendAfterSms { get; init; }

    /// <summary>Tokens in an hour per account and purpose.</summary>
    public required int IssuesPerHour { get; init; }
    public required int WrongTriesPerToken { get; init; }

    /// <summary>Wrong tries in 24 hours per account and purpose.</summary>
    public required int WrongTriesPerDay { get; init; }

    /// <summary>How long the first lock lasts, the second, and so on; the last one repeats.</summary>
    public required IReadOnlyList<TimeSpan> LockFor { get; init; }

    /// <summary>How long a token of an operation lives that goes to a channel.</summary>
    public required Func<Operation, KeyType, TimeSpan> Lifetime { get; init; }

    /// <summary>How long delivery of a notice is tried.</summary>
    public required TimeSpan NoticeLifetime { get; init; }

    /// <summary>Limits over all accounts.</summary>
    public LimitRules Limits { get; init; } = new();

    /// <summary>How long an address that its owner has given up is kept from other accounts; zero for not at all.</summary>
    public required TimeSpan KeepReleasedFor { get; init; }

    /// <summary>How long the hold lasts that a change opens; zero for none.</summary>
    public required Func<HoldReason, TimeSpan> HoldFor { get; init; }

    /// <summary>Whether the other keys hear of a request, and not only of what comes of it.</summary>
    public required bool NotifyRequests { get; init; }

    /// <summary>How long a change can be undone by a link in its notices; zero for no link.</summary>
    public required TimeSpan UndoFor { get; init; }

    /// <summary>How long nothing can be changed after something was undone.</summary>
    public required TimeSpan FreezeFor { get; init; }

    public TimeSpan ResendAfter(KeyType channel) => channel switch
    {
        KeyType.Email => ResendAfterEmail,
        KeyType.PhoneNumber => ResendAfterSms,
    };

    /// <summary>The code as a message may show it: not at all where the feature is switched off.</summary>
    public AntiPhishingCode? Shown(AntiPhishingCode? code) => AntiPhishing ? code : null;

    public bool IsOn(Operation operation) => operation switch
    {
        Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing => AntiPhishing,
        Operation.EnablingMfa or Operation.DisablingMfa => Mfa,
        Operation.AddingKey or Operation.ChangingKey or Operation.ChangingNewKey or Operation.RemovingKey => true,
    };
}
