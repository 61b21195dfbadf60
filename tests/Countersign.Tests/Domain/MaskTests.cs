namespace Countersign.Tests.Domain;

public sealed class MaskTests
{
    [Theory]
    [InlineData("alice@example.com", "a***e@example.com")]
    [InlineData("email@email.com", "e***l@email.com")]
    [InlineData("abc@example.com", "a***c@example.com")]
    [InlineData("ab@example.com", "a***@example.com")]
    [InlineData("a@example.com", "a***@example.com")]
    [InlineData("Alice@EXAMPLE.com", "A***e@example.com")]
    [InlineData("x@bücher.example", "x***@xn--bcher-kva.example")]
    [InlineData("+123456789", "+******789")]
    [InlineData("+1234567", "+****567")]
    [InlineData("+123456789012345", "+************345")]
    public void An_address_shows_its_ends_and_prints_as_its_mask(string text, string masked)
    {
        var address = World.Address(text)!;
        Assert.Equal(masked, address.Masked);
        Assert.Equal(masked, address.ToString());
    }
}
