using Countersign.Domain;
using CsCheck;

namespace Countersign.Tests.Domain;

public sealed class PhoneNumberTests
{
    const int Cases = 100_000;

    static readonly Gen<string> Digits = Gen.Select(Gen.Char['1', '9'], Gen.Char['0', '9'].Array[6, 14], (first, rest) => first + new string(rest));

    static readonly Gen<string> Separator = Gen.Frequency((6, Gen.Const("")), (4, Gen.OneOf(" ", ".", "-", "(", ")", ") ", " (", "--", "  ")));

    static readonly string[] Strange =
    [
        "\r", "\n", "\0", "\t", "\u0085", "\u2028", "\u2029", "\u00A0", "\u202F",
        "\u00AD", "\u200B", "\u200D", "\u200E", "\u202E", "\u2060", "\uFEFF",
        "+", "＋", "/", ",", ";", "x", "ext", "#", "*", "٠", "１", "²", "–", "‐", "a", "O", "%", "<", "\uD800",
    ];

    /// <summary>Digits of a valid number with separators between them.</summary>
    static readonly Gen<(string Digits, string Typed)> Typed = Gen.Select(Digits, Separator.Array[15], (digits, separators) =>
        (digits, "+" + string.Concat(digits.Select((digit, index) => index == digits.Length - 1 ? $"{digit}" : $"{digit}{separators[index]}"))));

    [Fact]
    public void Separators_between_do_not_count_and_what_is_accepted_is_its_own_canonical_form() =>
        Typed.Sample(
            (digits, typed) =>
            {
                if (typed.Length > 64)
                    return;

                Assert.True(Parse(typed, out var number), typed);
                Assert.True(number!.Value == "+" + digits, number.Value);
                Assert.True(number.Canonical == number.Value, number.Canonical);
                Assert.True(Parse(number.Canonical, out var again));
                Assert.True(number.Equals(again) && number.GetHashCode() == again!.GetHashCode());
                Assert.True(PhoneNumber.FromStore(number.Value).Value == number.Value);
            },
            iter: Cases);

    [Fact]
    public void A_strange_character_is_refused_wherever_it_stands() =>
        Gen.Select(Typed, Gen.OneOf(Strange), Gen.Double.Unit, (number, character, where) =>
            number.Typed.Insert((int)(where * (number.Typed.Length + 1)), character)).Sample(
            typed => Assert.False(Parse(typed, out _)), iter: Cases);

    [Fact]
    public void Two_numbers_are_equal_exactly_when_their_digits_are() =>
        Gen.Select(Typed, Gen.Int[0, 20], Gen.Char['0', '9'], (number, place, digit) =>
            (number.Digits, Other: place < number.Digits.Length ? number.Digits.Remove(place, 1).Insert(place, $"{digit}") : number.Digits)).Sample(
            (digits, other) =>
            {
                Assert.True(Parse("+" + digits, out var one));
                Assert.True(other[0] != '0' == Parse("+" + other, out var two));
                Assert.True(two is null || digits == other == one!.Equals(two));
            },
            iter: Cases);

    [Theory]
    [InlineData("+123456789", "+123456789")]
    [InlineData("+1234567", "+1234567")]
    [InlineData("+123456789012345", "+123456789012345")]
    [InlineData("+49 (151) 123-456.78", "+4915112345678")]
    [InlineData("+1 (555) 010 (9999)", "+15550109999")]
    public void A_number_is_kept_as_plus_and_digits(string typed, string stored)
    {
        Assert.True(Parse(typed, out var number));
        Assert.Equal(stored, number!.Value);
        Assert.Equal(KeyType.PhoneNumber, number.KeyType);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("+")]
    [InlineData("+123456")]
    [InlineData("+1234567890123456")]
    [InlineData("+0123456789")]
    [InlineData("+(0)123456789")]
    [InlineData("123456789")]
    [InlineData("00123456789")]
    [InlineData(" +123456789")]
    [InlineData("+123456789 ")]
    [InlineData("+123456789-")]
    [InlineData("+123456789.")]
    [InlineData("++123456789")]
    [InlineData("+123456789;ext=1")]
    [InlineData("tel:+123456789")]
    [InlineData("%2B123456789")]
    [InlineData("+١٢٣٤٥٦٧٨٩")]
    [InlineData("+１２３４５６７８９")]
    [InlineData("+       ")]
    [InlineData("+1                                                              234567")]
    [Trait("ASVS", "2.2.1")]
    public void What_is_no_number_is_refused(string? typed)
    {
        Assert.False(PhoneNumber.TryParse(typed, PhoneNumberAcceptance.Shape, out _, out var error));
        Assert.Equal("A phone number is + and 7 to 15 digits, the country code first: +4915123456789.", error);
    }

    [Theory]
    [InlineData("+4915112345678")]
    [InlineData("+12025550143")]
    [InlineData("+447400123456")]
    public void An_assigned_mobile_number_is_accepted(string typed) =>
        Assert.True(PhoneNumber.TryParse(typed, PhoneNumberAcceptance.Assigned, out _, out _));

    [Theory]
    [InlineData("+123456789")]
    [InlineData("+493012345678")]
    [InlineData("+9991234567")]
    [InlineData("+448001111111")]
    public void A_number_that_is_not_assigned_or_not_mobile_has_the_shape_only(string typed)
    {
        Assert.True(Parse(typed, out _));
        Assert.False(PhoneNumber.TryParse(typed, PhoneNumberAcceptance.Assigned, out _, out var error));
        Assert.Equal("This is not an assigned mobile number.", error);
    }

    static bool Parse(string? typed, out PhoneNumber? number) => PhoneNumber.TryParse(typed, PhoneNumberAcceptance.Shape, out number, out _);
}
