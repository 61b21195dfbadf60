using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.Security;

namespace Countersign.Smtp;

/// <summary>Signs mail for its domain (RFC 6376, and RFC 8463 for Ed25519).</summary>
sealed class DkimSignature
{
    /// <summary>RFC 8301, 3.2.</summary>
    const int MinRsaBits = 2048;

    /// <summary>All that a reader sees of a header, and what tells machines that a machine wrote.</summary>
    static readonly HeaderId[] Signed =
    [
        HeaderId.From, HeaderId.To, HeaderId.Subject, HeaderId.Date, HeaderId.MessageId, HeaderId.AutoSubmitted, HeaderId.MimeVersion, HeaderId.ContentType,
    ];

    readonly DkimSigner signer;

    public DkimSignature(SmtpDkimOptions options)
    {
        var key = LoadKey(options.PrivateKeyFile!);
        var algorithm = key is RsaKeyParameters ? DkimSignatureAlgorithm.RsaSha256 : DkimSignatureAlgorithm.Ed25519Sha256;
        signer = new DkimSigner(key, options.Domain!, options.Selector!, algorithm)
        {
            // Relays fold headers and trim lines as they like.
            HeaderCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Relaxed,
            BodyCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Relaxed,
        };
    }

    /// <exception cref="InvalidDataException">The file holds no key that can sign.</exception>
    /// <exception cref="IOException"/>
    public static AsymmetricKeyParameter LoadKey(string file) => ReadKey(File.ReadAllText(file)) switch
    {
        RsaKeyParameters { IsPrivate: true } rsa when rsa.Modulus.BitLength < MinRsaBits =>
            throw new InvalidDataException($"An RSA key has at least {MinRsaBits} bits, and this one {rsa.Modulus.BitLength}."),
        RsaKeyParameters { IsPrivate: true } rsa => rsa,
        Ed25519PrivateKeyParameters ed25519 => ed25519,
        _ => throw new InvalidDataException("It holds no RSA or Ed25519 private key without a password."),
    };

    public void Sign(MimeMessage mail) => signer.Sign(mail, Signed);

    static AsymmetricKeyParameter? ReadKey(string pem)
    {
        try
        {
            using var reader = new PemReader(new StringReader(pem));
            return reader.ReadObject() switch
            {
                AsymmetricCipherKeyPair pair => pair.Private,
                AsymmetricKeyParameter key => key,
                _ => null,
            };
        }
        // Whatever the library finds wrong with a file: its text may quote it.
        catch (Exception e) when (e is IOException or GeneralSecurityException or InvalidCipherTextException or ArgumentException or FormatException)
        {
            return null;
        }
    }
}
