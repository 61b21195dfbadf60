using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Countersign.Domain;

/// <summary>
/// What a digest over several parts is made of: each with its length before it (4 bytes, big-endian), so that none can flow into the next. Codes are among
/// them: what it was written to is erased.
/// </summary>
ref struct PartedText
{
    /// <summary>Bytes that a caller does well to have room for: longer texts are rare, and kept elsewhere.</summary>
    public const int UsualSize = 1_024;

    const int NotThere = -1;

    Span<byte> buffer;
    byte[]? rented;
    int length;

    public PartedText(Span<byte> buffer) => this.buffer = buffer;

    public readonly ReadOnlySpan<byte> Bytes => buffer[..length];

    public void Append(scoped ReadOnlySpan<byte> part)
    {
        AppendLength(part.Length);
        part.CopyTo(Room(part.Length));
    }

    /// <param name="part">Null for a part that is not there, which an empty one is.</param>
    public void Append(string? part)
    {
        if (part is null)
        {
            AppendLength(NotThere);
            return;
        }

        var size = Encoding.UTF8.GetByteCount(part);
        AppendLength(size);
        Encoding.UTF8.GetBytes(part, Room(size));
    }

    public void Append(long number)
    {
        Span<byte> digits = stackalloc byte[20];
        number.TryFormat(digits, out var size, provider: System.Globalization.CultureInfo.InvariantCulture);
        Append(digits[..size]);
    }

    public void Dispose()
    {
        buffer[..length].Clear();
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    void AppendLength(int size) => BinaryPrimitives.WriteInt32BigEndian(Room(sizeof(int)), size);

    Span<byte> Room(int size)
    {
        if (buffer.Length - length < size)
            Grow(length + size);
        length += size;
        return buffer.Slice(length - size, size);
    }

    void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * buffer.Length));
        Bytes.CopyTo(larger);
        buffer[..length].Clear();
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        buffer = larger;
        rented = larger;
    }
}
