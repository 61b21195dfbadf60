using System.Net.Security;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Countersign.Smtp;

/// <summary>A connection to the mail server, which knows how far its message came.</summary>
sealed class SmtpConnection : SmtpClient
{
    readonly SmtpOptions options;
    bool isOpen;

    public SmtpConnection(SmtpOptions options, TrustedCertificates trusted)
    {
        this.options = options;
        // As mail servers do among themselves: a certificate authority that cannot be asked would stop all mail.
        CheckCertificateRevocation = false;
        ServerCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            CertificateErrors = trusted.Judge(certificate, chain, errors);
            return CertificateErrors == SslPolicyErrors.None;
        };
    }

    public SslPolicyErrors CertificateErrors { get; private set; }

    /// <summary>Whether the server has taken sender and recipient of the present message: from here on it may have the message itself.</summary>
    public bool IsEnvelopeTaken { get; private set; }

    /// <summary>Whether it waits for AUTH, or for an answer to it.</summary>
    public bool IsAuthenticating { get; private set; }

    /// <summary>Whether it can take a message: connected, and authenticated where that is configured.</summary>
    public bool IsReady => isOpen && IsConnected;

    public async Task OpenAsync(CancellationToken ct)
    {
        // Never one of MailKit's "when available": what a server does not offer would be left out.
        var security = options.Security switch
        {
            SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
            SmtpSecurity.ImplicitTls => SecureSocketOptions.SslOnConnect,
            SmtpSecurity.None => SecureSocketOptions.None,
        };
        await ConnectAsync(options.Host, options.PortOrDefault, security, ct);
        if (options is { UserName: { Length: > 0 } userName, Password: { Length: > 0 } password })
        {
            IsAuthenticating = true;
            await AuthenticateAsync(userName, password, ct);
            IsAuthenticating = false;
        }

        isOpen = true;
    }

    /// <exception cref="SmtpUtf8MissingException">The sender's address needs SMTPUTF8, and the server does not offer it.</exception>
    public async Task SendAsync(MimeMessage mail, bool isInternational, CancellationToken ct)
    {
        IsEnvelopeTaken = false;
        var format = FormatOptions.Default;
        if (isInternational)
        {
            // Of SMTPUTF8, 8BITMIME is a part (RFC 6531, 3.1).
            if (!Capabilities.HasFlag(SmtpCapabilities.UTF8 | SmtpCapabilities.EightBitMime))
                throw new SmtpUtf8MissingException();

            format = format.Clone();
            format.International = true;
        }
        else
        {
            // Where SMTPUTF8 is offered, MailKit writes the domain of the recipient in Unicode. A-labels are what every server on the way takes.
            Capabilities &= ~SmtpCapabilities.UTF8;
        }

        await SendAsync(format, mail, ct);
    }

    /// <summary>Says QUIT if the server listens, and is gone in any case.</summary>
    public async Task CloseAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await DisconnectAsync(quit: true, limit.Token);
        }
        finally
        {
            Dispose();
        }
    }

    protected override void OnRecipientAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) => IsEnvelopeTaken = true;
}

sealed class SmtpUtf8MissingException : Exception;
