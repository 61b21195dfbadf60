using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed partial class TakeoverTests
{
    const string Gone = "+4915112345678";

    [Fact]
    [Trait("Attack", "17")]
    public async Task A_pending_change_to_an_address_that_another_account_has_proven_never_completes_also_after_it_was_given_up()
    {
        await using var server = await StartWithClockAsync();
        var mallory = await server.UserWithAsync(new { email = "mallory@example.org" }, "mallory");
        var prepared = await mallory.CodeAsync("userKeys/adding/phoneNumber", Gone, new { newPhoneNumber = Gone });
        var alice = await server.UserWithAsync(new { email = Email });
        var code = await alice.CodeAsync("userKeys/adding/phoneNumber", Gone, new { newPhoneNumber = Gone });
        (await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk();

        (await mallory.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = prepared })).IsRefused(409, "key-taken");
        await GiveUpAsync(alice);
        (await mallory.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = prepared })).IsRefused(409, "key-taken");
        Assert.Equal(["m***y@example.org"], (await mallory.AccountAsync()).Keys());
    }

    [Fact]
    public async Task A_removed_address_is_kept_for_thirty_days_and_then_anybodys()
    {
        await using var server = await StartWithClockAsync();
        await GiveUpAsync(await server.UserWithAsync(new { email = Email, phoneNumber = Gone }));
        var bob = await server.UserWithAsync(new { email = "bob@example.com" }, "bob");

        (await bob.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = Gone })).IsOk();
        var notice = await server.MessageAsync(Gone, item => item.Text.Contains("a short while ago", StringComparison.Ordinal));
        Assert.Contains("Somebody asked to make +**********678 a key of an account.", notice.Text, StringComparison.Ordinal);
        Assert.Null(notice.OneTimeToken);

        server.Clock!.Leap(TimeSpan.FromDays(30));
        bob = server.User("bob");
        var code = await bob.CodeAsync("userKeys/adding/phoneNumber", Gone, new { newPhoneNumber = Gone });
        (await bob.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk();
    }

    [Fact]
    public async Task Its_last_holder_takes_it_back_at_once()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Gone });
        await GiveUpAsync(alice);

        var code = await alice.CodeAsync("userKeys/adding/phoneNumber", Gone, new { newPhoneNumber = Gone });
        Assert.Equal(["a***e@example.com", "+**********678"], (await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk().Keys());
    }

    [Fact]
    public async Task The_platform_may_give_it_to_another_account_and_its_erasure_frees_it()
    {
        await using var server = await TestServer.StartAsync();
        await GiveUpAsync(await server.UserWithAsync(new { email = Email, phoneNumber = Gone }));
        (await server.PutAccountAsync("bob", new { phoneNumber = Gone })).IsOk(201);

        await GiveUpAsync(await server.UserWithAsync(new { email = "carol@example.com", phoneNumber = Phone }, "carol"), Phone);
        (await server.Service().DeleteAsync("/api/v1/admin/accounts/carol")).IsOk(204);
        var dave = server.User("dave");
        var code = await dave.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });
        (await dave.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk();
    }

    [Fact]
    public async Task How_long_is_a_setting()
    {
        await using var server = await TestServer.StartAsync("Countersign:Accounts:KeepReleasedFor=00:00:00");
        await GiveUpAsync(await server.UserWithAsync(new { email = Email, phoneNumber = Gone }));
        var bob = server.User("bob");
        var code = await bob.CodeAsync("userKeys/adding/phoneNumber", Gone, new { newPhoneNumber = Gone });
        (await bob.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk();
    }

    [Fact]
    [Trait("ASVS", "6.3.8")]
    [Trait("Attack", "15")]
    public async Task A_free_a_taken_a_kept_and_an_own_address_of_the_past_get_the_same_bytes()
    {
        await using var server = await StartWithClockAsync();
        await GiveUpAsync(await server.UserWithAsync(new { email = Email, phoneNumber = "+4915100000678" }), "+4915100000678");
        await server.UserWithAsync(new { phoneNumber = "+4915111111678" }, "bob");
        var carol = await server.UserWithAsync(new { email = "carol@example.com", phoneNumber = "+4915122222678" }, "carol");
        await GiveUpAsync(carol, "+4915122222678");

        var answers = new List<Answer>();
        foreach (var (userId, number) in new[] { ("d1", "+4915133333678"), ("d2", "+4915111111678"), ("d3", "+4915100000678"), ("carol", "+4915122222678") })
        {
            var user = server.User(userId);
            answers.Add((await user.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = number })).IsOk());
            answers.Add((await user.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = "ABCDEF" })).IsOk(400));
            answers.Add((await user.ResendAsync("userKeys/adding", "PHONE_NUMBER")).IsOk());
        }

        var bytes = answers.Select(Bytes).Chunk(3).ToList();
        Assert.Equal(bytes[0], bytes[1]);
        Assert.Equal(bytes[0], bytes[2]);
        Assert.Equal(bytes[0], bytes[3]);
        Assert.Contains("+**********678", bytes[0][0], StringComparison.Ordinal);
    }

    static async Task GiveUpAsync(TestUser user, string number = Gone)
    {
        var code = await user.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", number);
        (await user.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = code })).IsOk();
    }

    /// <summary>Status, headers and body, but for what is drawn at random and the time of day.</summary>
    static string Bytes(Answer answer) => string.Join(
        '\n',
        answer.Headers.Concat(answer.ContentHeaders).Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(',', header.Value)}")
            .Prepend($"{answer.Status}").Append(Random().Replace(answer.Text, "\"\"")));

    [GeneratedRegex("(?<=\"(reference|traceId)\":)\"[^\"]+\"")]
    private static partial Regex Random();
}
