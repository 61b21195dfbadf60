using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Countersign.Delivery;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Countersign.Smtp;

/// <summary>
/// What a try came to that did not come to its end. A reason has the numbers of the server's answer and none of its words, which may quote the
/// address.
/// </summary>
/// <param name="IsOfConnection">Whether it says something of the connection rather than of the message.</param>
sealed partial record SmtpFailure(SendResult Result, bool IsOfConnection)
{
    const SmtpStatusCode ServiceIsClosing = (SmtpStatusCode)421;

    /// <summary>Null where the exception is none of mail.</summary>
    public static SmtpFailure? Of(Exception exception, SmtpConnection connection) => exception switch
    {
        SmtpCommandException refused => OfCommand(refused, connection),
        AuthenticationException refused => Deferred($"the mail server does not take UserName and Password: {Numbers(refused.Message)}"),
        ServiceNotAuthenticatedException refused => Deferred($"the mail server wants AUTH first: {Numbers("530", refused.Message)}"),
        SmtpUtf8MissingException => Deferred("the address in From needs SMTPUTF8, which the mail server does not offer"),
        NotSupportedException when connection.IsAuthenticating => Deferred("the mail server offers no AUTH that takes a password"),
        NotSupportedException => Deferred("the mail server does not offer STARTTLS, and nothing is sent in clear"),
        SslHandshakeException => Deferred(connection.CertificateErrors == SslPolicyErrors.None
            ? "TLS with the mail server failed"
            : $"the certificate of the mail server is not trusted: {connection.CertificateErrors}"),
        SocketException network => Broken($"the mail server cannot be reached: {network.SocketErrorCode}"),
        IOException or ProtocolException or ServiceNotConnectedException => Broken(connection.IsEnvelopeTaken
            ? "the connection broke while the mail server took the message: it may arrive twice"
            : "the connection to the mail server broke"),
        _ => null,
    };

    static SmtpFailure OfCommand(SmtpCommandException refused, SmtpConnection connection)
    {
        var numbers = Numbers(((int)refused.StatusCode).ToString(CultureInfo.InvariantCulture), refused.Message);
        if (refused.StatusCode == ServiceIsClosing)
            return Broken($"the mail server is closing: {numbers}");
        if (connection.IsAuthenticating)
            return Deferred($"AUTH failed: {numbers}");
        if (!connection.IsConnected && !connection.IsEnvelopeTaken && refused.ErrorCode == SmtpErrorCode.UnexpectedStatusCode)
            return Deferred($"the mail server takes no connection: {numbers}");
        // The sender is the operator's: that it is refused says nothing of the message.
        if (refused.ErrorCode == SmtpErrorCode.SenderNotAccepted)
            return Deferred($"the sender was refused: {numbers}");

        var what = refused.ErrorCode == SmtpErrorCode.RecipientNotAccepted ? "the recipient was refused" : "the message was refused";
        return (int)refused.StatusCode < 500 || (refused.ErrorCode == SmtpErrorCode.RecipientNotAccepted && SpeaksOfTheSender(numbers))
            ? Deferred($"{what}: {numbers}")
            : new SmtpFailure(new SendResult(SendStatus.Rejected, $"{what}: {numbers}"), IsOfConnection: false);
    }

    /// <summary>
    /// Many servers say at the recipient what they have against the client: relaying, missing AUTH, a sender that is not its own (RFC 3463,
    /// X.7 and X.1.7 to X.1.8). The operator can mend that.
    /// </summary>
    static bool SpeaksOfTheSender(string numbers) => AboutSender().IsMatch(numbers);

    static SmtpFailure Deferred(string reason) => new(new SendResult(SendStatus.Deferred, reason), IsOfConnection: false);

    static SmtpFailure Broken(string reason) => new(new SendResult(SendStatus.Deferred, reason), IsOfConnection: true);

    /// <summary>The enhanced code, if there is one, stands before the words.</summary>
    static string Numbers(string code, string answer) => EnhancedCode().Match(answer) is { Success: true } match ? $"{code} {match.Value}" : code;

    /// <summary>Of a failed AUTH, the text of the exception has the code before the answer.</summary>
    static string Numbers(string answer) => CodeAndAnswer().Match(answer) is { Success: true } match
        ? Numbers(match.Groups[1].Value, match.Groups[2].Value)
        : "no code";

    [GeneratedRegex(@"\A[245]\.\d{1,3}\.\d{1,3}(?![\d.])")]
    private static partial Regex EnhancedCode();

    [GeneratedRegex(@"\A(\d{3}): (.*)\z", RegexOptions.Singleline)]
    private static partial Regex CodeAndAnswer();

    [GeneratedRegex(@"\A53\d|\A\d{3} 5\.(7\.\d+|1\.[78])\z")]
    private static partial Regex AboutSender();
}
