using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Server.Console;

/// <summary>How much an event of the trail matters to who reads it.</summary>
enum EventWeight
{
    Plain,

    /// <summary>The account is another one after it.</summary>
    Change,
    Warning,

    /// <summary>Somebody of the platform or its support.</summary>
    Staff,
}

/// <summary>Events of an audit trail, as sentences.</summary>
static class ConsoleTimeline
{
    public static string Sentence(AuditEvent e)
    {
        var purpose = ConsoleWords.Purpose(e.Operation, e.KeyType);
        var key = Names.TryParseKeyType(e.KeyType, out var keyType) ? ConsoleWords.Of(keyType) : "key";
        var target = e.Target is null ? "" : $" {e.Target}";
        return TypeOf(e) switch
        {
            AuditEventType.TokenIssued => $"A code for {purpose} was sent{(e.Target is null ? "" : $" to {e.Target}")}",
            AuditEventType.TokenRedeemed => $"The code for {purpose} was entered",
            AuditEventType.TokenRefused => $"A wrong code for {purpose} was entered",
            AuditEventType.TokenRevoked => $"The codes for {purpose} were revoked",
            AuditEventType.OperationLocked => $"{ConsoleWords.Begin(purpose)} was locked after too many wrong codes",
            AuditEventType.UserKeyAdded => $"The {key}{target} was added",
            AuditEventType.UserKeyChanged => $"The {key} was changed{(e.Target is null ? "" : $" to {e.Target}")}",
            AuditEventType.UserKeyRemoved => $"The {key}{target} was removed",
            AuditEventType.MfaEnabled => $"MFA was switched on for the {key}{target}",
            AuditEventType.MfaDisabled => $"MFA was switched off for the {key}{target}",
            AuditEventType.AntiPhishingCodeSet => "The anti-phishing code was set",
            AuditEventType.AccountProvisioned => "The account was set up",
            AuditEventType.AccountErased => "The account was erased",
            AuditEventType.HoldLifted => Names.TryParseHoldReason(e.Reason?.Split(": ", 2)[0], out var hold)
                ? $"A hold was lifted: {ConsoleWords.Of(hold).ToLowerInvariant()}"
                : "A hold was lifted",
            AuditEventType.ChangeUndone => "A change was undone",
            AuditEventType.RequestRefused => $"A request for {purpose} was refused",
            AuditEventType.SupportViewed => e.Reason?.StartsWith("found", StringComparison.Ordinal) == true ? $"Support found the account{e.Reason[5..]}" : "Support opened the account",
            AuditEventType.OperationUnlocked => $"{ConsoleWords.Begin(purpose)} was unlocked",
            AuditEventType.MessageRetried => $"A message{(e.Target is null ? "" : $" to {e.Target}")} was queued again",
            AuditEventType.MessageDropped => $"A message{(e.Target is null ? "" : $" to {e.Target}")} was dropped",
            // Of a later version of the program.
            null => ConsoleWords.Begin(e.Type.Replace('_', ' ')),
        };
    }

    /// <summary>Events one after the other that are the same but for their time, as one: the newest of them, how many there are, and since when.</summary>
    public static IEnumerable<(AuditEvent Event, int Count, DateTimeOffset Since)> Runs(IEnumerable<AuditEvent> newestFirst)
    {
        (AuditEvent Event, int Count, DateTimeOffset Since)? run = null;
        foreach (var e in newestFirst)
        {
            if (run is { } same && e with { Id = same.Event.Id, At = same.Event.At } == same.Event)
            {
                run = (same.Event, same.Count + 1, e.At);
                continue;
            }

            if (run is { } ended)
                yield return ended;
            run = (e, 1, e.At);
        }

        if (run is { } last)
            yield return last;
    }

    public static EventWeight Weight(AuditEvent e) => TypeOf(e) switch
    {
        AuditEventType.UserKeyAdded or AuditEventType.UserKeyChanged or AuditEventType.UserKeyRemoved or AuditEventType.MfaEnabled
            or AuditEventType.MfaDisabled or AuditEventType.AntiPhishingCodeSet or AuditEventType.AccountProvisioned or AuditEventType.ChangeUndone => EventWeight.Change,
        AuditEventType.TokenRefused or AuditEventType.OperationLocked or AuditEventType.AccountErased or AuditEventType.RequestRefused => EventWeight.Warning,
        AuditEventType.HoldLifted or AuditEventType.SupportViewed or AuditEventType.OperationUnlocked or AuditEventType.MessageRetried
            or AuditEventType.MessageDropped => EventWeight.Staff,
        AuditEventType.TokenIssued or AuditEventType.TokenRedeemed or AuditEventType.TokenRevoked => EventWeight.Plain,
        null => EventWeight.Plain,
    };

    /// <summary>In words; null where the sentence has said it.</summary>
    public static string? Reason(AuditEvent e) => TypeOf(e) switch
    {
        // After the name of a hold or of a message.
        AuditEventType.HoldLifted or AuditEventType.MessageRetried or AuditEventType.MessageDropped => e.Reason?.Split(": ", 2)[^1],
        AuditEventType.SupportViewed => null,
        AuditEventType.TokenRefused when e.Reason == Refusal.TokenInvalid.Name() => null,
        AuditEventType.TokenRefused or AuditEventType.RequestRefused => e.Reason?.Replace('-', ' '),
        _ => e.Reason,
    };

    /// <summary>The account's owner is not told by an id that stands above already.</summary>
    public static string Actor(AuditEvent e, string userId) => e.Actor == userId ? "the user" : e.Actor;

    static AuditEventType? TypeOf(AuditEvent e) =>
        Enum.GetValues<AuditEventType>().Select(type => (AuditEventType?)type).FirstOrDefault(type => type!.Value.Name() == e.Type);
}
