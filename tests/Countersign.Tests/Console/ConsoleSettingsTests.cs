using Countersign.Tests.Server;
using Microsoft.Extensions.Options;

namespace Countersign.Tests.Console;

public sealed class ConsoleSettingsTests
{
    const string Section = "Authentication:Schemes:Console";

    [Theory]
    [InlineData("Authority", "", "is missing. Set it to the URL of your OpenID Connect provider, or leave the section out: then there is no console.")]
    [InlineData("Authority", "http://idp.example", "is 'http://idp.example'; it is an absolute https URL (or http on loopback) without user, query and fragment.")]
    [InlineData("ClientId", "", "is missing. Register the console at your OpenID Connect provider, and set what it calls it.")]
    [InlineData("Scopes:0", "profile", "has no openid, without which nobody is signed in.")]
    [InlineData("OperatorClaim", " ", "is empty. Name the claim that makes an operator, or leave it out: then it is scope.")]
    [InlineData("OperatorValue", "a b", "is one value, without white space, or is left out: then it is countersign.operator.")]
    public async Task A_bad_setting_stops_the_start_by_its_name(string setting, string value, string complaint)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => Production.StartAsync([.. Good, $"{Section}:{setting}={value}"]));
        Assert.Equal([$"{Section}:{setting.Split(':')[0]} {complaint}"], error.Failures);
    }

    [Fact]
    public async Task An_unknown_setting_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => Production.StartAsync([.. Good, $"{Section}:Autority=https://idp.example"]));
        Assert.Equal([$"{Section}:Autority is no setting. Settings are listed in docs/configuration.md."], error.Failures);
    }

    [Fact]
    public async Task Outside_Development_the_address_that_signing_in_comes_back_to_is_configured()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => Production.StartAsync([.. Good, "Countersign:PublicUrl="]));
        Assert.Equal(
            [$"Countersign:PublicUrl is missing: signing in to the console comes back to it. Set it to the https URL of this server, or leave {Section} out."], error.Failures);
    }

    static string[] Good =>
        ["Countersign:PublicUrl=https://accounts.example.com", $"{Section}:Authority=https://idp.example", $"{Section}:ClientId=console"];
}
