using System.Globalization;
using Countersign.Delivery;
using Countersign.Domain;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Countersign.Smtp;

/// <summary>Makes a mail of a message (RFC 5322), signed where a key is configured.</summary>
sealed class Mail
{
    readonly SenderAddress from;
    readonly string fromName;
    readonly DkimSignature? signature;
    readonly TimeProvider clock;

    public Mail(IOptions<SmtpOptions> options, TimeProvider clock)
    {
        from = SenderAddress.TryParse(options.Value.From, out var parsed) ? parsed : throw new InvalidOperationException("The options were not validated.");
        fromName = options.Value.FromName ?? "";
        signature = options.Value.Dkim.IsConfigured ? new DkimSignature(options.Value.Dkim) : null;
        this.clock = clock;
    }

    /// <summary>Whether a server has to know SMTPUTF8 to take it.</summary>
    public bool IsInternational => from.IsInternational;

    public MimeMessage Make(OutgoingMessage message, EmailAddress to)
    {
        var mail = new MimeMessage
        {
            // The same through all tries: a message that got through before the connection broke is known by it.
            MessageId = $"{message.Id}@{from.Domain}",
            Date = clock.GetUtcNow(),
            Subject = OneLine(message.Subject ?? ""),
            Body = Body(message),
        };
        mail.From.Add(new MailboxAddress(fromName, from.Value));
        mail.To.Add(new MailboxAddress("", to.Value));
        // No absence note comes back, and no mail program offers to unsubscribe (RFC 3834, 5).
        mail.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        // What is signed is what is sent: nothing is encoded anew afterwards.
        mail.Prepare(EncodingConstraint.SevenBit);
        signature?.Sign(mail);
        return mail;
    }

    /// <summary>The last in a multipart/alternative is what a reader prefers (RFC 2046, 5.1.4).</summary>
    static MimeEntity Body(OutgoingMessage message) => message.Html is null
        ? Text("plain", message.Text)
        : new MultipartAlternative(Text("plain", message.Text), Text("html", message.Html));

    /// <summary>Quoted-printable: it is 7-bit whatever it says, so no server on the way rewrites it, and a signature stays valid.</summary>
    static TextPart Text(string subtype, string text) => new(subtype) { Text = text, ContentTransferEncoding = ContentEncoding.QuotedPrintable };

    static string OneLine(string text) => string.Concat(text.Select(c => IsBreak(c) ? ' ' : c));

    static bool IsBreak(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
