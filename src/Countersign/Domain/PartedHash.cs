using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Countersign.Domain;

/// <summary>A digest over several parts, each with its length before it (4 bytes, big-endian), so that none can flow into the next.</summary>
static class PartedHash
{
    const int NotThere = -1;

    public static void AppendPart(this IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        AppendLength(hash, part.Length);
        hash.AppendData(part);
    }

    /// <summary>A part that is not there, which an empty one is.</summary>
    public static void AppendNoPart(this IncrementalHash hash) => AppendLength(hash, NotThere);

    static void AppendLength(IncrementalHash hash, int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        hash.AppendData(bytes);
    }
}
