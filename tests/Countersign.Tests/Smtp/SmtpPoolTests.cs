using Countersign.Delivery;
using Countersign.Tests.Stores;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Smtp;

public sealed class SmtpPoolTests
{
    static readonly OutgoingMessage First = SmtpClientSide.Message("first");
    static readonly OutgoingMessage Second = SmtpClientSide.Message("second");

    [Fact]
    public async Task Messages_share_the_connections_of_the_pool()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer, smtp => smtp.PoolSize = 3);

        var results = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => client.SendAsync(SmtpClientSide.Message($"id{i}"))));
        Assert.All(results, result => Assert.Equal(SendResult.Accepted, result));
        Assert.Equal(60, peer.Mails().Select(mail => mail.Mail.MessageId).Distinct().Count());
        Assert.InRange(peer.Connections, 1, 3);
    }

    [Fact]
    [Trait("ASVS", "13.2.6")]
    public async Task There_are_never_more_connections_than_configured()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer, smtp => (smtp.PoolSize, smtp.Timeout) = (2, TimeSpan.FromSeconds(9)));
        peer.Follow(new Rule("END", "hang"));

        var sending = Enumerable.Range(0, 5).Select(i => client.SendAsync(SmtpClientSide.Message($"id{i}"))).ToList();
        await Eventually.ThatAsync(() => peer.Lines.Count(line => line == "HANG END") == 2, "two messages are on their way");
        // The others wait for their turn, until the server is gone for all of them.
        Assert.All(sending, send => Assert.False(send.IsCompleted));
        await peer.KillAsync();
        Assert.All(await Task.WhenAll(sending), result => Assert.Equal(SendStatus.Deferred, result.Status));
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task Connections_that_died_in_the_pool_are_replaced_within_the_try()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        Assert.Equal(SendResult.Accepted, await client.SendAsync(First));

        await peer.KillAsync();
        await peer.StartAgainAsync();
        Assert.Equal(SendResult.Accepted, await client.SendAsync(Second));
        Assert.Equal(["first@shop.example", "second@shop.example"], peer.Mails().Select(mail => mail.Mail.MessageId));
    }

    [Theory]
    [InlineData("MAIL", "421 4.4.2 idle for too long")]
    [InlineData("MAIL", "close")]
    [InlineData("RCPT", "421 4.7.0 enough of this connection")]
    public async Task A_connection_that_the_server_no_longer_wants_is_replaced_within_the_try(string at, string reply)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        Assert.Equal(SendResult.Accepted, await client.SendAsync(First));

        peer.Follow(new Rule(at, reply, Times: 1));
        Assert.Equal(SendResult.Accepted, await client.SendAsync(Second));
        Assert.Equal(2, peer.Connections);
        Assert.Equal(["first@shop.example", "second@shop.example"], peer.Mails().Select(mail => mail.Mail.MessageId));
    }

    [Fact]
    public async Task A_connection_that_breaks_after_the_message_was_sent_is_not_tried_again_at_once()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer);
        Assert.Equal(SendResult.Accepted, await client.SendAsync(First));

        // The server may have it: whether it is sent again is for the outbox, with its pause, to decide.
        peer.Follow(new Rule("END", "close", Times: 1));
        Assert.Equal(SendStatus.Deferred, (await client.SendAsync(Second)).Status);
        Assert.Equal(1, peer.Connections);
    }

    [Fact]
    public async Task A_connection_without_messages_is_closed_after_a_while()
    {
        await using var peer = await SmtpPeer.StartAsync();
        var clock = new FakeTimeProvider();
        await using var client = SmtpClientSide.Of(peer, smtp => smtp.CloseIdleAfter = TimeSpan.FromSeconds(10), clock: clock);
        Assert.Equal(SendResult.Accepted, await client.SendAsync(First));

        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(SendResult.Accepted, await client.SendAsync(Second));
        // The time is that since the last message.
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(SendResult.Accepted, await client.SendAsync(First));
        Assert.Equal(1, peer.Connections);

        clock.Advance(TimeSpan.FromSeconds(10));
        await peer.SaysAsync(line => line == "clear QUIT", "the connection is closed with a word");
        Assert.Equal(SendResult.Accepted, await client.SendAsync(Second));
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task Connections_are_closed_when_the_process_stops()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using (var client = SmtpClientSide.Of(peer))
            Assert.Equal(SendResult.Accepted, await client.SendAsync(First));
        await peer.SaysAsync(line => line == "clear QUIT", "the connection is closed with a word");
    }
}
