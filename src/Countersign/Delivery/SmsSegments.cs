namespace Countersign.Delivery;

/// <summary>
/// What an SMS is charged by. In the GSM 7 bit default alphabet a segment takes 160 septets, and 153 where there are more of them; with any other character
/// it is UCS-2, and they are 70 and 67 (3GPP TS 23.038, 6.2.1, and TS 23.040, 9.2.3.24.1).
/// </summary>
/// <param name="Length">Septets, or UTF-16 code units.</param>
/// <param name="IsGsm7">Else UCS-2.</param>
readonly record struct SmsSegments(int Length, bool IsGsm7, int Count)
{
    /// <summary>TS 23.038, 6.2.1, in the order of the table, without the escape.</summary>
    const string Basic =
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

    /// <summary>TS 23.038, 6.2.1.1: two septets each, and never parted by the end of a segment.</summary>
    const string Extension = "\f^{}\\[~]|€";

    public string Encoding => IsGsm7 ? "GSM-7" : "UCS-2";

    public static SmsSegments Of(string text)
    {
        var isGsm7 = text.All(c => Basic.Contains(c, StringComparison.Ordinal) || Extension.Contains(c, StringComparison.Ordinal));
        return isGsm7
            ? Of(text.Select(c => Extension.Contains(c, StringComparison.Ordinal) ? 2 : 1), true, 160, 153)
            : Of(Ucs2(text), false, 70, 67);
    }

    static SmsSegments Of(IEnumerable<int> units, bool isGsm7, int alone, int amongOthers)
    {
        var (length, count, taken) = (0, 1, 0);
        foreach (var unit in units)
        {
            length += unit;
            taken += unit;
            if (taken > amongOthers)
                (count, taken) = (count + 1, unit);
        }

        return new SmsSegments(length, isGsm7, length <= alone ? 1 : count);
    }

    /// <summary>A surrogate pair is not parted either.</summary>
    static IEnumerable<int> Ucs2(string text) => text.EnumerateRunes().Select(rune => rune.Utf16SequenceLength);
}
