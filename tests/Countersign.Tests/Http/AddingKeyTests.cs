using Countersign.Tests.Hosting;

namespace Countersign.Tests.Http;

public sealed class AddingKeyTests
{
    [Fact]
    public async Task An_email_is_added_with_the_code_that_went_to_it()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        var issued = await alice.PostAsync("/api/v1/token/userKeys/adding/email?newEmail=email@email.com");
        Assert.Equal(200, issued.Status);
        Assert.Equal("30min.", issued.Body.GetProperty("expiration").GetString());
        Assert.Equal("e***l@email.com", issued.Body.GetProperty("destination").GetString());

        var code = await alice.CodeOfAsync(issued, "email@email.com");
        var redeemed = await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = code });
        Assert.Equal(200, redeemed.Status);
        Assert.Equal("e***l@email.com", redeemed.Body.GetProperty("userKeys")[0].GetProperty("userKey").GetString());
    }
}
