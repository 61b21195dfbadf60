using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Smtp;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Microsoft.Extensions.Options;

namespace Countersign.Tests.Smtp;

/// <summary>The sender, as it is configured for a test.</summary>
sealed class SmtpClientSide : IAsyncDisposable
{
    readonly SmtpPool pool;
    readonly SmtpSender sender;
    readonly TestFolder folder = new();

    SmtpClientSide(SmtpPeer peer, Action<SmtpOptions>? configure, string? trusted, TimeProvider? clock)
    {
        var options = new SmtpOptions { Host = "127.0.0.1", Port = peer.Port, From = "accounts@shop.example", FromName = "Shop", Security = SmtpSecurity.None };
        if (trusted is not null)
        {
            options.TrustedCertificateFile = folder.File("trusted.pem");
            File.WriteAllText(options.TrustedCertificateFile, trusted);
        }

        configure?.Invoke(options);
        Assert.Null(new SmtpOptionsValidator().Validate(null, options).FailureMessage);
        var configured = Options.Create(options);
        clock ??= TimeProvider.System;
        pool = new SmtpPool(configured, clock);
        sender = new SmtpSender(pool, configured, clock);
    }

    public static SmtpClientSide Of(SmtpPeer peer, Action<SmtpOptions>? configure = null, string? trusted = null, TimeProvider? clock = null) =>
        new(peer, configure, trusted, clock);

    public Task<SendResult> SendAsync(OutgoingMessage? message = null) => SendUntilAsync(TestContext.Current.CancellationToken, message);

    public Task<SendResult> SendUntilAsync(CancellationToken ct, OutgoingMessage? message = null) => sender.SendAsync(message ?? Message(), ct);

    public static OutgoingMessage Message(
        string id = "0199",
        string to = "alice@example.com",
        string subject = "Your code",
        string text = "246810 is your code.\n",
        string? html = "<p>246810 is your code.</p>\n") =>
        new(id, "alice", Sample.Email(to), subject, text, html, "246810", "K7Q");

    public async ValueTask DisposeAsync()
    {
        await pool.DisposeAsync();
        folder.Dispose();
    }
}
