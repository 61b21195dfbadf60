using System.Globalization;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Server.Console;

/// <summary>What the contract has names for, in words for people.</summary>
static class ConsoleWords
{
    public static string Of(KeyType keyType) => keyType switch
    {
        KeyType.Email => "email",
        KeyType.PhoneNumber => "phone number",
    };

    /// <summary>Such as <c>removing the email</c>: goes after "for" and, with a capital, alone.</summary>
    public static string Of(Purpose purpose)
    {
        var key = purpose.KeyType is { } keyType ? Of(keyType) : "key";
        return purpose.Operation switch
        {
            Operation.AddingKey => purpose.KeyType == KeyType.Email ? "adding an email" : $"adding a {key}",
            Operation.ChangingKey => $"changing the {key}, first step",
            Operation.ChangingNewKey => $"changing the {key}, second step",
            Operation.RemovingKey => $"removing the {key}",
            Operation.AddingAntiPhishing => "setting an anti-phishing code",
            Operation.ChangingAntiPhishing => "changing the anti-phishing code",
            Operation.EnablingMfa => $"switching MFA on for the {key}",
            Operation.DisablingMfa => $"switching MFA off for the {key}",
        };
    }

    public static string Of(HoldReason reason) => reason switch
    {
        HoldReason.KeyAdded => "A key was added",
        HoldReason.KeyChanged => "A key was changed",
        HoldReason.KeyRemoved => "A key was removed",
        HoldReason.AntiPhishingCodeChanged => "The anti-phishing code was changed",
        HoldReason.MfaEnabled => "MFA was switched on",
        HoldReason.MfaDisabled => "MFA was switched off",
        HoldReason.Recovered => "A change was undone",
    };

    public static string Of(DeliveryState delivery) => delivery switch
    {
        DeliveryState.Queued => "Waits to be sent",
        DeliveryState.Sent => "Sent",
        DeliveryState.Failed => "Not delivered",
    };

    public static string Of(MessageKind kind) => kind switch
    {
        MessageKind.Code => "Code",
        MessageKind.KeyAdded => "Notice: key added",
        MessageKind.KeyChanged => "Notice: key changed",
        MessageKind.KeyRemoved => "Notice: key removed",
        MessageKind.MfaEnabled => "Notice: MFA on",
        MessageKind.MfaDisabled => "Notice: MFA off",
        MessageKind.AntiPhishingCodeSet => "Notice: anti-phishing code",
        MessageKind.AddressInUse => "Notice: address in use",
        MessageKind.AddressKept => "Notice: address kept",
        MessageKind.ChangeRequested => "Notice: change requested",
        MessageKind.ChangeUndone => "Notice: change undone",
    };

    /// <summary>The state of a message, and what the provider said of it afterwards.</summary>
    public static string Of(MessageView message) => (message.State, message.Receipt) switch
    {
        (OutboxState.Sent, "DELIVERED") => "Delivered",
        (OutboxState.Sent, "FAILED") => "Sent, not delivered",
        (OutboxState.Sent, _) => "Sent",
        (OutboxState.Queued, _) => "Waits to be sent",
        (OutboxState.Dead, _) => "Dead",
        (OutboxState.Withdrawn, _) => "Withdrawn",
        var (state, _) => state,
    };

    public static string Channel(string channel) => channel == KeyType.PhoneNumber.Name() ? "SMS" : "Email";

    public static string Purpose(string? operation, string? keyType)
    {
        if (!Names.TryParseOperation(operation, out var parsed))
            return operation ?? "";
        return Of(new Purpose(parsed, Names.TryParseKeyType(keyType, out var key) ? key : null));
    }

    /// <summary>The text with a capital.</summary>
    public static string Begin(string text) => text.Length == 0 ? text : $"{char.ToUpperInvariant(text[0])}{text[1..]}";

    /// <summary>Such as <c>in 12 min</c>, or <c>12 min ago</c>.</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now) => at > now ? $"in {Span(at - now)}" : $"{Span(now - at)} ago";

    public static string Span(TimeSpan span)
    {
        FormattableString text = span switch
        {
            { TotalMinutes: < 1 } => $"{Math.Max(1, (int)span.TotalSeconds)} s",
            { TotalHours: < 1 } => $"{(int)span.TotalMinutes} min",
            { TotalDays: < 2 } => $"{(int)span.TotalHours} h",
            _ => $"{(int)span.TotalDays} days",
        };
        return text.ToString(CultureInfo.InvariantCulture);
    }

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("d MMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Clock(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("dddd, d MMMM yyyy", CultureInfo.InvariantCulture);

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
