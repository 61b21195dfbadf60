namespace Countersign;

/// <summary>
/// Undoing changes by a link in their notices. There are links only where <see cref="CountersignOptions.PublicUrl"/> says what they lead to.
/// </summary>
public sealed class UndoOptions
{
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(30);
    public static readonly TimeSpan MaxFreeze = TimeSpan.FromDays(30);

    /// <summary>How long a change can be undone: 0 (not at all) to 30 days.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long nothing else can be changed after a change was undone, but by the platform: 0 to 30 days.</summary>
    public TimeSpan FreezeFor { get; set; } = TimeSpan.FromHours(48);
}
