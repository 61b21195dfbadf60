using System.Text.Json;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class DevelopmentEndpointTests
{
    [Fact]
    public async Task A_bearer_is_given_to_anybody_and_lasts_as_long_as_it_says()
    {
        await using var server = await StartWithClockAsync();

        var answer = (await server.SendAsync("POST", "/dev/token", null, Content("""{"userId":"alice"}"""))).IsOk();
        Assert.Equal(["accessToken", "expiresIn"], answer.Body.Members());
        var bearer = answer.Body.Text("accessToken")!;
        Assert.Equal("alice", (await server.SendAsync("GET", "/api/v1/account", bearer)).IsOk().Body.Text("userId"));
        (await server.SendAsync("GET", "/api/v1/admin/accounts/alice", bearer)).IsRefused(403, "forbidden");

        server.Clock!.Advance(TimeSpan.FromSeconds(answer.Body.GetProperty("expiresIn").GetInt32() - 1));
        (await server.SendAsync("GET", "/api/v1/account", bearer)).IsOk();
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        (await server.SendAsync("GET", "/api/v1/account", bearer)).IsRefused(401, "unauthenticated");
    }

    [Fact]
    public async Task A_bearer_has_the_scope_that_was_asked_for()
    {
        await using var server = await TestServer.StartAsync();

        var answer = (await server.SendAsync("POST", "/dev/token", null, Content("""{"userId":"p","scope":"openid countersign.accounts"}"""))).IsOk();
        (await server.SendAsync("GET", "/api/v1/admin/accounts/x", answer.Body.Text("accessToken"))).IsRefused(404, "account-not-found");
    }

    [Fact]
    public async Task The_token_endpoint_is_strict_too()
    {
        await using var server = await TestServer.StartAsync();
        Task<Answer> SendAsync(string body) => server.SendAsync("POST", "/dev/token", null, Content(body));

        (await SendAsync("{}")).Blames("userId");
        (await SendAsync("""{"userId":""}""")).Blames("userId");
        (await SendAsync("""{"userId":"a\u0000b"}""")).Blames("userId");
        (await SendAsync("""{"userId":"a","sub":"b"}""")).Blames("sub");
        (await SendAsync("")).Blames("body");
        (await server.SendAsync("POST", "/dev/token", null, Content("{}", "text/plain"))).IsRefused(415, "unsupported-media-type");
        Assert.Equal("POST", (await server.SendAsync("GET", "/dev/token")).IsRefused(405, "method-not-allowed").ContentHeaders.Allow.Single());
        Assert.Equal("GET", (await server.SendAsync("POST", "/dev/inbox")).IsRefused(405, "method-not-allowed").ContentHeaders.Allow.Single());
    }

    [Fact]
    public async Task The_inbox_lists_newest_first_all_or_those_to_one_destination()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);
        await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        server.Clock!.Advance(TimeSpan.FromSeconds(1));
        await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);

        var all = (await server.SendAsync("GET", "/dev/inbox")).IsOk().Body.EnumerateArray().ToList();
        Assert.Equal([Email, Phone, Email], all.Select(item => item.Text("destination")!));
        Assert.Equal([Start.AddSeconds(2), Start.AddSeconds(1), Start], all.Select(item => item.Time("sentAt")));
        Assert.Equal(["EMAIL", "PHONE_NUMBER", "EMAIL"], all.Select(item => item.Text("channel")!));
        Assert.All(all, item => Assert.Equal(["channel", "destination", "subject", "text", "html", "oneTimeToken", "reference", "sentAt"], item.Members()));
        Assert.Equal(JsonValueKind.Null, all[1].GetProperty("subject").ValueKind);
        Assert.Equal(JsonValueKind.Null, all[1].GetProperty("html").ValueKind);

        async Task<int> CountAsync(string query) =>
            (await server.SendAsync("GET", $"/dev/inbox?{query}")).IsOk().Body.GetArrayLength();
        Assert.Equal(2, await CountAsync("destination=alice@example.com"));
        Assert.Equal(2, await CountAsync("destination=ALICE%40Example.com"));
        Assert.Equal(1, await CountAsync("destination=+123456789"));
        Assert.Equal(1, await CountAsync("destination=%2B1-234-56789"));
        Assert.Equal(0, await CountAsync("destination=lice@example.com"));
        Assert.Equal(0, await CountAsync("destination=%25"));
        Assert.Equal(0, await CountAsync("destination="));
        (await server.SendAsync("GET", "/dev/inbox?destination=a@b.cd&destination=a@b.cd")).Blames("destination");
    }

    [Fact]
    public async Task The_newest_thousand_messages_are_kept()
    {
        await using var server = await StartWithClockAsync();
        var inbox = server.Services.GetRequiredService<DevelopmentInbox>();
        Task KeepAsync(int number) => inbox.KeepAsync(
            new OutgoingMessage($"{number:0000}", "alice", Address.FromStore(KeyType.Email, Email), "s", $"message {number}", "h", null, null),
            TestContext.Current.CancellationToken);

        await Task.WhenAll(Enumerable.Range(0, 998).Select(KeepAsync));
        server.Clock!.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(998, 2).Select(KeepAsync));
        Assert.Equal(1000, (await server.InboxAsync()).Count);

        server.Clock.Advance(TimeSpan.FromSeconds(1));
        foreach (var number in new[] { 1000, 1001, 1002 })
            await KeepAsync(number);
        var texts = (await server.InboxAsync()).Select(item => item.Text).ToList();
        Assert.Equal(1000, texts.Count);
        Assert.Equal(["message 1002", "message 1001", "message 1000"], texts.Take(3));
        Assert.Equal("message 3", texts[^1]);
    }

    [Fact]
    public async Task The_inbox_tokens_and_bearers_survive_a_restart()
    {
        using var folder = new TestFolder();
        string code, bearer;
        await using (var server = await TestServer.StartAsync(new TestServer.Setup { Folder = folder }))
        {
            var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "blue4sky" });
            code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
            await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(code) });
            bearer = await server.BearerAsync("alice", null);
        }

        await using (var server = await TestServer.StartAsync(new TestServer.Setup { Folder = folder }))
        {
            var message = Assert.Single(await server.InboxAsync(Email));
            Assert.Equal(code, message.OneTimeToken);
            Assert.Contains("blue4sky", message.Text, StringComparison.Ordinal);

            var account = (await server.SendAsync("GET", "/api/v1/account", bearer)).IsOk();
            Assert.Equal(4, account.PendingOperation("userKeys/removing").GetProperty("attemptsRemaining").GetInt32());
            Assert.Equal("b******y", account.AntiPhishing());
            (await server.User().RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsOk();
        }
    }

    [Fact]
    public async Task The_inbox_is_not_legible_in_the_database_file()
    {
        using var folder = new TestFolder();
        string code;
        await using (var server = await TestServer.StartAsync(new TestServer.Setup { Folder = folder, Settings = ["Countersign:Tokens:Code=Base32"] }))
        {
            var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, antiPhishingCode = "canary4sky" });
            code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        }

        foreach (var file in Directory.GetFiles(folder.Path, "countersign.db*"))
        {
            var bytes = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.DoesNotContain(code, bytes, StringComparison.Ordinal);
            Assert.DoesNotContain(code.Replace("-", "", StringComparison.Ordinal), bytes, StringComparison.Ordinal);
            Assert.DoesNotContain("canary4sky", bytes, StringComparison.Ordinal);
            Assert.DoesNotContain("Nobody will ever", bytes, StringComparison.Ordinal);
        }
    }
}
