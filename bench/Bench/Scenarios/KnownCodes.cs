namespace Countersign.Bench.Scenarios;

/// <summary>The code of each account that was sent last, and those before it, some of which may still be good.</summary>
sealed class KnownCodes(int accounts)
{
    const int Remembered = 4;

    readonly byte[][][] codes = [.. Enumerable.Range(0, accounts).Select(_ => Array.Empty<byte[]>())];

    public ReadOnlySpan<byte> Latest(int place) => codes[place][0];

    public void Take(int place, byte[] code) => codes[place] = [code, .. codes[place].Take(Remembered - 1)];

    /// <summary>One that is none of them.</summary>
    public void WriteWrong(int place, Span<byte> wrong)
    {
        Latest(place).CopyTo(wrong);
        do
            wrong[^1] = (byte)('0' + ((wrong[^1] - '0' + 1) % 10));
        while (IsKnown(place, wrong));
    }

    bool IsKnown(int place, ReadOnlySpan<byte> code)
    {
        foreach (var known in codes[place])
        {
            if (code.SequenceEqual(known))
                return true;
        }

        return false;
    }
}
