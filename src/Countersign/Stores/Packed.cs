using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>
/// One value as bytes, which another can be written over: of a hundred thousand small objects that are kept until they are replaced, every collection would move those that
/// are new, and look through those that refer to them.
/// </summary>
sealed class Packed
{
    /// <summary>For what is a little longer the next time, in parts of its length.</summary>
    const int Slack = 4;

    readonly Lock gate = new();
    byte[] bytes = [];
    int length;

    public static Packed Of<T>(T value, Pack<T> pack)
    {
        var packed = new Packed();
        packed.Write(value, pack);
        return packed;
    }

    /// <summary>The value as it was written last.</summary>
    public T Read<T>(Unpack<T> unpack)
    {
        lock (gate)
        {
            var reader = new PackReader(bytes.AsSpan(0, length));
            return unpack(ref reader);
        }
    }

    /// <summary>Writes another value, if there is to be one.</summary>
    /// <param name="next">By the value so far; null where that stays.</param>
    public void Replace<T>(Unpack<T> unpack, Func<T, T?> next, Pack<T> pack) where T : class
    {
        lock (gate)
        {
            var reader = new PackReader(bytes.AsSpan(0, length));
            if (next(unpack(ref reader)) is { } value)
                Write(value, pack);
        }
    }

    /// <summary>Changes a part of the value where it stands, of the same length.</summary>
    public void Edit<TWith>(TWith with, Action<Span<byte>, TWith> edit)
    {
        lock (gate)
            edit(bytes.AsSpan(0, length), with);
    }

    public void Write<T>(T value, Pack<T> pack)
    {
        var writer = new PackWriter(stackalloc byte[1_024]);
        try
        {
            pack(value, ref writer);
            lock (gate)
            {
                length = writer.Written.Length;
                if (bytes.Length < length)
                    bytes = new byte[length + length / Slack];
                writer.Written.CopyTo(bytes);
            }
        }
        finally
        {
            writer.Dispose();
        }
    }
}

delegate void Pack<in T>(T value, ref PackWriter writer);

delegate T Unpack<out T>(ref PackReader reader);

/// <summary>Writes values one after the other. Nothing says what they are: whoever reads them knows.</summary>
ref struct PackWriter(Span<byte> buffer)
{
    Span<byte> buffer = buffer;
    byte[]? rented;
    int length;

    public readonly ReadOnlySpan<byte> Written => buffer[..length];

    public void Add(long value) => BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(long)), value);

    public void Add(byte value) => Room(1)[0] = value;

    public void Add(bool value) => Add(value ? (byte)1 : (byte)0);

    public void Add(DateTimeOffset at) => Add(at.ToUnixTimeMilliseconds());

    public void Add(DateTimeOffset? at)
    {
        Add(at.HasValue);
        if (at is { } time)
            Add(time);
    }

    public void Add(scoped ReadOnlySpan<byte> bytes)
    {
        Add(bytes.Length);
        bytes.CopyTo(Room(bytes.Length));
    }

    public void Add(string? text)
    {
        Add(text is not null);
        if (text is null)
            return;
        var size = Encoding.UTF8.GetByteCount(text);
        Add(size);
        Encoding.UTF8.GetBytes(text, Room(size));
    }

    public void Add(SlidingWindow window)
    {
        Add(window.Entries.Length);
        foreach (var (at, count) in window.Entries)
        {
            Add(at);
            Add(count);
        }
    }

    public readonly void Dispose()
    {
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
    }

    Span<byte> Room(int size)
    {
        if (buffer.Length - length < size)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length + size, 2 * buffer.Length));
            Written.CopyTo(larger);
            Dispose();
            buffer = rented = larger;
        }

        length += size;
        return buffer.Slice(length - size, size);
    }
}

/// <summary>Reads what <see cref="PackWriter"/> has written, in the same order.</summary>
ref struct PackReader(ReadOnlySpan<byte> bytes)
{
    readonly int length = bytes.Length;
    ReadOnlySpan<byte> left = bytes;

    /// <summary>How many bytes were read.</summary>
    public readonly int Position => length - left.Length;

    public long Number() => BinaryPrimitives.ReadInt64LittleEndian(Next(sizeof(long)));

    public byte Byte() => Next(1)[0];

    public bool Flag() => Byte() != 0;

    public DateTimeOffset Time() => DateTimeOffset.FromUnixTimeMilliseconds(Number());

    public DateTimeOffset? TimeOrNull() => Flag() ? Time() : null;

    public byte[] Bytes() => Next((int)Number()).ToArray();

    public string Text() => TextOrNull()!;

    public string? TextOrNull() => Flag() ? Encoding.UTF8.GetString(Next((int)Number())) : null;

    /// <summary>A text of ASCII or none, of which it is only asked whether it is this one.</summary>
    public bool? IsNext(string text) => Flag() ? Ascii.Equals(Next((int)Number()), text) : null;

    public SlidingWindow Window()
    {
        var entries = new (long At, int Count)[(int)Number()];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = (Number(), (int)Number());
        return SlidingWindow.Of(entries);
    }

    ReadOnlySpan<byte> Next(int size)
    {
        var next = left[..size];
        left = left[size..];
        return next;
    }
}
