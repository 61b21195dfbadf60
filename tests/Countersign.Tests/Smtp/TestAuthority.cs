using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Countersign.Tests.Smtp;

/// <summary>A certificate authority of its own.</summary>
sealed class TestAuthority
{
    static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    readonly X509Certificate2 certificate;

    public TestAuthority(TestAuthority? parent = null)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        certificate = parent is null
            ? request.CreateSelfSigned(Now.AddDays(-2), Now.AddDays(30))
            : request.Create(parent.certificate, Now.AddDays(-2), Now.AddDays(20), RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
    }

    public string Pem => certificate.ExportCertificatePem();

    /// <summary>Key and certificate of a server, in PEM.</summary>
    public string Server(string? name = null, bool isExpired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mail", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (name is null)
            names.AddIpAddress(IPAddress.Loopback);
        else
            names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var server = request.Create(certificate, Now.AddDays(-1), Now.AddDays(isExpired ? -0.5 : 10), RandomNumberGenerator.GetBytes(8));
        return $"{key.ExportPkcs8PrivateKeyPem()}\n{server.ExportCertificatePem()}\n";
    }
}
