using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Server;

/// <summary>
/// A walk through everything that a server answers, failures among it, with values that occur nowhere else; and a search for them where they must
/// not be. Codes are base-32, because six digits are found in any heap of numbers.
/// </summary>
sealed class Canaries
{
    readonly string mark = Guid.NewGuid().ToString("N")[..12];
    readonly ConcurrentDictionary<string, string> secrets = [];

    public static string[] Settings { get; } = ["Countersign:Tokens:Code=Base32", "Countersign:PublicUrl=https://accounts.example.com"];

    public string Email => $"canary.{mark}@example.com";

    public string OtherEmail => $"other.{mark}@example.com";

    public string AntiPhishingCode => $"Bird{mark}";

    public async Task TourAsync(TestServer server)
    {
        var number = $"+43660{Random.Shared.NextInt64(1_000_000, 9_999_999)}";
        Keep("email", Email);
        Keep("other email", OtherEmail);
        Keep("number", number);
        Keep("number", number[1..]);
        Keep("anti-phishing code", AntiPhishingCode);
        var bearer = Keep("bearer", await server.BearerAsync("alice", null));

        var alice = server.User();
        await RedeemAsync(alice, "userKeys/adding/email", $"userKeys/adding/email?newEmail={Email}", Email, code => new { oneTimeToken = code });
        await RedeemAsync(alice, "userKeys/adding/phoneNumber", $"userKeys/adding/phoneNumber?newPhoneNumber={number}", number, code => new { oneTimeToken = code });
        await RedeemAsync(alice, "antiPhishing/adding", "antiPhishing/adding", Email, code => new { oneTimeToken = code, antiPhishingCode = AntiPhishingCode });
        Assert.Equal(200, (await alice.AccountAsync()).Status);

        // A change in two steps, a wrong code, a wrong body, a conflict, somebody else's address, a path that there is not.
        var first = Keep("code", await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email));
        var wrong = Keep("wrong code", first[0] == '2' ? $"3{first[1..]}" : $"2{first[1..]}");
        Assert.Equal(422, (await alice.PostAsync("/api/v1/token/userKeys/changing/newKey", new { oneTimeToken = wrong, newUserKey = OtherEmail })).Status);
        var second = Keep("code", await alice.CodeAsync("userKeys/changing/newKey", OtherEmail, new { oneTimeToken = first, newUserKey = OtherEmail }));
        Assert.Equal(200, (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).Status);
        Assert.Equal(422, (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = second })).Status);
        Assert.Equal(400, (await alice.PostAsync($"/api/v1/token/userKeys/adding/email?newEmail={Email}%20")).Status);
        Assert.Equal(400, (await alice.PostAsync("/api/v1/token/userKeys/adding/email", $"{{\"newEmail\":\"{Email}\",\"{Email}\":1}}")).Status);
        Assert.Equal(400, (await alice.PostAsync("/api/v1/token/userKeys/adding/email", $"{{\"newEmail\":{Email}}}")).Status);
        Assert.Equal(409, (await alice.PostAsync($"/api/v1/token/userKeys/adding/email?newEmail={Email}")).Status);
        Assert.Equal(200, (await server.User("bob").PostAsync($"/api/v1/token/userKeys/adding/email?newEmail={OtherEmail}")).Status);
        Assert.Equal(404, (await alice.GetAsync($"/api/v1/nowhere?newEmail={Email}")).Status);
        Assert.Equal(405, (await alice.GetAsync($"/api/v1/token/userKeys/adding/email?newEmail={Email}")).Status);
        Assert.Equal(409, (await server.Service().PutAsync("/api/v1/admin/accounts/carol", new { email = OtherEmail })).Status);
        Assert.Equal(200, (await server.Service().GetAsync("/api/v1/admin/accounts/alice")).Status);
        Assert.Equal(200, (await server.Service().GetAsync("/api/v1/admin/accounts/alice/events?limit=10")).Status);
        Assert.NotEmpty(await server.InboxAsync(Email));

        // The link of a notice, and the page that it leads to.
        var notice = await server.MessageAsync(Email, item => item.Text.Contains("/undo#", StringComparison.Ordinal) && item.Text.Contains("changed to", StringComparison.Ordinal));
        var token = Keep("undo token", Regex.Match(notice.Text, "/undo#([A-Za-z0-9_-]{43})").Groups[1].Value);
        Assert.Equal(200, (await Answer.OfAsync(await server.Http.GetAsync("/undo"))).Status);
        foreach (var (text, status) in new[] { (token[1..], 422), (token, 200), (token, 422) })
            Assert.Equal(status, (await Answer.OfAsync(await server.Http.PostAsync("/undo", new FormUrlEncodedContent([new("token", text)])))).Status);

        // Bearers that are refused, and requests that cannot even be read.
        var forged = Keep("forged bearer", bearer[..^6] + "AAAAAA");
        Assert.Equal(401, await BareAsync(server, $"GET /api/v1/account?access_token={bearer} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {forged}\r\nUser-Agent: {Email}\r\nConnection: close\r\n\r\n"));
        Assert.Equal(505, await BareAsync(server, $"POST /api/v1/token/userKeys/adding/email?newEmail={Email} HTTP/7.7\r\nHost: x\r\n\r\n"));
        Assert.Equal(400, await BareAsync(server, $"POST /api/v1/token/userKeys/adding/email?newEmail={Email} HTTP1\r\nHost: x\r\n\r\n"));
        Assert.Equal(400, await BareAsync(server, $"GET /api/v1/account HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer {bearer}\r\n\r\n"));
        Assert.Equal(400, await BareAsync(server, $"GET /api/v1/account HTTP/1.1\r\nHost: {Email}/\r\n\r\n"));
    }

    /// <summary>Which canaries stand in a text, and where.</summary>
    public IEnumerable<string> FindIn(string where, string? text)
    {
        if (string.IsNullOrEmpty(text))
            yield break;
        foreach (var (secret, kind) in secrets)
        {
            if (Around(text, secret) is { } found)
                yield return $"{kind} in {where}: {found}";
        }

        // How every JWT begins: {"alg":
        if (Around(text, "eyJhbGciOi") is { } bearer)
            yield return $"some bearer in {where}: {bearer}";
        foreach (var parameter in new[] { "newEmail=", "newPhoneNumber=", "access_token=" })
        {
            if (Around(text, parameter) is { } found)
                yield return $"query string in {where}: {found}";
        }
    }

    static string? Around(string text, string part)
    {
        var at = text.IndexOf(part, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : text[Math.Max(0, at - 200)..Math.Min(text.Length, at + part.Length + 100)];
    }

    string Keep(string kind, string secret)
    {
        secrets[secret] = kind;
        secrets[Uri.EscapeDataString(secret)] = kind;
        if (kind.EndsWith("code", StringComparison.Ordinal) && secret.Contains('-', StringComparison.Ordinal))
            secrets[secret.Replace("-", "", StringComparison.Ordinal)] = kind;
        // The parts of a bearer that are not the same in everybody's.
        if (kind.EndsWith("bearer", StringComparison.Ordinal))
        {
            foreach (var part in secret.Split('.')[1..])
                secrets[part] = kind;
        }

        return secret;
    }

    async Task RedeemAsync(TestUser user, string path, string issuing, string destination, Func<string, object> body)
    {
        var code = Keep("code", await user.CodeAsync(issuing, destination));
        var redeemed = await user.RedeemAsync(path, body(code));
        Assert.True(redeemed.Status == 200, redeemed.Text);
    }

    /// <summary>A request that no HTTP client would send.</summary>
    static async Task<int> BareAsync(TestServer server, string request)
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
