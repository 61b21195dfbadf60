using Countersign.Domain;
using CsCheck;

namespace Countersign.Tests.Domain;

public sealed class TokenCodeTests
{
    [Theory]
    [InlineData(CodeFormat.Digits6, "123456", "123456")]
    [InlineData(CodeFormat.Digits6, " 123 456 ", "123456")]
    [InlineData(CodeFormat.Digits6, "123-456", "123456")]
    [InlineData(CodeFormat.Digits6, "1-2-3 4-5-6", "123456")]
    [InlineData(CodeFormat.Digits6, "000000", "000000")]
    [InlineData(CodeFormat.Digits8, "1234 5678", "12345678")]
    [InlineData(CodeFormat.Base32, "ABCD-EFGH", "ABCDEFGH")]
    [InlineData(CodeFormat.Base32, "abcd efgh", "ABCDEFGH")]
    [InlineData(CodeFormat.Base32, "oOiI-lL01", "00111101")]
    [InlineData(CodeFormat.Base32, "VWXYZ789", "VWXYZ789")]
    public void What_a_person_types_is_read(CodeFormat format, string typed, string code)
    {
        Assert.True(TokenCode.TryParse(typed, format, out var read, out var error));
        Assert.Equal(code, read.Reveal());
        Assert.Null(error);
    }

    [Theory]
    [InlineData(CodeFormat.Digits6, null)]
    [InlineData(CodeFormat.Digits6, "")]
    [InlineData(CodeFormat.Digits6, "   ")]
    [InlineData(CodeFormat.Digits6, "12345")]
    [InlineData(CodeFormat.Digits6, "1234567")]
    [InlineData(CodeFormat.Digits6, "12345678")]
    [InlineData(CodeFormat.Digits6, "12345a")]
    [InlineData(CodeFormat.Digits6, "12345O")]
    [InlineData(CodeFormat.Digits6, "+12345")]
    [InlineData(CodeFormat.Digits6, "123456\n")]
    [InlineData(CodeFormat.Digits6, "123456\0")]
    [InlineData(CodeFormat.Digits6, "12\t3456")]
    [InlineData(CodeFormat.Digits6, "123\u00A0456")]
    [InlineData(CodeFormat.Digits6, "１２３４５６")]
    [InlineData(CodeFormat.Digits6, "١٢٣٤٥٦")]
    [InlineData(CodeFormat.Digits8, "123456")]
    [InlineData(CodeFormat.Base32, "ABCDEFG")]
    [InlineData(CodeFormat.Base32, "ABCDEFGU")]
    [InlineData(CodeFormat.Base32, "ABCDEFGı")]
    [InlineData(CodeFormat.Base32, "ABCDEFGſ")]
    [InlineData(CodeFormat.Base32, "ABCDEFG\u212A")]
    public void Anything_else_is_not_and_the_error_says_what_would_be(CodeFormat format, string? typed)
    {
        Assert.False(TokenCode.TryParse(typed, format, out _, out var error));
        Assert.StartsWith("A one-time token is ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Spaces_and_dashes_beyond_any_measure_are_refused()
    {
        Assert.True(TokenCode.TryParse("123456" + new string(' ', 58), CodeFormat.Digits6, out _, out _));
        Assert.False(TokenCode.TryParse("123456" + new string(' ', 59), CodeFormat.Digits6, out _, out _));
    }

    [Theory]
    [InlineData(CodeFormat.Digits6)]
    [InlineData(CodeFormat.Digits8)]
    [InlineData(CodeFormat.Base32)]
    public void A_code_is_read_back_from_how_it_is_shown(CodeFormat format) =>
        Gen.Char[TokenCode.Alphabet(format)].Array[TokenCode.Length(format)].Sample(
            characters =>
            {
                var code = new TokenCode(new string(characters), format);
                var shown = code.RevealForReading();
                foreach (var typed in new[] { shown, code.Reveal(), shown.ToLowerInvariant(), $"  {string.Join('-', characters)} " })
                {
                    Assert.True(TokenCode.TryParse(typed, format, out var read, out _), typed);
                    Assert.Equal(code.Reveal(), read.Reveal());
                }
            },
            iter: 10_000);

    [Fact]
    public void Only_base_32_is_shown_with_a_dash()
    {
        Assert.Equal("12345678", new TokenCode("12345678", CodeFormat.Digits8).RevealForReading());
        Assert.Equal("ABCD-EFGH", new TokenCode("ABCDEFGH", CodeFormat.Base32).RevealForReading());
    }

    [Fact]
    public void A_code_prints_as_nothing()
    {
        var code = new TokenCode("482913", CodeFormat.Digits6);
        Assert.Equal("", code.ToString());
        Assert.Equal("", $"{code}");
        Assert.DoesNotContain("482913", TokenCodesTests.DrawOf("482913").ToString(), StringComparison.Ordinal);
    }
}
