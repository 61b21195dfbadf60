using Countersign.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Server;

public sealed class ProvisioningFromClaimsTests
{
    [Fact]
    public async Task An_account_is_made_of_what_the_provider_has_verified()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var account = await FirstCallAsync(server, ("email", "Alice@Example.com"), ("email_verified", true), ("phone_number", "+43 660 1234567"), ("phone_number_verified", true));
        Assert.Equal(["EMAIL A***e@example.com", "PHONE_NUMBER +*********567"], Keys(account));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData(false, false)]
    [InlineData(1, false)]
    [InlineData("yes", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public async Task Only_what_is_verified_is_taken_over(object? verified, bool isTaken)
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        (string, object)[] claims = [("email", "alice@example.com"), ("phone_number", "+436601234567")];
        if (verified is not null)
            claims = [.. claims, ("email_verified", verified), ("phone_number_verified", verified)];
        var account = await FirstCallAsync(server, claims);
        Assert.Equal(isTaken ? ["EMAIL a***e@example.com", "PHONE_NUMBER +*********567"] : [], Keys(account));
    }

    [Fact]
    public async Task One_verified_claim_does_not_speak_for_the_other()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var account = await FirstCallAsync(server, ("email", "alice@example.com"), ("email_verified", false), ("phone_number", "+436601234567"), ("phone_number_verified", true));
        Assert.Equal(["PHONE_NUMBER +*********567"], Keys(account));
    }

    [Fact]
    public async Task A_claim_that_is_no_address_is_left_out()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        var account = await FirstCallAsync(server, ("email", "alice"), ("email_verified", true), ("phone_number", "0660 1234567"), ("phone_number_verified", true));
        Assert.Equal([], Keys(account));
    }

    [Fact]
    public async Task A_key_of_another_account_is_left_out()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        await server.UserWithAsync(new { email = "alice@example.com" }, "alice");
        var account = await FirstCallAsync(
            server, ("sub", "mallory"), ("email", "ALICE@example.com"), ("email_verified", true), ("phone_number", "+436601234567"), ("phone_number_verified", true));
        Assert.Equal("mallory", account.Body.GetProperty("userId").GetString());
        Assert.Equal(["PHONE_NUMBER +*********567"], Keys(account));
    }

    [Fact]
    public async Task Claims_change_nothing_in_an_account_that_is_there()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        await server.UserWithAsync(new { email = "alice@example.com" });
        var account = await FirstCallAsync(server, ("email", "other@example.com"), ("email_verified", true), ("phone_number", "+436601234567"), ("phone_number_verified", true));
        Assert.Equal(["EMAIL a***e@example.com"], Keys(account));
    }

    [Theory]
    [InlineData("de-AT", "de-AT")]
    [InlineData("en", "en")]
    [InlineData("../../etc", null)]
    [InlineData("", null)]
    public async Task The_locale_is_taken_over_where_it_is_one(string claim, string? locale)
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        Assert.Equal(200, (await FirstCallAsync(server, ("locale", claim))).Status);

        var security = server.Services.GetRequiredService<AccountSecurity>();
        var found = await security.GetAsync(new Caller("test"), "alice", TestContext.Current.CancellationToken);
        Assert.True(found.TryGet(out var account, out _));
        Assert.Equal(locale, account.Locale);
    }

    [Fact]
    public async Task Without_provisioning_there_is_no_account_until_the_platform_makes_one()
    {
        await using var server = await TestServer.StartAsync([.. Production.SharedKeyBearer, "Countersign:Accounts:ProvisionFromClaims=false"]);
        var refused = await FirstCallAsync(server, ("email", "alice@example.com"), ("email_verified", true));
        Assert.Equal(404, refused.Status);
        Assert.Equal("account-not-found", refused.Code);
        Assert.Equal("account-not-found", (await server.Service().GetAsync("/api/v1/admin/accounts/alice")).Code);

        await server.UserWithAsync(new { email = "alice@example.com" });
        Assert.Equal(200, (await FirstCallAsync(server)).Status);
    }

    [Fact]
    public async Task Nothing_is_made_for_the_platform_itself()
    {
        await using var server = await TestServer.StartAsync(Production.SharedKeyBearer);
        Assert.Equal(404, (await server.Service().GetAsync("/api/v1/admin/accounts/platform")).Status);
        Assert.Equal(404, (await server.Service().GetAsync("/api/v1/admin/accounts/platform")).Status);
    }

    static string[] Keys(Answer account)
    {
        Assert.True(account.Status == 200, account.Text);
        return [.. account.Body.GetProperty("userKeys").EnumerateArray().Select(key => $"{key.GetProperty("keyType").GetString()} {key.GetProperty("userKey").GetString()}")];
    }

    static async Task<Answer> FirstCallAsync(TestServer server, params (string Name, object Value)[] claims)
    {
        var all = Tokens.Claims(Production.Issuer, DateTimeOffset.UtcNow);
        foreach (var (name, value) in claims)
            all[name] = value;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/account");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Tokens.Hs256(Production.SharedKey, all)}");
        return await Answer.OfAsync(await server.Http.SendAsync(request));
    }
}
