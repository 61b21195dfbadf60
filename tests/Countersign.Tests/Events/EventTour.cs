using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Events;

/// <summary>Every kind of event at least once, over two accounts; afterwards both are erased.</summary>
static partial class EventTour
{
    const string Other = "mallory@example.org";

    /// <summary>The codes that went out.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(TestServer server)
    {
        var codes = new List<string>();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "bluefox9" });
        var bob = await server.UserWithAsync(new { email = "bob@example.com" }, "bob");

        async Task RedeemAsync(TestUser user, string path, string destination, object? issuing, Func<string, object> redeeming, string? issuingPath = null)
        {
            codes.Add(await user.CodeAsync(issuingPath ?? path, destination, issuing));
            (await user.RedeemAsync(path, redeeming(codes[^1]))).IsOk();
        }

        const string Number = "PHONE_NUMBER";
        await RedeemAsync(alice, "mfa/enabling", Phone, new { destination = Number }, code => new { destination = Number, oneTimeToken = code });
        await RedeemAsync(alice, "mfa/disabling", Phone, new { destination = Number }, code => new { destination = Number, oneTimeToken = code });
        await RedeemAsync(alice, "antiPhishing/changing", Email, null, code => new { oneTimeToken = code, antiPhishingCode = "redfox9" });
        await RedeemAsync(alice, "userKeys/removing", Phone, new { keyType = Number }, code => new { keyType = Number, oneTimeToken = code });
        await RedeemAsync(bob, "userKeys/adding/phoneNumber", "+4915112345678", new { newPhoneNumber = "+4915112345678" }, code => new { oneTimeToken = code });

        // Wrong ones, until the operation is locked.
        codes.Add(await bob.CodeAsync("userKeys/removing?keyType=EMAIL", "bob@example.com"));
        for (var i = 0; i < 5; i++)
            await bob.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(codes[^1]) });
        codes.Add(await bob.CodeAsync("userKeys/removing?keyType=EMAIL", "bob@example.com"));
        for (var i = 0; i < 5; i++)
            await bob.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(codes[^1]) });

        // A change, undone; what was pending is revoked.
        codes.Add(await alice.NewKeyCodeAsync("EMAIL", Email, Other));
        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = codes[^1] })).IsOk();
        codes.Add(await alice.CodeAsync("antiPhishing/changing", Other));
        var notice = await server.MessageAsync(Email, item => Link().IsMatch(item.Text) && item.Text.Contains("was changed to", StringComparison.Ordinal));
        using var form = new FormUrlEncodedContent([new("token", Link().Match(notice.Text).Groups[1].Value)]);
        (await server.SendAsync("POST", "/undo", null, form)).IsOk();
        (await server.Operator().PostAsync("/api/v1/admin/accounts/alice/holds/lifting", new { reason = "recovery", explanation = "ticket 4711" })).IsOk();

        foreach (var user in new[] { "alice", "bob" })
            Assert.Equal(204, (await server.Service().DeleteAsync($"/api/v1/admin/accounts/{user}")).Status);
        return codes;
    }

    [GeneratedRegex("/undo#([A-Za-z0-9_-]{43})")]
    private static partial Regex Link();
}
