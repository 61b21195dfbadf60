using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Delivery;

public sealed class FailureTextTests
{
    static readonly DateTimeOffset Now = new TestClock().Now;

    [Theory]
    [InlineData("550 5.1.1 <Alice@EXAMPLE.com>: no such mailbox", "550 5.1.1 <***>: no such mailbox")]
    [InlineData("Your code is 246810", "Your code is ***")]
    [InlineData("two\r\nlines\u0000", "two  lines ")]
    [InlineData("", "no reason given")]
    [InlineData(null, "no reason given")]
    public void A_reason_names_neither_the_recipient_nor_the_code_and_is_one_line(string? reason, string shown) =>
        Assert.Equal(shown, FailureText.Of(reason, Content(Sample.Email("alice@example.com"))));

    [Fact]
    public void A_number_is_hidden_with_and_without_its_plus() =>
        Assert.Equal("To *** (***): unknown", FailureText.Of("To +4915112345678 (4915112345678): unknown", Content(Sample.Number("+4915112345678"))));

    [Fact]
    public void A_long_reason_is_cut() => Assert.Equal(new string('x', 200), FailureText.Of(new string('x', 10_000), Content(Sample.Email("alice@example.com"))));

    static MessageContent Content(Address to) =>
        QueuedMessage.New("alice", "one", Sample.CodeMessage("one", to, new Purpose(Operation.ChangingKey, to.KeyType), Now)).Content;
}
