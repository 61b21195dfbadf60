using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Smtp;

/// <summary>Judges the certificate of the mail server: always, and by one rule.</summary>
sealed class TrustedCertificates(X509Certificate2Collection? roots)
{
    /// <exception cref="CryptographicException">There is no certificate in the file.</exception>
    /// <exception cref="IOException"/>
    public static X509Certificate2Collection Load(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(File.ReadAllText(file));
        return certificates.Count > 0 ? certificates : throw new CryptographicException("It holds no certificate.");
    }

    /// <summary>What is wrong with the certificate; <paramref name="errors"/> is what is wrong by the roots of the system.</summary>
    public SslPolicyErrors Judge(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (roots is null || certificate is null)
            return errors;

        using var server = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(roots);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1", "server authentication"));
        // What the server sent along between its certificate and the root.
        if (chain is not null)
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);

        var name = errors & ~SslPolicyErrors.RemoteCertificateChainErrors;
        return own.Build(server) ? name : name | SslPolicyErrors.RemoteCertificateChainErrors;
    }
}
