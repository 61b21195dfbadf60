using System.Globalization;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>Turns what <see cref="AccountSecurity"/> answers into what the contract says.</summary>
static class Answers
{
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static IResult Issued(Outcome<IssuedToken> outcome)
    {
        if (!outcome.TryGet(out var issued, out var refused))
            return Problems.Of(refused);

        return Ok(new IssuedBody(
            Expiration(issued.Lifetime), TimeDown(issued.ExpiresAt), TimeUp(issued.ResendAt), issued.Destination.Masked, issued.Reference));
    }

    public static IResult Account(Outcome<AccountView> outcome, CountersignOptions options) =>
        outcome.TryGet(out var account, out var refused) ? Ok(Body(account, options, unmasked: false)) : Problems.Of(refused);

    public static IResult Ok<T>(T body, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(body, Wire.Type<T>(), statusCode: status);

    /// <param name="unmasked">For the platform's own back end only.</param>
    public static AccountBody Body(AccountView account, CountersignOptions options, bool unmasked)
    {
        string Shown(Address address) => unmasked ? address.Value : address.Masked;
        return new AccountBody(
            account.UserId,
            [.. account.UserKeys.Select(key => new UserKeyBody(
                key.Address.KeyType.Name(), Shown(key.Address), options.Features.Mfa ? key.MfaEnabled : null, TimeDown(key.VerifiedAt)))],
            unmasked ? account.AntiPhishingCode?.Reveal() : account.AntiPhishingCode?.Masked,
            [.. account.PendingOperations.Select(pending => new PendingOperationBody(
                pending.Purpose.Operation.Name(),
                pending.Purpose.KeyType?.Name(),
                Shown(pending.Destination),
                pending.Reference,
                TimeDown(pending.ExpiresAt),
                TimeUp(pending.ResendAt),
                pending.AttemptsRemaining,
                pending.Delivery.Name()))],
            Holds(account.Holds))
        {
            ShowsAntiPhishingCode = options.Features.AntiPhishing,
        };
    }

    public static IReadOnlyList<HoldBody> Holds(IReadOnlyList<Hold> holds) =>
        [.. holds.Select(hold => new HoldBody(hold.Reason.Name(), TimeUp(hold.Until)))];

    public static AuditEventBody Body(AuditEvent e) =>
        new(e.Id, Time(e.At), e.Type, e.Operation, e.KeyType, e.Target, e.Reason, e.Actor, e.IpAddress, e.UserAgent);

    public static MessageBody Body(MessageView message) => new(
        message.UserId, message.Id, message.Channel, message.Kind.Name(), message.Operation, message.KeyType, message.DestinationMasked, message.State,
        message.Attempts, Time(message.CreatedAt), Time(message.DueAt), Time(message.ExpiresAt),
        message.FinishedAt is { } finishedAt ? Time(finishedAt) : null, message.LastError);

    /// <summary><c>30min.</c>, or <c>90sec.</c> where it is no whole number of minutes.</summary>
    static string Expiration(TimeSpan lifetime) => lifetime.Ticks % TimeSpan.TicksPerMinute == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{lifetime.TotalMinutes:0}min.")
        : string.Create(CultureInfo.InvariantCulture, $"{lifetime.TotalSeconds:0}sec.");

    /// <summary>With milliseconds, for what is read in the order in which it happened.</summary>
    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>In whole seconds, rounded down: what is said to last until then does.</summary>
    static string TimeDown(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>In whole seconds, rounded up: who comes back then is not early.</summary>
    static string TimeUp(DateTimeOffset at) => TimeDown(at + TimeSpan.FromTicks(TimeSpan.TicksPerSecond - 1));
}
