using Countersign.Delivery;

namespace Countersign.Tests.Delivery;

public sealed class SmsSegmentsTests
{
    public static TheoryData<string, int, bool, int> Known => new()
    {
        { "", 0, true, 1 },
        { "739105", 6, true, 1 },
        { new string('a', 160), 160, true, 1 },
        { new string('a', 161), 161, true, 2 },
        { new string('a', 306), 306, true, 2 },
        { new string('a', 307), 307, true, 3 },
        // Each of the extension table takes two.
        { new string('€', 80), 160, true, 1 },
        { new string('€', 80) + "a", 161, true, 2 },
        { "^{}\\[~]|€", 18, true, 1 },
        // None is parted: the 153rd septet stays empty.
        { new string('a', 152) + "€" + new string('a', 152), 306, true, 3 },
        { "àèéìòùäöüñÄÖÜÑÉÅåÆæØøßÇ¡¿§£¥¤@$", 31, true, 1 },
        { "ΔΦΓΛΩΠΨΣΘΞ\r\n", 12, true, 1 },
        { "ê", 1, false, 1 },
        { "ç", 1, false, 1 },
        { "ó", 1, false, 1 },
        { "’", 1, false, 1 },
        { "`", 1, false, 1 },
        { "\u00A0", 1, false, 1 },
        { new string('ї', 70), 70, false, 1 },
        { new string('ї', 71), 71, false, 2 },
        { new string('ї', 134), 134, false, 2 },
        { new string('ї', 135), 135, false, 3 },
        { new string('a', 69) + "ї", 70, false, 1 },
        // Nor is a pair of surrogates.
        { string.Concat(Enumerable.Repeat("🔑", 35)), 70, false, 1 },
        { new string('ї', 66) + "🔑" + new string('ї', 66), 134, false, 3 },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void A_text_is_counted_as_networks_count_it(string text, int length, bool isGsm7, int count)
    {
        var segments = SmsSegments.Of(text);
        Assert.Equal((length, isGsm7, count), (segments.Length, segments.IsGsm7, segments.Count));
        Assert.Equal(isGsm7 ? "GSM-7" : "UCS-2", segments.Encoding);
    }

    [Fact]
    public void The_default_alphabet_has_127_characters_beside_the_escape_and_ten_more_by_it()
    {
        var all = Enumerable.Range(0, 0x10000).Where(c => !char.IsSurrogate((char)c)).Select(c => SmsSegments.Of($"{(char)c}")).Where(one => one.IsGsm7).ToList();
        Assert.Equal((127, 10), (all.Count(one => one.Length == 1), all.Count(one => one.Length == 2)));
    }
}
