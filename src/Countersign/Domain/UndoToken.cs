using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Countersign.Domain;

/// <summary>
/// What a notice carries to undo the change that it tells of: <see cref="Size"/> random bytes, of which the first name the stored half, and
/// all of them are the secret. It prints as nothing; <see cref="Reveal"/> gives it away.
/// </summary>
public readonly struct UndoToken
{
    /// <summary>Bytes: 160 bits that cannot be guessed, after 96 that name it.</summary>
    internal const int Size = 32;

    internal const int TextLength = 43;

    const int IdSize = 12;

    readonly byte[] bytes;

    internal UndoToken(byte[] bytes) => this.bytes = bytes;

    /// <summary>Says which, and opens nothing.</summary>
    internal string Id => Convert.ToHexStringLower(bytes.AsSpan(0, IdSize));

    internal ReadOnlySpan<byte> Secret => bytes;

    /// <summary>The end of the link: base64url, without padding.</summary>
    public string Reveal() => Base64Url.EncodeToString(bytes);

    public override string ToString() => "";

    /// <summary>Reads the end of a link. White space around it does not count; a whole link is taken too.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out UndoToken token)
    {
        var end = (text ?? "").Trim().Split('#')[^1];
        var bytes = new byte[Size];
        var isToken = end.Length == TextLength && Base64Url.IsValid(end) && Base64Url.TryDecodeFromChars(end, bytes, out var written) && written == Size;
        token = isToken ? new UndoToken(bytes) : default;
        return isToken;
    }
}
