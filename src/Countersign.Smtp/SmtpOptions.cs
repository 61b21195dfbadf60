namespace Countersign;

/// <summary>How the connection to the mail server is encrypted.</summary>
public enum SmtpSecurity
{
    /// <summary>By STARTTLS, which is required: to a server that does not offer it nothing is sent, neither a message nor a password.</summary>
    StartTls,

    /// <summary>From the first byte.</summary>
    ImplicitTls,

    /// <summary>Not at all. Takes no password, except to a server on this machine.</summary>
    None,
}

/// <summary>The mail server and what mail says of its sender, section <c>Countersign:Email:Smtp</c>. Checked when the process starts.</summary>
public sealed class SmtpOptions
{
    public const string Section = $"{CountersignOptions.Section}:Email:Smtp";

    /// <summary>Name or IP address of the mail server. With TLS, its certificate has to be for this name.</summary>
    public string Host { get; set; } = "";

    /// <summary>
    /// 1 to 65535; null for what is usual: 587 with <see cref="SmtpSecurity.StartTls"/>, 465 with <see cref="SmtpSecurity.ImplicitTls"/>, 25 with
    /// <see cref="SmtpSecurity.None"/>.
    /// </summary>
    public int? Port { get; set; }

    public SmtpSecurity Security { get; set; }

    /// <summary>A file with certificates in PEM: the server's has to chain up to one of them, instead of to one that the system trusts.</summary>
    public string? TrustedCertificateFile { get; set; }

    /// <summary>For AUTH; null for none.</summary>
    public string? UserName { get; set; }

    public string? Password { get; set; }

    /// <summary>The address that mail comes from.</summary>
    public string From { get; set; } = "";

    /// <summary>The name that mail readers show beside <see cref="From"/>: up to 100 characters; null for none.</summary>
    public string? FromName { get; set; }

    /// <summary>Connections at most, each of which carries a message at a time: 1 to 64.</summary>
    public int PoolSize { get; set; } = 8;

    /// <summary>
    /// How long a connection without a message is kept open: 1 second to 5 minutes, after which a server may close it (RFC 5321, 4.5.3.2.7).
    /// </summary>
    public TimeSpan CloseIdleAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>For one try, connecting and waiting for a connection included: 1 to 9 seconds, less than the 10 after which a try is cancelled anyway.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Signs mail where all of it is set; none of it: mail is not signed.</summary>
    public SmtpDkimOptions Dkim { get; set; } = new();

    /// <summary>The server alone: neither user name nor password.</summary>
    public override string ToString() => $"{Host}:{PortOrDefault}";

    internal int PortOrDefault => Port ?? Security switch
    {
        SmtpSecurity.StartTls => 587,
        SmtpSecurity.ImplicitTls => 465,
        SmtpSecurity.None => 25,
    };
}

/// <summary>A signature of mail by its domain (RFC 6376).</summary>
public sealed class SmtpDkimOptions
{
    /// <summary>The domain that signs.</summary>
    public string? Domain { get; set; }

    /// <summary>The name under <c>_domainkey</c> in the domain, where the public key is.</summary>
    public string? Selector { get; set; }

    /// <summary>A file with the private key in PEM: RSA of at least 2048 bits (rsa-sha256), or Ed25519 (ed25519-sha256, RFC 8463).</summary>
    public string? PrivateKeyFile { get; set; }

    internal bool IsConfigured => PrivateKeyFile is { Length: > 0 };
}
