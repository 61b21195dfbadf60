using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Stores;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Server;

/// <summary>A walk through everything that a server answers, failures among it, with the values of <see cref="Canaries"/>.</summary>
sealed class CanaryTour(Canaries canaries, TestServer server)
{
    public const int SmsToABlock = 5;
    public const int MailsToAnAddress = 14;

    const string AddEmail = "/api/v1/token/userKeys/adding/email";

    readonly TestUser alice = server.User();

    string Email => canaries.Email;

    string OtherEmail => canaries.OtherEmail;

    public async Task RunAsync()
    {
        canaries.Keep(CanaryKind.Bearer, await server.BearerAsync("alice", null));
        await MakeAnAccountAsync();
        await ChangeAKeyAsync();
        await AskForWhatOthersHaveAsync();
        await AskAgainAsync();
        await GuessAsync();
        await MeetLimitsAsync();
        await StepUpAsync();
        await HoldAsync();
        await FailToSendAsync();
        await UndoAsync();
        await BreakBodiesAsync();
        await BreakTheStoreAsync();
        await EraseAsync();
        await ForgeAsync();
    }

    async Task MakeAnAccountAsync()
    {
        await RedeemAsync("userKeys/adding/email", $"userKeys/adding/email?newEmail={Email}", Email, code => new { oneTimeToken = code });
        await RedeemAsync(
            "userKeys/adding/phoneNumber", $"userKeys/adding/phoneNumber?newPhoneNumber={canaries.Number}", canaries.Number, code => new { oneTimeToken = code });
        await RedeemAsync(
            "antiPhishing/adding", "antiPhishing/adding", Email, code => new { oneTimeToken = code, antiPhishingCode = canaries.AntiPhishingCode });
        (await alice.AccountAsync()).IsOk();

        // From what a bearer says.
        var email = canaries.NewEmail("claims");
        var bearer = canaries.Keep(
            CanaryKind.Bearer, server.BearerWith(new() { ["sub"] = "claire", ["email"] = email, ["email_verified"] = true, ["phone_number"] = canaries.Number, ["phone_number_verified"] = true }));
        Assert.Single((await server.SendAsync("GET", "/api/v1/account", bearer)).IsOk().Keys());
    }

    async Task ChangeAKeyAsync()
    {
        var first = await CodeAsync("userKeys/changing?keyType=EMAIL", Email);
        var wrong = canaries.Keep(CanaryKind.Code, first[0] == '2' ? $"3{first[1..]}" : $"2{first[1..]}");
        (await alice.PostAsync("/api/v1/token/userKeys/changing/newKey", new { oneTimeToken = wrong, newUserKey = OtherEmail })).IsRefused(422, "token-invalid");
        var second = await CodeAsync("userKeys/changing/newKey", OtherEmail, new { oneTimeToken = first, newUserKey = OtherEmail });
        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).IsOk();
        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).IsRefused(422, "token-invalid");
    }

    async Task AskForWhatOthersHaveAsync()
    {
        var bob = server.User("bob");
        // Alice's, and one that is kept for her.
        foreach (var email in new[] { OtherEmail, Email })
            (await bob.PostAsync($"{AddEmail}?newEmail={email}")).IsOk();
        (await bob.ResendAsync("userKeys/adding", "EMAIL")).IsOk();
        (await bob.CancelAsync("userKeys/adding", "EMAIL")).IsOk(204);
        Assert.NotEmpty(await server.InboxAsync(Email));

        (await alice.PostAsync($"{AddEmail}?newEmail={Email}")).IsRefused(409, "key-exists");
        (await server.Service().PutAsync("/api/v1/admin/accounts/carol", new { email = OtherEmail })).IsRefused(409, "key-taken");
        (await server.Service().GetAsync("/api/v1/admin/accounts/alice")).IsOk();
        (await server.Service().GetAsync("/api/v1/admin/accounts/alice/events?limit=10")).IsOk();
        (await alice.GetAsync($"/api/v1/nowhere?newEmail={Email}")).IsRefused(404, "not-found");
        (await alice.GetAsync($"{AddEmail}?newEmail={Email}")).IsRefused(405, "method-not-allowed");
    }

    async Task AskAgainAsync()
    {
        var (key, email) = (canaries.NewIdempotencyKey("adding"), canaries.NewEmail("again"));
        var first = await SendAsync(server.User("bob"), AddEmail, new { newEmail = email }, $"\"{key}\"");
        Assert.Equal(first.IsOk().Text, (await SendAsync(server.User("bob"), AddEmail, new { newEmail = email }, $"\"{key}\"")).IsOk().Text);
        (await SendAsync(server.User("bob"), AddEmail, new { newEmail = OtherEmail }, $"\"{key}\"")).IsRefused(422, "idempotency-key-reused");
        (await SendAsync(server.User("bob"), AddEmail, new { newEmail = email }, $"\"{key}")).IsRefused(400, "validation");
        (await SendAsync(server.User("bob"), $"/api/v1/account?key={key}", new { }, key)).IsOk(405);

        var code = canaries.Keep(CanaryKind.Code, await server.User("bob").CodeOfAsync(first, email));
        var redeeming = canaries.NewIdempotencyKey("redeeming");
        for (var i = 0; i < 2; i++)
            (await SendAsync(server.User("bob"), "/api/v1/userKeys/adding/email", new { oneTimeToken = code }, redeeming)).IsOk();
    }

    /// <summary>Until the operation takes no more.</summary>
    async Task GuessAsync()
    {
        (await alice.PostAsync("/api/v1/token/userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
        var wrong = canaries.Keep(CanaryKind.Code, $"{new string('Z', 4)}-{new string('7', 4)}");
        for (var i = 0; i < 5; i++)
            (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = wrong })).IsRefused(422, "token-invalid");
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = wrong })).IsRefused(429, "too-many-attempts");
    }

    async Task MeetLimitsAsync()
    {
        // The same block of numbers, from many accounts.
        var block = $"+43664{canaries.Number[^6..]}";
        for (var i = 0; i <= SmsToABlock; i++)
        {
            var number = canaries.Keep(CanaryKind.Address, $"{block}{i:000}");
            var answer = await server.User($"user-{i}").PostAsync("/api/v1/token/userKeys/adding/phoneNumber", new { newPhoneNumber = number });
            answer.IsOk(i < SmsToABlock ? 200 : 429);
        }

        var abroad = canaries.Keep(CanaryKind.Address, $"+49151{canaries.Number[^6..]}77");
        (await server.User("user-0").PostAsync("/api/v1/token/userKeys/adding/phoneNumber", new { newPhoneNumber = abroad })).Blames("newPhoneNumber");
        // From here on it says 200, and nothing is sent.
        var busy = canaries.NewEmail("busy");
        for (var i = 0; i <= MailsToAnAddress; i++)
            (await server.User("user-1").PostAsync(AddEmail, new { newEmail = busy })).IsOk();
        Assert.Contains(await server.EventsAsync("user-1"), e => e.TryGetProperty("reason", out var reason) && reason.GetString() == "not sent: recipient");
    }

    async Task StepUpAsync()
    {
        var code = canaries.Keep(CanaryKind.Code, "YYYY-7777");
        (await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = code, antiPhishingCode = canaries.AntiPhishingCode }))
            .IsRefused(401, "insufficient-user-authentication");
        (await alice.PostAsync($"/api/v1/token/antiPhishing/changing?email={Email}")).IsRefused(401, "insufficient-user-authentication");
    }

    async Task HoldAsync()
    {
        (await server.SendAsync("GET", "/.well-known/jwks.json")).IsOk();
        var holds = (await server.Service().GetAsync("/api/v1/admin/accounts/alice/holds")).IsOk();
        canaries.Keep(CanaryKind.Bearer, holds.Body.Text("statement")!);
        (await server.Operator().PostAsync("/api/v1/admin/accounts/alice/holds/lifting", new { reason = "userKeys/changing", explanation = "by video" })).IsOk();
        (await alice.PostAsync("/api/v1/admin/accounts/alice/holds/lifting", new { reason = Email, explanation = Email })).IsRefused(403, "forbidden");
    }

    async Task FailToSendAsync()
    {
        var refused = canaries.NewEmail(ReserveSender.Refused);
        canaries.Keep(CanaryKind.Code, await server.User("user-2").CodeAsync("userKeys/adding/email", refused, new { newEmail = refused }));
        await Eventually.ThatAsync(
            async () => (await server.Operator().GetAsync("/api/v1/admin/messages?userId=user-2")).IsOk().Text.Contains("\"lastError\":\"*** ", StringComparison.Ordinal),
            "the message is dead, and what was said of it is kept without what it quoted");
        (await server.Operator().GetAsync("/api/v1/admin/messages?state=SENT&limit=1000")).IsOk();
    }

    /// <summary>The link of a notice, and the page that it leads to.</summary>
    async Task UndoAsync()
    {
        var notice = await server.MessageAsync(
            Email, item => item.Text.Contains("/undo#", StringComparison.Ordinal) && item.Text.Contains("changed to", StringComparison.Ordinal));
        foreach (var item in await server.InboxAsync())
        {
            foreach (Match link in Regex.Matches(item.Text, "/undo#([A-Za-z0-9_-]{43})"))
                canaries.Keep(CanaryKind.UndoToken, link.Groups[1].Value);
        }

        var token = Regex.Match(notice.Text, "/undo#([A-Za-z0-9_-]{43})").Groups[1].Value;
        Assert.Equal(200, (await server.SendAsync("GET", $"/undo?token={token}")).Status);
        Assert.Equal(422, (await server.SendAsync("POST", $"/undo?token={token}")).Status);
        Assert.Equal(422, (await server.SendAsync("POST", "/undo", content: Verbs.Content($"{{\"token\":\"{token}\"}}"))).Status);
        foreach (var (text, status) in new[] { (token[1..], 422), (token, 200), (token, 422) })
            Assert.Equal(status, (await server.SendAsync("POST", "/undo", content: new FormUrlEncodedContent([new("token", text)]))).Status);
        (await alice.PostAsync("/api/v1/token/userKeys/changing?keyType=EMAIL")).IsRefused(409, "account-frozen");
    }

    async Task BreakBodiesAsync()
    {
        var code = canaries.Keep(CanaryKind.Code, "WWWW-7777");
        var member = canaries.NewEmail("member");
        foreach (var body in new[]
        {
            $"{{\"newEmail\":{Email}}}", $"{{\"newEmail\":\"{Email}\"", $"{{\"newEmail\":[\"{Email}\"]}}", $"\"{Email}\"", $"{{\"newEmail\":\"{Email}\",\"newEmail\":\"{Email}\"}}",
            $"{{\"newEmail\":\"{Email}\",\"{member}\":1}}", $"{{\"newEmail\":\"{Email}\\ud800\"}}", $"{{\"newEmail\":\"<{Email}>\"}}",
        })
            (await alice.PostAsync(AddEmail, body)).IsRefused(400, "validation");
        foreach (var body in new[] { $"{{\"oneTimeToken\":\"{code}", $"{{\"oneTimeToken\":\"{code}{code}\"}}", $"{{\"oneTimeToken\":[\"{code}\"]}}", $"{code}" })
            (await alice.PostAsync("/api/v1/userKeys/adding/email", body)).IsRefused(400, "validation");

        (await alice.PostAsync($"{AddEmail}?newEmail={Email}%20")).IsRefused(400, "validation");
        (await alice.PostAsync($"{AddEmail}?newEmail={Email}", new { newEmail = Email })).IsRefused(400, "validation");
        (await alice.PostAsync($"/api/v1/userKeys/adding/email?oneTimeToken={code}")).IsRefused(400, "validation");
        (await alice.PostAsync(AddEmail, $"{{\"newEmail\":\"{Email}{new string(' ', 20_000)}\"}}")).IsRefused(413, "too-large");
        using var text = new HttpRequestMessage(HttpMethod.Post, "/api/v1/userKeys/adding/email") { Content = Verbs.Content(code, "text/plain") };
        (await alice.SendAsync(text)).IsRefused(415, "unsupported-media-type");
    }

    /// <summary>A table that is gone is a store that is not there; a column that is gone is a defect, whose exception is logged.</summary>
    async Task BreakTheStoreAsync()
    {
        var code = canaries.Keep(CanaryKind.Code, "VVVV-7777");
        foreach (var (breaking, mending, status) in new[]
        {
            ("ALTER TABLE key_claims RENAME TO key_claims_away", "ALTER TABLE key_claims_away RENAME TO key_claims", 503),
            ("ALTER TABLE key_claims RENAME COLUMN address TO away", "ALTER TABLE key_claims RENAME COLUMN away TO address", 500),
        })
        {
            await ExecuteAsync(breaking);
            (await alice.PostAsync(AddEmail, new { newEmail = Email })).IsOk(status);
            (await SendAsync(alice, "/api/v1/userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code }, canaries.NewIdempotencyKey("lost"))).IsOk(status);
            await ExecuteAsync(mending);
        }

        (await alice.AccountAsync()).IsOk();
    }

    async Task EraseAsync()
    {
        var erin = await server.UserWithAsync(new { email = canaries.NewEmail("erased") }, "erin");
        (await erin.AccountAsync()).IsOk();
        (await server.Service().DeleteAsync("/api/v1/admin/accounts/erin")).IsOk(204);
    }

    /// <summary>Bearers that are refused, and requests that cannot even be read.</summary>
    async Task ForgeAsync()
    {
        var bearer = canaries.Keep(CanaryKind.Bearer, await server.BearerAsync("alice", null));
        var forged = canaries.Keep(CanaryKind.Bearer, bearer[..^6] + "AAAAAA");
        Assert.Equal(401, await BareAsync($"GET /api/v1/account?access_token={bearer} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {forged}\r\nUser-Agent: {Email}\r\nConnection: close\r\n\r\n"));
        Assert.Equal(505, await BareAsync($"POST {AddEmail}?newEmail={Email} HTTP/7.7\r\nHost: x\r\n\r\n"));
        Assert.Equal(400, await BareAsync($"POST {AddEmail}?newEmail={Email} HTTP1\r\nHost: x\r\n\r\n"));
        Assert.Equal(400, await BareAsync($"GET /api/v1/account HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer {bearer}\r\n\r\n"));
        Assert.Equal(400, await BareAsync($"GET /api/v1/account HTTP/1.1\r\nHost: {Email}/\r\n\r\n"));
    }

    async Task RedeemAsync(string path, string issuing, string destination, Func<string, object> body) =>
        (await alice.RedeemAsync(path, body(await CodeAsync(issuing, destination)))).IsOk();

    async Task<string> CodeAsync(string issuing, string destination, object? body = null) =>
        canaries.Keep(CanaryKind.Code, await alice.CodeAsync(issuing, destination, body));

    static async Task<Answer> SendAsync(TestUser user, string path, object body, string idempotencyKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Verbs.Content(System.Text.Json.JsonSerializer.Serialize(body)) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        return await user.SendAsync(request);
    }

    Task<bool> ExecuteAsync(string text) =>
        server.Services.GetRequiredService<ISqlEngine>().WriteAsync(new SqlStatement(text), _ => true, TestContext.Current.CancellationToken);

    /// <summary>A request that no HTTP client would send.</summary>
    async Task<int> BareAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Url.Host, server.Url.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var line = await reader.ReadLineAsync();
        return int.Parse(line!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
