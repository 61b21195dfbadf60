namespace Countersign;

/// <summary>The audit trails of accounts.</summary>
public sealed class AuditOptions
{
    public static readonly TimeSpan MinRetention = TimeSpan.FromDays(1);
    public static readonly TimeSpan MaxRetention = TimeSpan.FromDays(3650);

    /// <summary>How long an event is kept: 1 to 3650 days, or 0, for ever.</summary>
    public TimeSpan Retention { get; set; }
}
