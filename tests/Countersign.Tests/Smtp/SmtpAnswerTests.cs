using Countersign.Delivery;

namespace Countersign.Tests.Smtp;

public sealed class SmtpAnswerTests
{
    [Theory]
    [InlineData("CONNECT", "421 4.3.2 full", "the mail server is closing: 421 4.3.2")]
    [InlineData("CONNECT", "450 later", "the mail server takes no connection: 450")]
    [InlineData("MAIL", "451 4.3.0 busy", "the sender was refused: 451 4.3.0")]
    [InlineData("RCPT", "450 4.2.0 greylisted", "the recipient was refused: 450 4.2.0")]
    [InlineData("RCPT", "421 4.7.0 goodbye", "the mail server is closing: 421 4.7.0")]
    [InlineData("DATA", "451 no disk", "the message was refused: 451")]
    [InlineData("END", "452 4.3.1 no disk", "the message was refused: 452 4.3.1")]
    public async Task A_temporary_refusal_puts_the_message_off_and_the_next_try_is_taken(string at, string reply, string reason)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        peer.Follow(new Rule(at, reply, Times: 1));

        Assert.Equal(new SendResult(SendStatus.Deferred, reason), await client.SendAsync());
        Assert.Empty(peer.Mails());
        Assert.Equal(SendResult.Accepted, await client.SendAsync());
        Assert.Equal("<0199@shop.example>", Assert.Single(peer.Mails()).Mail.Headers["Message-ID"]);
    }

    [Theory]
    [InlineData("RCPT", "550 5.1.1 <alice@example.com>: no such user", "the recipient was refused: 550 5.1.1")]
    [InlineData("RCPT", "550 alice@example.com is unknown", "the recipient was refused: 550")]
    [InlineData("RCPT", "552 5.2.2.2 what?", "the recipient was refused: 552")]
    [InlineData("DATA", "554 5.5.1 no valid recipients", "the message was refused: 554 5.5.1")]
    [InlineData("END", "554 5.7.1 spam for alice@example.com", "the message was refused: 554 5.7.1")]
    public async Task A_permanent_refusal_is_final_and_its_reason_has_numbers_only(string at, string reply, string reason)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        peer.Follow(new Rule(at, reply, Times: 1));

        Assert.Equal(new SendResult(SendStatus.Rejected, reason), await client.SendAsync());
        // The connection is as good as before.
        Assert.Equal(SendResult.Accepted, await client.SendAsync());
        Assert.Equal(1, peer.Connections);
    }

    [Theory]
    [InlineData("CONNECT", "554 5.7.1 you are on a list", "the mail server takes no connection: 554 5.7.1")]
    [InlineData("MAIL", "550 5.7.1 not your address", "the sender was refused: 550 5.7.1")]
    [InlineData("MAIL", "553 5.1.8 no such domain", "the sender was refused: 553 5.1.8")]
    [InlineData("MAIL", "530 5.7.0 who are you?", "the mail server wants AUTH first: 530 5.7.0")]
    [InlineData("RCPT", "530 5.7.0 who are you?", "the mail server wants AUTH first: 530 5.7.0")]
    [InlineData("RCPT", "554 5.7.1 <alice@example.com>: Relay access denied", "the recipient was refused: 554 5.7.1")]
    [InlineData("RCPT", "553 5.1.8 <accounts@shop.example>: no such domain", "the recipient was refused: 553 5.1.8")]
    public async Task A_refusal_that_the_operator_can_mend_kills_no_message(string at, string reply, string reason)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        peer.Follow(new Rule(at, reply));

        Assert.Equal(new SendResult(SendStatus.Deferred, reason), await client.SendAsync());
        peer.Follow();
        Assert.Equal(SendResult.Accepted, await client.SendAsync());
    }

    [Theory]
    [InlineData("CONNECT", "the connection to the mail server broke")]
    [InlineData("EHLO", "the connection to the mail server broke")]
    [InlineData("MAIL", "the connection to the mail server broke")]
    [InlineData("RCPT", "the connection to the mail server broke")]
    [InlineData("DATA", "the connection broke while the mail server took the message: it may arrive twice")]
    [InlineData("END", "the connection broke while the mail server took the message: it may arrive twice")]
    public async Task A_server_that_hangs_up_puts_the_message_off(string at, string reason)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        peer.Follow(new Rule(at, "close"));

        Assert.Equal(new SendResult(SendStatus.Deferred, reason), await client.SendAsync());
        peer.Follow();
        Assert.Equal(SendResult.Accepted, await client.SendAsync());
    }

    [Theory]
    [InlineData("CONNECT")]
    [InlineData("EHLO")]
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    [InlineData("DATA")]
    [InlineData("END")]
    public async Task A_server_that_says_nothing_is_left_after_the_timeout(string at)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer, smtp => smtp.Timeout = TimeSpan.FromSeconds(2));
        peer.Follow(new Rule(at, "hang", Times: 1));

        Assert.Equal(new SendResult(SendStatus.Deferred, "the mail server took longer than 2 s"), await client.SendAsync());
        // Nobody waits on the connection any more.
        await peer.SaysAsync(line => line == "GONE", "the client hangs up");
    }

    [Fact]
    public async Task A_server_that_says_nothing_to_a_handshake_is_left_after_the_timeout()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer, smtp => (smtp.Security, smtp.Timeout) = (SmtpSecurity.ImplicitTls, TimeSpan.FromSeconds(2)));
        peer.Follow(new Rule("CONNECT", "hang"));

        Assert.Equal(new SendResult(SendStatus.Deferred, "the mail server took longer than 2 s"), await client.SendAsync());
        await peer.SaysAsync(line => line == "GONE", "the client hangs up");
    }

    [Fact]
    public async Task A_try_that_is_cancelled_ends_at_once()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer, smtp => smtp.Timeout = TimeSpan.FromSeconds(9));
        peer.Follow(new Rule("RCPT", "hang"));

        using var stopping = new CancellationTokenSource();
        var sending = client.SendUntilAsync(stopping.Token);
        await peer.SaysAsync(line => line == "HANG RCPT", "the server hangs");
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Fact]
    public async Task A_server_that_is_not_there_puts_the_message_off()
    {
        var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        await peer.DisposeAsync();
        Assert.Equal(new SendResult(SendStatus.Deferred, "the mail server cannot be reached: ConnectionRefused"), await client.SendAsync());
    }
}
