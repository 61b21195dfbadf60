using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Countersign.Domain;

/// <summary>
/// What statements to other services are signed with: ECDSA on P-256, derived from a configured secret, so that every node has the same
/// key, and it comes and goes with its secret.
/// </summary>
sealed class StatementKey
{
    /// <summary>Bytes of a coordinate, of a scalar, and of each half of a signature.</summary>
    const int Size = 32;

    /// <summary>FIPS 186-5, A.2.1: 64 bits more than the order of the group, so that what is left of the division is evenly spread.</summary>
    const int ExtraSize = 8;

    /// <summary>Of the group of P-256 (SP 800-186, 3.2.1.3). The leading 0 keeps the number positive.</summary>
    static readonly BigInteger Order =
        BigInteger.Parse("0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    readonly ECParameters parameters;

    public StatementKey(string id, ReadOnlySpan<byte> secret)
    {
        Id = id;
        var seed = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret.ToArray(), Size + ExtraSize, info: "countersign/statement/v1"u8.ToArray());
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Scalar(seed) });
        parameters = key.ExportParameters(includePrivateParameters: true);
    }

    public string Id { get; }

    /// <summary>The public point.</summary>
    public ReadOnlyMemory<byte> X => parameters.Q.X;

    public ReadOnlyMemory<byte> Y => parameters.Q.Y;

    /// <summary>ES256 of RFC 7518, 3.4: both halves of the signature, 32 bytes each.</summary>
    public byte[] Sign(ReadOnlySpan<byte> text)
    {
        // An instance each time: what is disposed of by one is not in use by another.
        using var key = ECDsa.Create(parameters);
        return key.SignData(text, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public override string ToString() => Id;

    /// <summary>A private key: a number from 1 to the order of the group less one.</summary>
    static byte[] Scalar(byte[] seed)
    {
        var number = (new BigInteger(seed, isUnsigned: true, isBigEndian: true) % (Order - 1)) + 1;
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[Size - bytes.Length], .. bytes];
    }
}
