using Countersign.Delivery;
using MimeKit;

namespace Countersign.Tests.Smtp;

public sealed class SmtpMailTests
{
    [Fact]
    public async Task A_mail_has_the_headers_of_a_machine_and_a_text_beside_its_HTML()
    {
        var (mail, raw, envelope) = await ReceivedAsync(SmtpClientSide.Message("0199aa"));

        Assert.Equal("\"Shop\" <accounts@shop.example>", mail.From.ToString());
        Assert.Equal("alice@example.com", mail.To.ToString());
        Assert.Equal(("accounts@shop.example", "alice@example.com"), (envelope.From, Assert.Single(envelope.To)));
        Assert.Equal("0199aa@shop.example", mail.MessageId);
        Assert.Equal("auto-generated", mail.Headers["Auto-Submitted"]);
        Assert.InRange(mail.Date, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        // And no other: none to unsubscribe from, no name of a program, nobody in copy.
        Assert.Equal(
            ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-Id", "Subject", "To"],
            mail.Headers.Concat(mail.Body!.Headers).Select(header => header.Field).Order(StringComparer.Ordinal));

        var parts = Assert.IsType<MultipartAlternative>(mail.Body).Cast<TextPart>().ToList();
        Assert.Equal(
            [("text/plain", "utf-8", ContentEncoding.QuotedPrintable), ("text/html", "utf-8", ContentEncoding.QuotedPrintable)],
            parts.Select(part => (part.ContentType.MimeType, part.ContentType.Charset, part.ContentTransferEncoding)));
        Assert.Equal(["246810 is your code.\n", "<p>246810 is your code.</p>\n"], parts.Select(part => part.Text.ReplaceLineEndings("\n")));
        Assert.True(raw.All(char.IsAscii));
    }

    [Fact]
    public async Task A_message_without_HTML_is_a_plain_text()
    {
        var (mail, _, _) = await ReceivedAsync(SmtpClientSide.Message(html: null));
        Assert.Equal("246810 is your code.\n", Assert.IsType<TextPart>(mail.Body).Text.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("Ihr Code für „Müller & Söhne“")]
    [InlineData("確認コードのお知らせ：これは長い件名で、折り返しが必要になるほどの長さがあります。どうぞご確認ください。")]
    [InlineData("رمز التأكيد الخاص بك")]
    [InlineData("🔐 code")]
    public async Task Subjects_and_texts_arrive_as_they_were_written(string text)
    {
        // A line that a server might take for the end, and one that is longer than SMTP allows.
        var body = $"{text}\n.\n..\n{string.Concat(Enumerable.Repeat(text, 60))}\nFrom here on\n";
        var (mail, raw, _) = await ReceivedAsync(SmtpClientSide.Message(subject: text, text: body, html: $"<p>{text}</p>\n"));

        Assert.Equal(text, mail.Subject);
        Assert.Equal(body, mail.TextBody!.ReplaceLineEndings("\n"));
        Assert.Equal($"<p>{text}</p>\n", mail.HtmlBody!.ReplaceLineEndings("\n"));
        Assert.True(raw.All(char.IsAscii));
        Assert.InRange(raw.Split("\r\n").Max(line => line.Length), 1, 998);
    }

    [Theory]
    [InlineData("Your code\r\nBcc: mallory@example.org")]
    [InlineData("Your code\nBcc: mallory@example.org")]
    [InlineData("Your code\rBcc: mallory@example.org")]
    [InlineData("Your code\r\n\r\nA body of its own")]
    [InlineData("Your code\0")]
    [InlineData("Your code\u0085Bcc: mallory@example.org")]
    [InlineData("Your code\u2028Bcc: mallory@example.org")]
    [Trait("ASVS", "1.3.11")]
    [Trait("Attack", "11")]
    public async Task A_subject_is_one_header_whatever_it_holds(string subject)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        var smuggled = "246810\r\n.\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<mallory@example.org>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n\0";
        Assert.Equal(SendResult.Accepted, await client.SendAsync(SmtpClientSide.Message(subject: subject, text: smuggled, html: smuggled)));

        var mail = Assert.Single(peer.Mails()).Mail;
        Assert.Equal(["clear RCPT TO:<alice@example.com>"], peer.Lines.Where(line => line.Contains("RCPT", StringComparison.Ordinal)));
        Assert.Single(peer.Lines, line => line.Contains("MAIL", StringComparison.Ordinal));
        Assert.Equal(string.Concat(subject.Select(c => c is '\r' or '\n' or '\0' or '\u0085' or '\u2028' ? ' ' : c)).Trim(), mail.Subject);
        Assert.Equal(8, mail.Headers.Concat(mail.Body!.Headers).Count());
        Assert.Empty(mail.Bcc);
        Assert.Equal(smuggled.ReplaceLineEndings("\n"), mail.TextBody!.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_international_domain_goes_out_as_its_A_label_to_every_server(bool knowsUtf8)
    {
        await using var peer = await SmtpPeer.StartAsync(new SmtpPeer.Setup { KnowsUtf8 = knowsUtf8 });
        await using var client = SmtpClientSide.Of(peer, smtp => smtp.From = "accounts@bücher.example");
        Assert.Equal(SendResult.Accepted, await client.SendAsync(SmtpClientSide.Message(to: "alice@пример.example")));

        var received = Assert.Single(peer.Mails());
        Assert.Contains("clear RCPT TO:<alice@xn--e1afmkfd.example>", peer.Lines);
        Assert.StartsWith("clear MAIL FROM:<accounts@xn--bcher-kva.example>", Assert.Single(peer.Lines, line => line.Contains("MAIL", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain(peer.Lines, line => line.Contains("SMTPUTF8", StringComparison.Ordinal));
        Assert.Contains("To: alice@xn--e1afmkfd.example\r\n", received.Raw, StringComparison.Ordinal);
        Assert.Equal("0199@xn--bcher-kva.example", received.Mail.MessageId);
        Assert.True(received.Raw.All(char.IsAscii));
    }

    [Fact]
    public async Task A_sender_beyond_ASCII_goes_out_where_the_server_knows_SMTPUTF8()
    {
        await using var peer = await SmtpPeer.StartAsync(new SmtpPeer.Setup { KnowsUtf8 = true });
        await using var client = SmtpClientSide.Of(peer, smtp => smtp.From = "grüße@bücher.example");
        Assert.Equal(SendResult.Accepted, await client.SendAsync());

        var sender = Assert.Single(peer.Lines, line => line.Contains("MAIL", StringComparison.Ordinal));
        Assert.StartsWith("clear MAIL FROM:<grüße@", sender, StringComparison.Ordinal);
        Assert.Contains(" SMTPUTF8", sender, StringComparison.Ordinal);
        Assert.Equal("0199@xn--bcher-kva.example", Assert.Single(peer.Mails()).Mail.MessageId);
    }

    [Fact]
    public async Task A_sender_beyond_ASCII_waits_where_the_server_does_not_know_SMTPUTF8()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer, smtp => smtp.From = "grüße@shop.example");
        Assert.Equal(
            new SendResult(SendStatus.Deferred, "the address in From needs SMTPUTF8, which the mail server does not offer"), await client.SendAsync());
        Assert.DoesNotContain(peer.Lines, line => line.Contains("MAIL", StringComparison.Ordinal));
    }

    static async Task<(MimeMessage Mail, string Raw, Envelope Envelope)> ReceivedAsync(OutgoingMessage message)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        Assert.Equal(SendResult.Accepted, await client.SendAsync(message));
        var received = Assert.Single(peer.Mails());
        return (received.Mail, received.Raw, received.Envelope);
    }
}
