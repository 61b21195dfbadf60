using Countersign.Domain;

namespace Countersign;

/// <summary>For how long after a change of its owner's an account is on hold: 0 (not at all) to 30 days each. What the platform changes opens no hold.</summary>
public sealed class HoldOptions
{
    public static readonly TimeSpan Max = TimeSpan.FromDays(30);

    /// <summary>After an email or a phone number was added.</summary>
    public TimeSpan KeyAdded { get; set; } = TimeSpan.FromHours(6);

    /// <summary>After a key was replaced.</summary>
    public TimeSpan KeyChanged { get; set; } = TimeSpan.FromHours(24);

    /// <summary>After a key was removed.</summary>
    public TimeSpan KeyRemoved { get; set; } = TimeSpan.FromHours(24);

    /// <summary>After MFA was switched on, which takes nothing from the owner.</summary>
    public TimeSpan MfaEnabled { get; set; }

    /// <summary>After MFA was switched off.</summary>
    public TimeSpan MfaDisabled { get; set; } = TimeSpan.FromHours(24);

    /// <summary>After the anti-phishing code was replaced; it opens no door by itself.</summary>
    public TimeSpan AntiPhishingCodeChanged { get; set; }

    /// <summary>After changes were undone by whoever had the account before them.</summary>
    public TimeSpan Recovered { get; set; } = TimeSpan.FromHours(48);

    internal TimeSpan For(HoldReason reason) => reason switch
    {
        HoldReason.KeyAdded => KeyAdded,
        HoldReason.KeyChanged => KeyChanged,
        HoldReason.KeyRemoved => KeyRemoved,
        HoldReason.MfaEnabled => MfaEnabled,
        HoldReason.MfaDisabled => MfaDisabled,
        HoldReason.AntiPhishingCodeChanged => AntiPhishingCodeChanged,
        HoldReason.Recovered => Recovered,
    };
}
