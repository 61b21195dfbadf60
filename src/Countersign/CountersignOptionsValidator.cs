using System.Net;
using System.Text.RegularExpressions;
using Countersign.Domain;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>Names every setting that is out of range, so that the process stops with all that has to be mended.</summary>
sealed partial class CountersignOptionsValidator : IValidateOptions<CountersignOptions>
{
    const int MaxCount = 1_000_000;
    const int MaxLocks = 10;
    const int MaxLifetimes = 32;
    const int MaxStepUps = 16;
    const int MaxOrigins = 64;
    const int MaxStepUpValues = 16;

    static readonly TimeSpan MaxResendAfter = TimeSpan.FromHours(1);
    static readonly TimeSpan MinLock = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MaxLock = TimeSpan.FromDays(30);
    static readonly TimeSpan MaxKeepReleasedFor = TimeSpan.FromDays(365);

    public ValidateOptionsResult Validate(string? name, CountersignOptions options)
    {
        var errors = Tokens(options)
            .Concat(Limits(options.Limits))
            .Concat(StepUps(options))
            .Concat(Protection(options))
            .Concat(Audit(options.Audit))
            .Concat(Keys(options.Keys))
            .Concat(Messages(options.Messages))
            .Concat(PublicUrl(options.PublicUrl))
            .Concat(TrustedProxies(options.TrustedProxies))
            .Concat(AllowedOrigins(options.AllowedOrigins))
            .Concat(Delivery(options.Delivery))
            .Concat(SmsPrices(options.Delivery.SmsPrices))
            .Concat(Clock(options.Clock))
            .Concat(Events(options.Events.Webhook))
            .Concat(Environment())
            .ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    static IEnumerable<string> Tokens(CountersignOptions options)
    {
        var tokens = options.Tokens;
        if (tokens.Lifetime is { } lifetime && !IsLifetime(lifetime))
            yield return LifetimeError("Tokens:Lifetime", lifetime);
        if (tokens.Code is { } code && !Enum.IsDefined(code))
            yield return Error("Tokens:Code", $"is '{code}'; it is one of {string.Join(", ", Enum.GetNames<CodeFormat>())}.");
        if (options.PhoneNumbers.Accept is { } accept && !Enum.IsDefined(accept))
            yield return Error("PhoneNumbers:Accept", $"is '{accept}'; it is one of {string.Join(", ", Enum.GetNames<PhoneNumberAcceptance>())}.");
        if (!Enum.IsDefined(options.Profile))
            yield return Error("Profile", $"is '{options.Profile}'; it is one of {string.Join(", ", Enum.GetNames<CountersignProfile>())}.");
        if (tokens.Lifetimes.Count > MaxLifetimes)
            yield return Error("Tokens:Lifetimes", $"has {tokens.Lifetimes.Count} entries; it has at most {MaxLifetimes}.");

        foreach (var (entry, index) in tokens.Lifetimes.Select((entry, index) => (entry, index)))
        {
            if (!IsLifetime(entry.Lifetime))
                yield return LifetimeError($"Tokens:Lifetimes:{index}:Lifetime", entry.Lifetime);
            if (entry.Operation is not null && !Names.TryParseOperation(entry.Operation, out _))
                yield return Error($"Tokens:Lifetimes:{index}:Operation", $"is '{entry.Operation}'; it is an operation such as userKeys/removing.");
            if (entry.Channel is not null && !Names.TryParseKeyType(entry.Channel, out _))
                yield return Error($"Tokens:Lifetimes:{index}:Channel", $"is '{entry.Channel}'; it is EMAIL or PHONE_NUMBER.");
        }
    }

    static IEnumerable<string> Limits(LimitOptions limits)
    {
        foreach (var (country, index) in limits.Sms.Countries.Select((country, index) => (country, index)))
        {
            if (!IsCountry(country))
                yield return CountryError($"Limits:Sms:Countries:{index}", country);
        }

        var counts = new (string Name, int Value, int Min, int Max)[]
        {
            ("Limits:IssuesPerHour", limits.IssuesPerHour, 1, MaxCount),
            ("Limits:WrongTriesPerToken", limits.WrongTriesPerToken, 1, 100),
            ("Limits:WrongTriesPerDay", limits.WrongTriesPerDay, 1, 10_000),
            ("Limits:Recipient:Sms:TenMinutes", limits.Recipient.Sms.TenMinutes, 0, MaxCount),
            ("Limits:Recipient:Sms:Day", limits.Recipient.Sms.Day, 0, MaxCount),
            ("Limits:Recipient:Email:TenMinutes", limits.Recipient.Email.TenMinutes, 0, MaxCount),
            ("Limits:Recipient:Email:Day", limits.Recipient.Email.Day, 0, MaxCount),
            ("Limits:Client:IssuesPerHour", limits.Client.IssuesPerHour, 0, MaxCount),
            ("Limits:Client:RedeemsPerFiveMinutes", limits.Client.RedeemsPerFiveMinutes, 0, MaxCount),
            ("Limits:Sms:PrefixDay", limits.Sms.PrefixDay, 0, MaxCount),
            ("Limits:Sms:CountryDay", limits.Sms.CountryDay, 0, 10 * MaxCount),
            ("Limits:Sms:Day", limits.Sms.Day, 0, 100 * MaxCount),
            ("Limits:Sms:RedeemedPercent", limits.Sms.RedeemedPercent, 0, 100),
            ("Limits:Sms:RedeemedPercentFrom", limits.Sms.RedeemedPercentFrom, 10, MaxCount),
        };
        foreach (var (name, value, min, max) in counts)
        {
            if (value < min || value > max)
                yield return Error(name, $"is {value}; it is a whole number from {min} to {max}.");
        }

        foreach (var (name, value) in new[] { ("Email", limits.ResendAfter.Email), ("Sms", limits.ResendAfter.Sms) })
        {
            if (value < TimeSpan.Zero || value > MaxResendAfter)
                yield return Error($"Limits:ResendAfter:{name}", $"is {value}; it is a time from 00:00:00 to {MaxResendAfter}.");
        }

        if (limits.LockFor.Count > MaxLocks)
            yield return Error("Limits:LockFor", $"has {limits.LockFor.Count} entries; it has at most {MaxLocks}.");
        foreach (var (value, index) in limits.LockFor.Select((value, index) => (value, index)))
        {
            if (value < MinLock || value > MaxLock)
                yield return Error($"Limits:LockFor:{index}", $"is {value}; it is a time from {MinLock} to {MaxLock}.");
        }
    }

    static IEnumerable<string> StepUps(CountersignOptions options)
    {
        if (options.StepUp.Count > MaxStepUps)
            yield return Error("StepUp", $"has {options.StepUp.Count} entries; it has at most {MaxStepUps}.");
        foreach (var operation in options.StepUp.GroupBy(entry => entry.Operation).Where(group => group.Count() > 1).Select(group => group.Key))
            yield return Error("StepUp", $"has {(operation is null ? "an entry for all operations" : $"'{operation}'")} twice.");

        foreach (var (entry, index) in options.StepUp.Select((entry, index) => (entry, index)))
        {
            if (entry.Operation is not null && !Names.TryParseOperation(entry.Operation, out _))
                yield return Error($"StepUp:{index}:Operation", $"is '{entry.Operation}'; it is an operation such as userKeys/removing.");
            if (entry.MaxAge is null && entry.AcrValues.Count == 0 && entry.AmrValues.Count == 0)
                yield return Error($"StepUp:{index}", "asks for nothing; set its MaxAge, AcrValues:0 or AmrValues:0.");
            if (entry.MaxAge is { } maxAge && !(maxAge >= StepUpOptions.MinMaxAge && maxAge <= StepUpOptions.LongestMaxAge && maxAge.Ticks % TimeSpan.TicksPerSecond == 0))
                yield return Error($"StepUp:{index}:MaxAge", $"is {maxAge}; it is a time in whole seconds from {StepUpOptions.MinMaxAge} to {StepUpOptions.LongestMaxAge}.");
            foreach (var (name, values) in new[] { ("AcrValues", entry.AcrValues), ("AmrValues", entry.AmrValues) })
            {
                if (values.Count > MaxStepUpValues)
                    yield return Error($"StepUp:{index}:{name}", $"has {values.Count} values; it has at most {MaxStepUpValues}.");
                // They go into a quoted string of WWW-Authenticate, with spaces between.
                foreach (var (_, place) in values.Select((value, place) => (value, place)).Where(item => !StepUpValue().IsMatch(item.value)))
                    yield return Error($"StepUp:{index}:{name}:{place}", "is 1 to 128 ASCII characters, without spaces, quotes and backslashes.");
            }
        }
    }

    /// <summary>Times of account protection: from nothing to as long as makes sense.</summary>
    static IEnumerable<string> Protection(CountersignOptions options)
    {
        (string Name, TimeSpan Value, TimeSpan Max)[] settings =
        [
            .. Enum.GetValues<HoldReason>().Select(reason => ($"Holds:{reason}", options.Holds.For(reason), HoldOptions.Max)),
            ("Accounts:KeepReleasedFor", options.Accounts.KeepReleasedFor, MaxKeepReleasedFor),
            ("Undo:Lifetime", options.Undo.Lifetime, UndoOptions.MaxLifetime),
            ("Undo:FreezeFor", options.Undo.FreezeFor, UndoOptions.MaxFreeze),
        ];
        return settings
            .Where(setting => setting.Value < TimeSpan.Zero || setting.Value > setting.Max)
            .Select(setting => Error(setting.Name, $"is {setting.Value}; it is a time from 00:00:00 to {setting.Max}."));
    }

    static IEnumerable<string> Audit(AuditOptions audit)
    {
        if (audit.Retention != TimeSpan.Zero && (audit.Retention < AuditOptions.MinRetention || audit.Retention > AuditOptions.MaxRetention))
            yield return Error("Audit:Retention", $"is {audit.Retention}; it is 00:00:00, for ever, or a time from {AuditOptions.MinRetention} to {AuditOptions.MaxRetention}.");
    }

    static IEnumerable<string> Keys(IList<KeyOptions> keys)
    {
        if (keys.Count == 0)
            yield return Error("Keys:0", "is missing: tokens are kept under a secret key. `Countersign.Server keys new` prints one.");

        foreach (var (key, index) in keys.Select((key, index) => (key, index)))
        {
            if (!KeyId().IsMatch(key.Id))
                yield return Error($"Keys:{index}:Id", "is 1 to 32 ASCII letters, digits, dots, dashes or underscores.");
            // The value itself is never printed, not even a wrong one.
            if (!TryDecode(key.Value, out _))
                yield return Error($"Keys:{index}:Value", $"is not base64 of {TokenKey.Size} bytes. `Countersign.Server keys new` prints one.");
        }

        foreach (var id in keys.GroupBy(key => key.Id).Where(group => group.Count() > 1).Select(group => group.Key))
            yield return Error("Keys", $"has the id '{id}' twice.");
    }

    static IEnumerable<string> Messages(MessageOptions messages)
    {
        if (messages.ProductName.Length is 0 or > 40 || messages.ProductName.Any(char.IsControl))
            yield return Error("Messages:ProductName", "is 1 to 40 characters, no control character among them.");
        if (messages.Host.Length > 0 && !HostName().IsMatch(messages.Host))
            yield return Error("Messages:Host", $"is '{messages.Host}'; it is a host name such as accounts.example.com, without scheme, port and path.");
        if (messages.NoticeLifetime < TimeSpan.FromMinutes(1) || messages.NoticeLifetime > TimeSpan.FromDays(7))
            yield return Error("Messages:NoticeLifetime", $"is {messages.NoticeLifetime}; it is a time from 00:01:00 to 7.00:00:00.");
    }

    static IEnumerable<string> TrustedProxies(IEnumerable<string> proxies) => proxies
        .Select((text, index) => (text, index))
        .Where(proxy => !IPNetwork.TryParse(proxy.text, out _) && !IPAddress.TryParse(proxy.text, out _))
        .Select(proxy => Error($"TrustedProxies:{proxy.index}", $"is '{proxy.text}'; it is an IP address, or a network such as 10.0.0.0/8."));

    static IEnumerable<string> AllowedOrigins(IList<string> origins)
    {
        if (origins.Count > MaxOrigins)
            yield return Error("AllowedOrigins", $"has {origins.Count} entries; it has at most {MaxOrigins}.");
        foreach (var (text, index) in origins.Select((text, index) => (text, index)))
        {
            // As browsers send it: compared letter by letter.
            if (!ServiceUrl.TryParse(text, out var url) || url.GetLeftPart(UriPartial.Authority) != text)
                yield return Error($"AllowedOrigins:{index}", $"is '{text}'; it is an origin such as https://app.example.com (or http on loopback): scheme, host and port in lower case, and nothing after them.");
        }
    }

    static IEnumerable<string> PublicUrl(string url)
    {
        if (url.Length > 0 && !ServiceUrl.TryParse(url, out _))
            yield return Error("PublicUrl", $"is '{url}'; it is {ServiceUrl.Form}.");
    }

    static IEnumerable<string> Delivery(DeliveryOptions delivery)
    {
        if (delivery.Workers is < 1 or > 64)
            yield return Error("Delivery:Workers", $"is {delivery.Workers}; it is a whole number from 1 to 64.");
        if (delivery.DrainFor < TimeSpan.Zero || delivery.DrainFor > TimeSpan.FromMinutes(1))
            yield return Error("Delivery:DrainFor", $"is {delivery.DrainFor}; it is a time from 00:00:00 to 00:01:00.");
        if (delivery.MaxAttempts is < 1 or > 10_000)
            yield return Error("Delivery:MaxAttempts", $"is {delivery.MaxAttempts}; it is a whole number from 1 to 10000.");
    }

    static IEnumerable<string> Clock(ClockOptions clock)
    {
        if (clock.MaxSkew < TimeSpan.Zero || clock.MaxSkew > ClockOptions.Max)
            yield return Error("Clock:MaxSkew", $"is {clock.MaxSkew}; it is a time from 00:00:00 to {ClockOptions.Max}.");
    }

    static IEnumerable<string> Environment()
    {
        if (!EmailAddress.UnicodeIsAvailable)
        {
            yield return "This process runs without ICU (DOTNET_SYSTEM_GLOBALIZATION_INVARIANT): "
                + "look-alike domains would be different user keys. Install ICU and leave that setting out.";
        }
    }

    internal static bool TryDecode(string text, out byte[] value)
    {
        value = new byte[TokenKey.Size];
        return Convert.TryFromBase64String(text, value, out var written) && written == TokenKey.Size;
    }

    static bool IsLifetime(TimeSpan lifetime) =>
        lifetime >= TokenOptions.MinLifetime && lifetime <= TokenOptions.MaxLifetime && lifetime.Ticks % TimeSpan.TicksPerSecond == 0;

    static string LifetimeError(string name, TimeSpan value) =>
        Error(name, $"is {value}; it is a time in whole seconds from {TokenOptions.MinLifetime} to {TokenOptions.MaxLifetime}.");

    static bool IsCountry(string? country) => country is { Length: 2 } && country.All(char.IsAsciiLetter);

    static string CountryError(string name, string? country) => Error(name, $"is '{country}'; it is an ISO 3166-1 code of two letters such as DE.");

    internal static string Error(string name, string what) => $"{CountersignOptions.Section}:{name} {what}";

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,32}\z")]
    private static partial Regex KeyId();

    [GeneratedRegex(@"\A[!#-\[\]-~]{1,128}\z")]
    private static partial Regex StepUpValue();

    [GeneratedRegex(@"\A(?=.{1,253}\z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\z")]
    private static partial Regex HostName();
}
