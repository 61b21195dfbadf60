using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Countersign.Smtp;

/// <summary>Names every setting that cannot be, so that the process stops with all that has to be mended. It opens the files, and connects to nobody.</summary>
sealed partial class SmtpOptionsValidator : IValidateOptions<SmtpOptions>
{
    const int MaxPoolSize = 64;
    const int MaxNameLength = 100;

    static readonly TimeSpan ShortestIdle = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestIdle = TimeSpan.FromMinutes(5);
    static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(9);

    public ValidateOptionsResult Validate(string? name, SmtpOptions options)
    {
        var errors = Server(options).Concat(Credentials(options)).Concat(Sender(options)).Concat(Numbers(options)).Concat(Dkim(options)).ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    static IEnumerable<string> Server(SmtpOptions options)
    {
        if (string.IsNullOrEmpty(options.Host))
            yield return Error("Host", "is missing: the name of the mail server.");
        else if (Uri.CheckHostName(options.Host) == UriHostNameType.Unknown)
            yield return Error("Host", $"is '{options.Host}'; it is the name or the IP address of the mail server, without scheme and port.");
        if (options.Port is < 1 or > 65535)
            yield return Error("Port", $"is {options.Port}; it is a whole number from 1 to 65535.");
        if (!Enum.IsDefined(options.Security))
            yield return Error("Security", $"is '{options.Security}'; it is one of {string.Join(", ", Enum.GetNames<SmtpSecurity>())}.");

        if (options.TrustedCertificateFile is not { Length: > 0 } file)
            yield break;

        if (options.Security == SmtpSecurity.None)
            yield return Error("TrustedCertificateFile", "is set, and Security is None: there is no certificate without TLS.");
        else if (Problem(() => TrustedCertificates.Load(file)) is { } problem)
            yield return Error("TrustedCertificateFile", $"is no file with certificates in PEM: {problem}");
    }

    static IEnumerable<string> Credentials(SmtpOptions options)
    {
        if (string.IsNullOrEmpty(options.UserName) != string.IsNullOrEmpty(options.Password))
        {
            var missing = string.IsNullOrEmpty(options.UserName) ? "UserName" : "Password";
            yield return Error(missing, "is missing: UserName and Password are set both, or neither.");
        }

        if (!string.IsNullOrEmpty(options.Password) && options.Security == SmtpSecurity.None && !IsThisMachine(options.Host))
        {
            yield return Error("Security", "is None: the password would cross the network in clear. Set StartTls or ImplicitTls, or leave UserName and "
                + "Password out.");
        }
    }

    static IEnumerable<string> Sender(SmtpOptions options)
    {
        if (string.IsNullOrEmpty(options.From))
            yield return Error("From", "is missing: the address that mail comes from.");
        else if (!SenderAddress.TryParse(options.From, out var from))
            yield return Error("From", "is no email address, such as accounts@example.com; a name goes into FromName.");
        else if (from.IsInternational && options.Dkim.IsConfigured)
            yield return Error("From", "has a part before the @ that is not ASCII: its mail cannot be signed. Leave Dkim out, or use an ASCII address.");

        if (options.FromName is { } name && (name.Length > MaxNameLength || name.Any(char.IsControl)))
            yield return Error("FromName", $"is at most {MaxNameLength} characters, no control character among them.");
    }

    static IEnumerable<string> Numbers(SmtpOptions options)
    {
        if (options.PoolSize is < 1 or > MaxPoolSize)
            yield return Error("PoolSize", $"is {options.PoolSize}; it is a whole number from 1 to {MaxPoolSize}.");
        if (options.CloseIdleAfter < ShortestIdle || options.CloseIdleAfter > LongestIdle)
            yield return Error("CloseIdleAfter", $"is {options.CloseIdleAfter}; it is a time from {ShortestIdle} to {LongestIdle}.");
        if (options.Timeout < ShortestTimeout || options.Timeout > LongestTimeout)
            yield return Error("Timeout", $"is {options.Timeout}; it is a time from {ShortestTimeout} to {LongestTimeout}.");
    }

    static IEnumerable<string> Dkim(SmtpOptions options)
    {
        var dkim = options.Dkim;
        var parts = new[] { ("Domain", dkim.Domain), ("Selector", dkim.Selector), ("PrivateKeyFile", dkim.PrivateKeyFile) };
        if (parts.All(part => string.IsNullOrEmpty(part.Item2)))
            yield break;

        foreach (var (name, _) in parts.Where(part => string.IsNullOrEmpty(part.Item2)))
            yield return Error($"Dkim:{name}", "is missing: Domain, Selector and PrivateKeyFile are set all, or none.");
        foreach (var (name, value) in parts[..2].Where(part => part.Item2 is { Length: > 0 } value && !DnsName().IsMatch(value)))
            yield return Error($"Dkim:{name}", $"is '{value}'; it is a DNS name of ASCII letters, digits, dashes and dots.");
        if (dkim.PrivateKeyFile is { Length: > 0 } file && Problem(() => DkimSignature.LoadKey(file)) is { } problem)
            yield return Error("Dkim:PrivateKeyFile", $"is no file with a private key in PEM: {problem}");
    }

    /// <summary>What stands against it, without what the file holds.</summary>
    static string? Problem(Action load)
    {
        try
        {
            load();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or InvalidDataException)
        {
            return e.Message;
        }
    }

    static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    static string Error(string name, string what) => $"{SmtpOptions.Section}:{name} {what}";

    [GeneratedRegex(@"\A(?=.{1,253}\z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\z")]
    private static partial Regex DnsName();
}
