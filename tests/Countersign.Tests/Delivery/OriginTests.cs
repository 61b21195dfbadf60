using Countersign.Delivery;

namespace Countersign.Tests.Delivery;

public sealed class OriginTests
{
    [Theory]
    [InlineData("203.0.113.77", null, "203.0.113.x")]
    [InlineData("2001:db8:1:2:3:4:5:6", null, "2001:db8:1::/48")]
    [InlineData(null, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox (Windows)")]
    [InlineData(null, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge (Windows)")]
    [InlineData(null, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome (Android)")]
    [InlineData(null, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", "Safari (iPhone)")]
    [InlineData("203.0.113.77", "curl/8.14.1", "203.0.113.x")]
    [InlineData("203.0.113.77", "Linux", "203.0.113.x, Linux")]
    [InlineData(null, null, null)]
    [InlineData("no address", "no browser", null)]
    [Trait("ASVS", "1.3.3")]
    [Trait("Attack", "12")]
    public void An_origin_is_a_network_and_a_browser_and_never_the_callers_own_words(string? ip, string? userAgent, string? expected) =>
        Assert.Equal(expected, Origin.Of(new Caller("alice", ip, userAgent)));

    [Fact]
    public void A_sentence_in_a_user_agent_reaches_nobody() =>
        Assert.Equal("203.0.113.x, Chrome", Origin.Of(new Caller("alice", "203.0.113.7", "Call +1 555 0100 at once. {{7*7}} <b>Chrome/1</b>")));
}
