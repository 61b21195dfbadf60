using System.Security.Cryptography;
using Countersign.Delivery;
using Countersign.Smtp;
using Countersign.Tests.Hosting;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.Security;

namespace Countersign.Tests.Smtp;

public sealed class SmtpDkimTests
{
    static readonly string RsaPem = Rsa(2048, rsa => rsa.ExportPkcs8PrivateKeyPem());

    public static TheoryData<string> Keys => new("PKCS#8", "PKCS#1", "Ed25519");

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task A_signed_mail_verifies_and_a_tampered_one_does_not(string kind)
    {
        var pem = kind switch
        {
            "PKCS#8" => RsaPem,
            "PKCS#1" => Rsa(2048, rsa => rsa.ExportRSAPrivateKeyPem()),
            _ => Ed25519Pem(),
        };
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("dkim.pem"), pem, TestContext.Current.CancellationToken);
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer, smtp =>
            smtp.Dkim = new SmtpDkimOptions { Domain = "shop.example", Selector = "s1", PrivateKeyFile = folder.File("dkim.pem") });
        Assert.Equal(SendResult.Accepted, await client.SendAsync(SmtpClientSide.Message(subject: "Ihr Code für „Müller“", text: "Grüße  \n\n.\nEnde\n\n\n")));

        var raw = Assert.Single(peer.Mails()).Raw;
        var key = new PublishedKey(pem);
        Assert.True(Verifies(raw, key));
        Assert.Equal("s1._domainkey.shop.example", Assert.Single(key.Asked.Distinct()));
        Assert.Contains(kind == "Ed25519" ? "a=ed25519-sha256" : "a=rsa-sha256", raw, StringComparison.Ordinal);

        (string From, string To)[] changes =
            [("Ende", "Anfang"), ("alice@example.com", "mallory@example.com"), ("Shop", "Bank"), ("auto-generated", "no"), ("0199@shop", "0198@shop")];
        foreach (var (from, to) in changes)
        {
            Assert.Contains(from, raw, StringComparison.Ordinal);
            Assert.False(Verifies(raw.Replace(from, to, StringComparison.Ordinal), key), from);
        }

        Assert.False(Verifies(raw, new PublishedKey(kind == "Ed25519" ? Ed25519Pem() : Rsa(2048, rsa => rsa.ExportPkcs8PrivateKeyPem()))));
    }

    [Fact]
    public void A_key_that_cannot_sign_is_refused()
    {
        Assert.StartsWith("An RSA key has at least 2048 bits, and this one 1024.", Refusal(Rsa(1024, rsa => rsa.ExportPkcs8PrivateKeyPem())), StringComparison.Ordinal);
        const string NoKey = "It holds no RSA or Ed25519 private key without a password.";
        Assert.Equal(NoKey, Refusal(""));
        Assert.Equal(NoKey, Refusal("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
        Assert.Equal(NoKey, Refusal("-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n"));
        Assert.Equal(NoKey, Refusal(Rsa(2048, rsa => rsa.ExportSubjectPublicKeyInfoPem())));
        var encryption = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1_000);
        Assert.Equal(NoKey, Refusal(Rsa(2048, rsa => rsa.ExportEncryptedPkcs8PrivateKeyPem("secret", encryption))));
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal(NoKey, Refusal(ec.ExportPkcs8PrivateKeyPem()));
    }

    static string Refusal(string pem)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("key.pem"), pem);
        return Assert.Throws<InvalidDataException>(() => DkimSignature.LoadKey(folder.File("key.pem"))).Message;
    }

    static bool Verifies(string raw, PublishedKey key)
    {
        var mail = MimeMessage.Load(new MemoryStream(System.Text.Encoding.Latin1.GetBytes(raw)));
        var verifier = new DkimVerifier(key);
        verifier.Enable(DkimSignatureAlgorithm.Ed25519Sha256);
        return verifier.Verify(mail, mail.Headers[mail.Headers.IndexOf(HeaderId.DkimSignature)]);
    }

    static string Rsa(int bits, Func<RSA, string> export)
    {
        using var rsa = RSA.Create(bits);
        return export(rsa);
    }

    static string Ed25519Pem()
    {
        var generator = new Ed25519KeyPairGenerator();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        using var text = new StringWriter();
        using var pem = new PemWriter(text);
        pem.WriteObject(new Pkcs8Generator(generator.GenerateKeyPair().Private));
        pem.Writer.Flush();
        return text.ToString();
    }

    /// <summary>The DNS, as far as it has the key.</summary>
    sealed class PublishedKey(string pem) : DkimPublicKeyLocatorBase
    {
        public List<string> Asked { get; } = [];

        public override AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default)
        {
            Asked.Add($"{selector}._domainkey.{domain}");
            using var reader = new PemReader(new StringReader(pem));
            var key = reader.ReadObject() is var read && read is AsymmetricCipherKeyPair pair ? pair.Private : (AsymmetricKeyParameter)read;
            return key switch
            {
                RsaPrivateCrtKeyParameters rsa => new RsaKeyParameters(false, rsa.Modulus, rsa.PublicExponent),
                Ed25519PrivateKeyParameters ed25519 => ed25519.GeneratePublicKey(),
                _ => throw new InvalidOperationException(),
            };
        }

        public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }
}
