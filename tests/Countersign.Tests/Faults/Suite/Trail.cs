using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite;

/// <summary>A key as the trail has made it.</summary>
sealed record TrailKey(string Address, bool MfaEnabled, DateTimeOffset VerifiedAt);

/// <summary>A message that a commit has to have caused.</summary>
readonly record struct ExpectedMessage(DateTimeOffset CreatedAt, MessageKind Kind, Purpose Purpose, string Destination);

/// <summary>An account, rebuilt from the events of its audit trail: who has to be told of each change, and what has to be there at the end.</summary>
sealed class Trail
{
    public Dictionary<KeyType, TrailKey> Keys { get; } = [];

    public bool HasAntiPhishingCode { get; private set; }

    /// <summary>What each purpose waits for: the masked target; absent where nothing is pending.</summary>
    public Dictionary<Purpose, string> Pending { get; } = [];

    /// <param name="firstEmail">What the account was made with, which its first event does not say.</param>
    /// <returns>The messages that the commit must have caused, no more and no less.</returns>
    public IReadOnlyList<ExpectedMessage> Apply(StoredCommit commit, string? firstEmail)
    {
        var before = Keys.Values.Select(key => key.Address).ToList();
        var kinds = new List<(MessageKind Kind, Purpose Purpose)>();
        var messages = new List<ExpectedMessage>();
        foreach (var e in commit.Events)
        {
            if (NoticeOf(e.Type) is { } kind)
                kinds.Add((kind, e.Purpose!.Value));
            if (e.Type == "token_issued")
                messages.Add(new ExpectedMessage(commit.At, e.Reason is null ? MessageKind.Code : MessageKind.AddressInUse, e.Purpose!.Value, e.Target!));
            Apply(e, firstEmail);
        }

        var told = before.Concat(Keys.Values.Select(key => key.Address)).Distinct().ToList();
        messages.AddRange(from notice in kinds from address in told select new ExpectedMessage(commit.At, notice.Kind, notice.Purpose, address));
        return messages;
    }

    void Apply(EventLine e, string? firstEmail)
    {
        switch (e.Type)
        {
            case "account_provisioned" when firstEmail is not null:
                Keys[KeyType.Email] = new TrailKey(firstEmail, false, e.At);
                break;
            case "user_key_added" or "user_key_changed":
                Keys[e.Purpose!.Value.KeyType!.Value] = new TrailKey(e.Target!, false, e.At);
                break;
            case "user_key_removed":
                Keys.Remove(e.Purpose!.Value.KeyType!.Value);
                HasAntiPhishingCode &= e.Purpose.Value.KeyType != KeyType.Email;
                break;
            case "mfa_enabled" or "mfa_disabled":
                var keyType = e.Purpose!.Value.KeyType!.Value;
                Keys[keyType] = Keys[keyType] with { MfaEnabled = e.Type == "mfa_enabled" };
                break;
            case "anti_phishing_code_set":
                HasAntiPhishingCode = true;
                break;
            case "token_issued":
                Pending[e.Purpose!.Value] = e.Target!;
                break;
            case "token_redeemed" or "token_revoked":
                Pending.Remove(e.Purpose!.Value);
                break;
        }
    }

    static MessageKind? NoticeOf(string type) => type switch
    {
        "user_key_added" => MessageKind.KeyAdded,
        "user_key_changed" => MessageKind.KeyChanged,
        "user_key_removed" => MessageKind.KeyRemoved,
        "mfa_enabled" => MessageKind.MfaEnabled,
        "mfa_disabled" => MessageKind.MfaDisabled,
        "anti_phishing_code_set" => MessageKind.AntiPhishingCodeSet,
        _ => null,
    };
}
