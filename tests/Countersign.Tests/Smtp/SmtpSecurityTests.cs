using Countersign.Delivery;

namespace Countersign.Tests.Smtp;

public sealed class SmtpSecurityTests
{
    const string Login = "shop:correct horse";

    static readonly TestAuthority Authority = new();

    [Fact]
    public async Task With_STARTTLS_nothing_but_the_greeting_crosses_in_clear()
    {
        await using var peer = await SmtpPeer.StartAsync(Server("starttls", Login));
        await using var client = Client(peer, SmtpSecurity.StartTls, "correct horse");

        Assert.Equal(SendResult.Accepted, await client.SendAsync());
        Assert.Single(peer.Mails());
        Assert.Equal(["CONNECT", "EHLO", "STARTTLS"], Verbs(peer, "clear"));
        Assert.Equal(["EHLO", "AUTH", "MAIL", "RCPT", "DATA"], Verbs(peer, "tls"));
    }

    [Fact]
    public async Task With_implicit_TLS_everything_is_encrypted()
    {
        await using var peer = await SmtpPeer.StartAsync(Server("implicit", Login));
        await using var client = Client(peer, SmtpSecurity.ImplicitTls, "correct horse");

        Assert.Equal(SendResult.Accepted, await client.SendAsync());
        Assert.Single(peer.Mails());
        Assert.Empty(Verbs(peer, "clear"));
        Assert.Equal(["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"], Verbs(peer, "tls"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("correct horse")]
    [Trait("ASVS", "12.3.1")]
    public async Task A_server_that_does_not_offer_STARTTLS_gets_neither_message_nor_password(string? password)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = Client(peer, SmtpSecurity.StartTls, password);

        Assert.Equal(Deferred("the mail server does not offer STARTTLS, and nothing is sent in clear"), await client.SendAsync());
        Assert.Equal(["CONNECT", "EHLO"], Verbs(peer, "clear"));
        Assert.Empty(peer.Mails());
    }

    [Theory]
    [InlineData("454 4.7.0 not now", "the mail server takes no connection: 454 4.7.0")]
    [InlineData("502 what?", "the mail server takes no connection: 502")]
    public async Task A_server_that_takes_STARTTLS_back_gets_neither_message_nor_password(string reply, string reason)
    {
        await using var peer = await SmtpPeer.StartAsync(Server("starttls", Login));
        await using var client = Client(peer, SmtpSecurity.StartTls, "correct horse");
        peer.Follow(new Rule("STARTTLS", reply));

        Assert.Equal(Deferred(reason), await client.SendAsync());
        Assert.Equal(["CONNECT", "EHLO", "STARTTLS"], Verbs(peer, "clear"));
        Assert.Empty(Verbs(peer, "tls"));
    }

    [Theory]
    [InlineData("starttls")]
    [InlineData("implicit")]
    [Trait("ASVS", "12.3.2")]
    [Trait("ASVS", "12.3.4")]
    public async Task A_certificate_is_taken_from_the_configured_authority_only(string tls)
    {
        await using var peer = await SmtpPeer.StartAsync(Server(tls, Login));
        var security = tls == "implicit" ? SmtpSecurity.ImplicitTls : SmtpSecurity.StartTls;
        await using var system = Client(peer, security, "correct horse", trusted: null);
        await using var other = Client(peer, security, "correct horse", new TestAuthority().Pem);
        await using var own = Client(peer, security, "correct horse", new TestAuthority().Pem + "\n" + Authority.Pem);

        var untrusted = Deferred("the certificate of the mail server is not trusted: RemoteCertificateChainErrors");
        Assert.Equal(untrusted, await system.SendAsync());
        Assert.Equal(untrusted, await other.SendAsync());
        Assert.DoesNotContain(peer.Lines, line => line.Contains("AUTH", StringComparison.Ordinal) || line.Contains("MAIL", StringComparison.Ordinal));
        Assert.Equal(SendResult.Accepted, await own.SendAsync());
    }

    [Fact]
    [Trait("ASVS", "12.3.2")]
    public async Task A_certificate_for_another_name_is_not_taken() =>
        await RefusedAsync(Authority.Server("mail.example"), "RemoteCertificateNameMismatch");

    [Fact]
    [Trait("ASVS", "12.3.2")]
    public async Task A_certificate_that_has_expired_is_not_taken() =>
        await RefusedAsync(Authority.Server(isExpired: true), "RemoteCertificateChainErrors");

    [Fact]
    public async Task A_certificate_below_an_authority_that_the_server_sends_along_is_taken()
    {
        var intermediate = new TestAuthority(Authority);
        await using var peer = await SmtpPeer.StartAsync(new SmtpPeer.Setup { Tls = "starttls", Certificate = intermediate.Server() + intermediate.Pem });
        await using var client = Client(peer, SmtpSecurity.StartTls, password: null);
        Assert.Equal(SendResult.Accepted, await client.SendAsync());
    }

    [Fact]
    public async Task A_wrong_password_puts_the_message_off_and_is_not_told()
    {
        await using var peer = await SmtpPeer.StartAsync(Server("starttls", Login));
        await using var client = Client(peer, SmtpSecurity.StartTls, "battery staple");

        foreach (var _ in Enumerable.Range(0, 2))
            Assert.Equal(Deferred("the mail server does not take UserName and Password: 535 5.7.8"), await client.SendAsync());
        // A connection that is not authenticated is not used for the next message.
        Assert.Equal(2, peer.Connections);
        Assert.DoesNotContain(peer.Lines, line => line.Contains("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_wants_a_password_where_none_is_configured_puts_the_message_off()
    {
        await using var peer = await SmtpPeer.StartAsync(Server("starttls", Login));
        await using var client = Client(peer, SmtpSecurity.StartTls, password: null);
        Assert.Equal(Deferred("the mail server wants AUTH first: 530 5.7.0"), await client.SendAsync());
    }

    [Fact]
    public async Task A_server_that_offers_no_AUTH_where_a_password_is_configured_gets_no_message()
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = Client(peer, SmtpSecurity.None, "correct horse");
        peer.Follow(new Rule("EHLO", "250 mail.test"));

        Assert.Equal(Deferred("the mail server offers no AUTH that takes a password"), await client.SendAsync());
        Assert.Equal(["CONNECT", "EHLO"], Verbs(peer, "clear"));
    }

    static async Task RefusedAsync(string certificate, string why)
    {
        await using var peer = await SmtpPeer.StartAsync(new SmtpPeer.Setup { Tls = "starttls", Certificate = certificate });
        await using var client = Client(peer, SmtpSecurity.StartTls, password: null);
        Assert.Equal(Deferred($"the certificate of the mail server is not trusted: {why}"), await client.SendAsync());
        Assert.Equal(["CONNECT", "EHLO", "STARTTLS"], Verbs(peer, "clear"));
        Assert.Empty(Verbs(peer, "tls"));
    }

    static SmtpPeer.Setup Server(string tls, string login) => new() { Tls = tls, Certificate = Authority.Server(), Login = login };

    static SmtpClientSide Client(SmtpPeer peer, SmtpSecurity security, string? password) =>
        Client(peer, security, password, security == SmtpSecurity.None ? null : Authority.Pem);

    static SmtpClientSide Client(SmtpPeer peer, SmtpSecurity security, string? password, string? trusted) => SmtpClientSide.Of(
        peer,
        smtp =>
        {
            smtp.Security = security;
            (smtp.UserName, smtp.Password) = password is null ? (null, null) : ("shop", password);
        },
        trusted);

    static SendResult Deferred(string reason) => new(SendStatus.Deferred, reason);

    static IEnumerable<string> Verbs(SmtpPeer peer, string security) =>
        peer.Lines.Select(line => line.Split(' ')).Where(words => words[0] == security).Select(words => words[1]).TakeWhile(verb => verb != "QUIT");
}
