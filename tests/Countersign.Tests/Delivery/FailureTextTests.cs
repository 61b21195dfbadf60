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
    [Trait("ASVS", "16.4.1")]
    public void A_reason_names_neither_the_recipient_nor_the_code_and_is_one_line(string? reason, string shown) =>
        Assert.Equal(shown, FailureText.Of(reason, Secrets(Sample.Email("alice@example.com"))));

    [Fact]
    public void A_number_is_hidden_with_and_without_its_plus() =>
        Assert.Equal("To *** (***): unknown", FailureText.Of("To +4915112345678 (4915112345678): unknown", Secrets(Sample.Number("+4915112345678"))));

    [Fact]
    public void A_long_reason_is_cut() => Assert.Equal(new string('x', 200), FailureText.Of(new string('x', 10_000), Secrets(Sample.Email("alice@example.com"))));

    [Fact]
    public void An_address_is_hidden_as_it_stands_in_a_URL() =>
        Assert.Equal("GET /verify?to=***&n=1", FailureText.Of("GET /verify?to=alice%40EXAMPLE.com&n=1", Secrets(Sample.Email("alice@example.com"))));

    [Fact]
    public void A_code_is_hidden_without_its_dash_and_so_are_the_anti_phishing_code_and_the_end_of_a_link()
    {
        var content = new MessageContent(
            MessageKind.Code, KeyType.Email, "alice@example.com", Operation.ChangingKey, KeyType.Email, "ABCD-2345", "K7Q", null, "blue4sky", null, Now, Now)
        {
            UndoToken = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83",
        };
        Assert.Equal(
            "spam: ***, *** (***), https://x.example/undo#***",
            FailureText.Of("spam: BLUE4SKY, abcd-2345 (ABCD2345), https://x.example/undo#q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83", FailureText.SecretsOf(content)));
    }

    static IReadOnlyList<string> Secrets(Address to) => FailureText.SecretsOf(
        QueuedMessage.New("alice", "one", Sample.CodeMessage("one", to, new Purpose(Operation.ChangingKey, to.KeyType), Now)).Content);
}
