using Countersign.Delivery;
using Countersign.Domain;
using MimeKit;
using Microsoft.Extensions.Options;

namespace Countersign.Smtp;

/// <summary>Hands mail over to an SMTP server (RFC 5321).</summary>
sealed class SmtpSender(SmtpPool pool, IOptions<SmtpOptions> options, TimeProvider clock) : IMessageSender
{
    readonly Lazy<Mail> mail = new(() => new Mail(options, clock));

    public KeyType Channel => KeyType.Email;

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        // It was checked when it came in, and is once more where it becomes an SMTP command.
        if (!EmailAddress.TryParse(message.Destination.Value, out var to, out _))
            return new SendResult(SendStatus.Rejected, "the destination is no email address");

        var timeout = options.Value.Timeout;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(timeout);
        try
        {
            await pool.EnterAsync(limit.Token);
            try
            {
                return await SendAsync(mail.Value.Make(message, to), limit.Token);
            }
            finally
            {
                pool.Leave();
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new SendResult(SendStatus.Deferred, $"the mail server took longer than {timeout.TotalSeconds:0.#} s");
        }
    }

    async Task<SendResult> SendAsync(MimeMessage message, CancellationToken ct)
    {
        if (pool.TakeIdle() is { } open)
        {
            if (await SendAsync(open, message, isNew: false, ct) is { } result)
                return result;

            // It had died while nobody looked. Nothing of the message was handed over, so this is not a try yet.
            pool.DropIdle();
        }

        return (await SendAsync(pool.NewConnection(), message, isNew: true, ct))!;
    }

    /// <summary>Null where the connection, which is not a new one, turns out to be dead before the server has taken anything.</summary>
    async Task<SendResult?> SendAsync(SmtpConnection connection, MimeMessage message, bool isNew, CancellationToken ct)
    {
        try
        {
            if (isNew)
                await connection.OpenAsync(ct);
            await connection.SendAsync(message, mail.Value.IsInternational, ct);
            return SendResult.Accepted;
        }
        // A handshake that is cancelled is told as one that failed.
        catch (Exception e) when (ct.IsCancellationRequested && (e is OperationCanceledException || SmtpFailure.Of(e, connection) is not null))
        {
            // Others that were opened when it was would take as long to be found dead.
            if (!isNew && !connection.IsEnvelopeTaken)
                pool.DropIdle();
            throw new OperationCanceledException("The try was cancelled.", e, ct);
        }
        catch (Exception e) when (SmtpFailure.Of(e, connection) is { } failure)
        {
            return !isNew && failure.IsOfConnection && !connection.IsEnvelopeTaken ? null : failure.Result;
        }
        finally
        {
            pool.Return(connection);
        }
    }
}
