using Countersign.Domain;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>
/// What the profile Strict refuses to start with. Protections may last longer and limits be narrower than here, never the other way round. In Development only what a
/// token is counts: protections that would be in the way there may be relaxed.
/// </summary>
/// <param name="environment">Null where no host runs this: then nobody can say that links have somewhere to lead to.</param>
sealed class StrictProfile(IHostEnvironment? environment = null) : IValidateOptions<CountersignOptions>
{
    static readonly CountersignOptions Default = new();
    static readonly TimeSpan ShortestLock = TimeSpan.FromMinutes(15);
    static readonly TimeSpan ShortestUndo = TimeSpan.FromDays(1);

    /// <summary>None at all would be no comparison.</summary>
    static readonly TimeSpan LeastSkew = TimeSpan.FromSeconds(1);

    public ValidateOptionsResult Validate(string? name, CountersignOptions options)
    {
        if (options.Profile != CountersignProfile.Strict)
            return ValidateOptionsResult.Success;

        var errors = Tokens(options).Concat(StepUps(options));
        if (environment?.IsDevelopment() != true)
            errors = errors.Concat(Protections(options)).Concat(Limits(options.Limits)).Concat(Links(options));
        var lines = errors.ToList();
        return lines.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(lines);
    }

    static IEnumerable<string> Tokens(CountersignOptions options)
    {
        var lifetimes = options.Tokens.Lifetimes
            .Select((entry, index) => (Name: $"Tokens:Lifetimes:{index}:Lifetime", Value: entry.Lifetime))
            .Prepend((Name: "Tokens:Lifetime", Value: options.DefaultLifetime));
        foreach (var (name, value) in lifetimes.Where(lifetime => lifetime.Value > TokenOptions.StrictLifetime))
            yield return Error(name, $"is {value}; the profile Strict allows at most {TokenOptions.StrictLifetime} (OWASP ASVS 5.0, 6.5.5).");
        if (options.CodeFormat == CodeFormat.Digits6)
            yield return Error("Tokens:Code", "is Digits6; the profile Strict asks for Digits8 or Base32.");
        if (options.PhoneNumberAcceptance != PhoneNumberAcceptance.Assigned)
            yield return Error("PhoneNumbers:Accept", "is Shape; the profile Strict asks for Assigned.");
    }

    static IEnumerable<string> StepUps(CountersignOptions options) => options.StepUp
        .Select((entry, index) => (entry.MaxAge, Index: index))
        .Where(entry => entry.MaxAge > StepUpOptions.StrictMaxAge)
        .Select(entry => Error($"StepUp:{entry.Index}:MaxAge", $"is {entry.MaxAge}; the profile Strict allows at most {StepUpOptions.StrictMaxAge} (OWASP ASVS 5.0, 7.5.1)."));

    /// <summary>What tells the owner, and gives the owner time.</summary>
    static IEnumerable<string> Protections(CountersignOptions options)
    {
        (string Name, TimeSpan Value, TimeSpan AtLeast)[] times =
        [
            .. Enum.GetValues<HoldReason>().Select(reason => ($"Holds:{reason}", options.Holds.For(reason), Default.Holds.For(reason))),
            ("Undo:Lifetime", options.Undo.Lifetime, ShortestUndo),
            ("Undo:FreezeFor", options.Undo.FreezeFor, Default.Undo.FreezeFor),
            ("Accounts:KeepReleasedFor", options.Accounts.KeepReleasedFor, Default.Accounts.KeepReleasedFor),
            ("Clock:MaxSkew", options.Clock.MaxSkew, LeastSkew),
            .. options.Limits.LockFor.Select((value, index) => ($"Limits:LockFor:{index}", value, ShortestLock)),
        ];
        foreach (var (name, value, atLeast) in times.Where(time => time.Value < time.AtLeast))
            yield return Error(name, $"is {value}; the profile Strict asks for at least {atLeast}.");
        if (!options.Messages.NotifyRequests)
            yield return Error("Messages:NotifyRequests", "is false; the profile Strict asks for true.");
    }

    /// <summary>
    /// Tries have a maximum, because the strength of a code hangs on them. How much a platform sends is its own business: those limits only have to be there.
    /// </summary>
    static IEnumerable<string> Limits(LimitOptions limits)
    {
        (string Name, int Value, int AtMost)[] tries =
        [
            ("Limits:WrongTriesPerToken", limits.WrongTriesPerToken, Default.Limits.WrongTriesPerToken),
            ("Limits:WrongTriesPerDay", limits.WrongTriesPerDay, Default.Limits.WrongTriesPerDay),
        ];
        foreach (var (name, value, atMost) in tries.Where(count => count.Value > count.AtMost))
            yield return Error(name, $"is {value}; the profile Strict allows at most {atMost}.");

        (string Name, int Value)[] counts =
        [
            ("Limits:Recipient:Sms:TenMinutes", limits.Recipient.Sms.TenMinutes),
            ("Limits:Recipient:Sms:Day", limits.Recipient.Sms.Day),
            ("Limits:Recipient:Email:TenMinutes", limits.Recipient.Email.TenMinutes),
            ("Limits:Recipient:Email:Day", limits.Recipient.Email.Day),
            ("Limits:Client:IssuesPerHour", limits.Client.IssuesPerHour),
            ("Limits:Client:RedeemsPerFiveMinutes", limits.Client.RedeemsPerFiveMinutes),
            ("Limits:Sms:PrefixDay", limits.Sms.PrefixDay),
            ("Limits:Sms:CountryDay", limits.Sms.CountryDay),
            ("Limits:Sms:Day", limits.Sms.Day),
            ("Limits:Sms:RedeemedPercent", limits.Sms.RedeemedPercent),
        ];
        foreach (var (name, value) in counts.Where(count => count.Value < 1))
            yield return Error(name, $"is {value}, which is no limit; the profile Strict asks for at least 1.");

        if (limits.DryRun)
            yield return Error("Limits:DryRun", "is true; the profile Strict asks for false.");
    }

    IEnumerable<string> Links(CountersignOptions options)
    {
        if (environment is not null && options.PublicUrl.Length == 0)
            yield return Error("PublicUrl", "is missing; the profile Strict asks for it, because without it a change cannot be undone. Set it to where others reach this server, such as https://accounts.example.com.");
    }

    static string Error(string name, string what) => CountersignOptionsValidator.Error(name, what);
}
