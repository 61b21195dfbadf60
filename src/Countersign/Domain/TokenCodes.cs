using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Domain;

/// <summary>A secret of 32 bytes that the database does not hold, and the id under which rows refer to it.</summary>
public sealed class TokenKey
{
    /// <summary>32 bytes: the output of SHA-256, beyond which an HMAC key gains nothing (RFC 2104, 3).</summary>
    public const int Size = 32;

    internal TokenKey(string id, ReadOnlySpan<byte> value)
    {
        Id = id;
        DigestKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, value.ToArray(), Size, info: "countersign/digest/v1"u8.ToArray());
        SealKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, value.ToArray(), Size, info: "countersign/seal/v1"u8.ToArray());
        TrailKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, value.ToArray(), Size, info: "countersign/trail/v1"u8.ToArray());
        StatementKey = new StatementKey(id, value);
    }

    public string Id { get; }

    internal byte[] DigestKey { get; }

    internal byte[] SealKey { get; }

    internal byte[] TrailKey { get; }

    internal StatementKey StatementKey { get; }

    public override string ToString() => Id;
}

/// <summary>All that is random in a token, drawn before the decision so that the decision is pure.</summary>
/// <param name="Unmatchable">A digest that no code has: what a decoy keeps in place of one.</param>
sealed record Draw(TokenCode Code, string Reference, string MessageId, byte[] Unmatchable);

/// <summary>What was sealed names a key that is not configured.</summary>
public sealed class TokenKeyMissingException(string keyId) : Exception(
    $"The store holds values sealed under the key '{keyId}', which is not among Countersign:Keys. Put it back; a retired key stays configured, behind the first, for as long as anything is sealed under it.");

/// <summary>
/// The only randomness and the only keys of the product: draws codes, keeps digests of them, and seals what must be read again
/// (codes on their way, anti-phishing codes). The first key signs and seals; all of them verify and open.
/// </summary>
sealed class TokenCodes
{
    /// <summary>Without 0 and 1, which are read as O and I.</summary>
    const string ReferenceAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789";

    const int ReferenceLength = 3;
    const byte SealVersion = 1;
    const int SaltSize = 16;
    const int TagSize = 16;

    /// <summary>At once, for what is no secret.</summary>
    const int PublicBytesDrawn = 2_000;

    [ThreadStatic]
    static byte[]? publicBytes;

    [ThreadStatic]
    static int publicBytesLeft;

    readonly TokenKey current;
    readonly Dictionary<string, TokenKey> keys;

    public TokenCodes(IReadOnlyList<TokenKey> keys)
    {
        current = keys[0];
        this.keys = keys.ToDictionary(key => key.Id);
        StatementKeys = [.. keys.Select(key => key.StatementKey)];
    }

    public string CurrentKeyId => current.Id;

    public TokenKey CurrentKey => current;

    public TokenKey? FindKey(string id) => keys.GetValueOrDefault(id);

    /// <summary>What statements are signed with.</summary>
    public StatementKey StatementKey => current.StatementKey;

    /// <summary>What statements of any node may be signed with, the current one first.</summary>
    public IReadOnlyList<StatementKey> StatementKeys { get; }

    public static Draw Draw(CodeFormat format, DateTimeOffset now) => new(
        new TokenCode(RandomNumberGenerator.GetString(TokenCode.Alphabet(format), TokenCode.Length(format)), format),
        DrawReference(),
        NewId(now),
        DrawPublic(SHA256.HashSizeInBytes));

    public static UndoToken DrawUndo() => new(RandomNumberGenerator.GetBytes(UndoToken.Size));

    /// <summary>An id that sorts by time: a UUID of version 7 (RFC 9562, 5.7), without its dashes. Not a secret.</summary>
    public static string NewId(DateTimeOffset now)
    {
        const int TimeSize = 6;
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, now.ToUnixTimeMilliseconds() << 16);
        FillPublic(id[TimeSize..]);
        id[6] = (byte)((id[6] & 0x0F) | 0x70);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return Convert.ToHexStringLower(id);
    }

    /// <summary>A number from 0 to 1, for the jitter of retries.</summary>
    public static double NewFraction() => RandomNumberGenerator.GetInt32(1 << 30) / (double)(1 << 30);

    public static byte[] NewKeyValue() => RandomNumberGenerator.GetBytes(TokenKey.Size);

    /// <summary>HMAC-SHA-256 over account, operation, key type, target and code, each with its length, so that none can flow into the next.</summary>
    public byte[] Digest(string userId, Purpose purpose, Address target, TokenCode code) =>
        Digest(current, userId, purpose, target, code);

    public bool Matches(OneTimeToken token, string userId, Purpose purpose, Address target, TokenCode code) =>
        keys.TryGetValue(token.KeyId, out var key)
        && CryptographicOperations.FixedTimeEquals(Digest(key, userId, purpose, target, code), token.Digest.Span);

    /// <summary>HMAC-SHA-256 over account and token, apart from the digests of codes by what it begins with.</summary>
    public byte[] Digest(string userId, UndoToken token) => Digest(current, userId, token);

    public bool Matches(UndoPoint point, string userId, UndoToken token) =>
        keys.TryGetValue(point.KeyId, out var key) && CryptographicOperations.FixedTimeEquals(Digest(key, userId, token), point.Digest.Span);

    /// <summary>
    /// AES-256-GCM under a key of its own per value (HMAC-SHA-256 of a random salt), so that the number of values is not bounded by
    /// the 96-bit nonce. <paramref name="label"/> says what is sealed for whom: it opens under the same label only.
    /// </summary>
    public byte[] Seal(string label, ReadOnlySpan<byte> plaintext)
    {
        var keyId = Encoding.ASCII.GetBytes(current.Id);
        var sealedValue = new byte[2 + keyId.Length + SaltSize + TagSize + plaintext.Length];
        sealedValue[0] = SealVersion;
        sealedValue[1] = (byte)keyId.Length;
        keyId.CopyTo(sealedValue, 2);
        var salt = sealedValue.AsSpan(2 + keyId.Length, SaltSize);
        FillPublic(salt);
        var tag = sealedValue.AsSpan(2 + keyId.Length + SaltSize, TagSize);
        var ciphertext = sealedValue.AsSpan(2 + keyId.Length + SaltSize + TagSize);

        using var aes = new AesGcm(HMACSHA256.HashData(current.SealKey, salt), TagSize);
        aes.Encrypt(Nonce, plaintext, ciphertext, tag, Encoding.UTF8.GetBytes(label));
        return sealedValue;
    }

    /// <exception cref="TokenKeyMissingException"/>
    /// <exception cref="CryptographicException">The value was altered, or sealed under another label.</exception>
    public byte[] Open(string label, ReadOnlySpan<byte> sealedValue)
    {
        if (sealedValue.Length < 2 || sealedValue[0] != SealVersion || sealedValue.Length < 2 + sealedValue[1] + SaltSize + TagSize)
            throw new CryptographicException("A sealed value is cut short or of an unknown version.");

        var keyId = Encoding.ASCII.GetString(sealedValue.Slice(2, sealedValue[1]));
        if (!keys.TryGetValue(keyId, out var key))
            throw new TokenKeyMissingException(keyId);

        var salt = sealedValue.Slice(2 + keyId.Length, SaltSize);
        var tag = sealedValue.Slice(2 + keyId.Length + SaltSize, TagSize);
        var ciphertext = sealedValue[(2 + keyId.Length + SaltSize + TagSize)..];
        var plaintext = new byte[ciphertext.Length];
        using var aes = new AesGcm(HMACSHA256.HashData(key.SealKey, salt), TagSize);
        aes.Decrypt(Nonce, ciphertext, tag, plaintext, Encoding.UTF8.GetBytes(label));
        return plaintext;
    }

    /// <summary>All zero: each key seals one value only.</summary>
    static ReadOnlySpan<byte> Nonce => "\0\0\0\0\0\0\0\0\0\0\0\0"u8;

    /// <summary>Each of the letters as likely as any other: a byte beyond the last whole round of the alphabet is drawn again.</summary>
    static string DrawReference()
    {
        var usable = 256 - (256 % ReferenceAlphabet.Length);
        Span<char> reference = stackalloc char[ReferenceLength];
        Span<byte> drawn = stackalloc byte[1];
        for (var i = 0; i < reference.Length;)
        {
            FillPublic(drawn);
            if (drawn[0] < usable)
                reference[i++] = ReferenceAlphabet[drawn[0] % ReferenceAlphabet.Length];
        }

        return new string(reference);
    }

    static byte[] DrawPublic(int size)
    {
        var bytes = new byte[size];
        FillPublic(bytes);
        return bytes;
    }

    /// <summary>
    /// Random bytes that are stored or shown as they are, so that nobody has to keep a secret of them: to draw a few of the system costs as much as to draw a thousand.
    /// </summary>
    static void FillPublic(Span<byte> bytes)
    {
        if (publicBytesLeft < bytes.Length)
        {
            RandomNumberGenerator.Fill(publicBytes ??= new byte[PublicBytesDrawn]);
            publicBytesLeft = PublicBytesDrawn;
        }

        publicBytesLeft -= bytes.Length;
        publicBytes.AsSpan(publicBytesLeft, bytes.Length).CopyTo(bytes);
    }

    static byte[] Digest(TokenKey key, string userId, UndoToken token) =>
        HMACSHA256.HashData(key.DigestKey, (byte[])[.. "countersign/undo/v1\0"u8, .. token.Secret, .. Encoding.UTF8.GetBytes(userId)]);

    static byte[] Digest(TokenKey key, string userId, Purpose purpose, Address target, TokenCode code)
    {
        using var parts = new PartedText(stackalloc byte[PartedText.UsualSize]);
        foreach (var part in (ReadOnlySpan<string>)
            [userId, purpose.Operation.Name(), purpose.KeyType?.Name() ?? "", target.KeyType.Name(), target.Canonical, code.Reveal()])
            parts.Append(part);

        return HMACSHA256.HashData(key.DigestKey, parts.Bytes);
    }
}
