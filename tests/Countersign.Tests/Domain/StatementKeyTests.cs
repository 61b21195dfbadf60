using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using Countersign.Domain;

namespace Countersign.Tests.Domain;

public sealed class StatementKeyTests
{
    static readonly byte[] Text = "header.claims"u8.ToArray();

    [Fact]
    public void Nodes_with_the_same_secret_have_the_same_key_and_each_checks_what_the_other_signs()
    {
        var (one, other) = (Key(1), Key(1));
        Assert.Equal(one.X.ToArray(), other.X.ToArray());
        Assert.Equal(one.Y.ToArray(), other.Y.ToArray());
        Assert.True(IsSigned(other, one.Sign(Text)));
    }

    [Fact]
    public void Another_secret_makes_another_key_whatever_its_id()
    {
        Assert.NotEqual(Key(1).X.ToArray(), Key(2).X.ToArray());
        Assert.False(IsSigned(Key(2), Key(1).Sign(Text)));
    }

    [Fact]
    public void The_key_is_what_the_derivation_says_by_numbers_alone()
    {
        var secret = Enumerable.Repeat((byte)1, TokenKey.Size).ToArray();
        var seed = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 40, info: "countersign/statement/v1"u8.ToArray());
        var scalar = (new BigInteger(seed, isUnsigned: true, isBigEndian: true) % (P256.Order - 1)) + 1;
        var (x, y) = P256.Multiply(scalar);

        Assert.Equal(x, new BigInteger(Key(1).X.Span, isUnsigned: true, isBigEndian: true));
        Assert.Equal(y, new BigInteger(Key(1).Y.Span, isUnsigned: true, isBigEndian: true));
    }

    [Fact]
    public void A_signature_is_both_halves_of_32_bytes()
    {
        var signature = Key(1).Sign(Text);
        Assert.Equal(64, signature.Length);
        Assert.True(IsSigned(Key(1), signature));
        signature[63] ^= 1;
        Assert.False(IsSigned(Key(1), signature));
    }

    [Fact]
    public void It_prints_as_its_id() => Assert.Equal("key", Key(1).ToString());

    static StatementKey Key(byte value) => new("key", Enumerable.Repeat(value, TokenKey.Size).ToArray());

    static bool IsSigned(StatementKey key, byte[] signature)
    {
        using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = key.X.ToArray(), Y = key.Y.ToArray() } });
        return ecdsa.VerifyData(Text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>The curve by its textbook formulas (SP 800-186, 3.2.1.3), to hold the library against.</summary>
    static class P256
    {
        public static readonly BigInteger Order = Number("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        static readonly BigInteger Prime = Number("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
        static readonly (BigInteger X, BigInteger Y) Generator = (
            Number("6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"),
            Number("4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"));

        public static (BigInteger X, BigInteger Y) Multiply(BigInteger scalar)
        {
            (BigInteger X, BigInteger Y)? sum = null;
            var power = Generator;
            for (; scalar > 0; scalar >>= 1)
            {
                if (!scalar.IsEven)
                    sum = sum is { } point ? Add(point, power) : power;
                power = Add(power, power);
            }

            return sum!.Value;
        }

        static (BigInteger X, BigInteger Y) Add((BigInteger X, BigInteger Y) p, (BigInteger X, BigInteger Y) q)
        {
            var slope = p == q ? ((3 * p.X * p.X) - 3) * Inverse(2 * p.Y) : (q.Y - p.Y) * Inverse(q.X - p.X);
            var x = Modulo((slope * slope) - p.X - q.X);
            return (x, Modulo((slope * (p.X - x)) - p.Y));
        }

        static BigInteger Inverse(BigInteger number) => BigInteger.ModPow(Modulo(number), Prime - 2, Prime);

        static BigInteger Modulo(BigInteger number) => ((number % Prime) + Prime) % Prime;

        static BigInteger Number(string text) => BigInteger.Parse($"0{text}", NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
