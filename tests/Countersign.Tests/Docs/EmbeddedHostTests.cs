using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Countersign.Tests.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Countersign.Tests.Docs;

public sealed class EmbeddedHostTests
{
    const string Issuer = "https://issuer.example";
    const string Audience = "https://shop.example";

    static readonly byte[] SigningKey = RandomNumberGenerator.GetBytes(32);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_of_a_few_lines_adds_an_email_in_its_own_process()
    {
        await using var shop = await StartAsync();
        Assert.Equal("An application with Countersign in it.", await shop.Http.GetStringAsync("/hello", Ct));
        Assert.Equal(HttpStatusCode.Unauthorized, (await shop.Http.GetAsync("/api/v1/account", Ct)).StatusCode);

        shop.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Bearer("alice"));
        var issued = await PostAsync(shop, "token/userKeys/adding/email", new { newEmail = "alice@example.com" });
        Assert.Equal("a***e@example.com", issued.GetProperty("destination").GetString());

        var code = await CodeAsync(shop, issued.GetProperty("reference").GetString()!);
        var account = await PostAsync(shop, "userKeys/adding/email", new { oneTimeToken = code });
        Assert.Equal("alice", account.GetProperty("userId").GetString());
        Assert.Equal("a***e@example.com", account.GetProperty("userKeys")[0].GetProperty("userKey").GetString());
    }

    [Fact]
    public async Task A_key_of_somebody_else_signs_for_nobody()
    {
        await using var shop = await StartAsync();
        var forged = Bearer("alice", RandomNumberGenerator.GetBytes(32));
        shop.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", forged);

        var answer = await shop.Http.GetAsync("/api/v1/account", Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("default-src 'none'; frame-ancestors 'none'; base-uri 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
    }

    static Task<HostProcess> StartAsync() => HostProcess.StartAsync(
        "EmbeddedHost",
        $"Authentication:Schemes:Bearer:ValidIssuer={Issuer}",
        $"Authentication:Schemes:Bearer:ValidAudiences:0={Audience}",
        $"Authentication:Schemes:Bearer:SigningKeys:0:Issuer={Issuer}",
        $"Authentication:Schemes:Bearer:SigningKeys:0:Value={Convert.ToBase64String(SigningKey)}");

    static string Bearer(string userId, byte[]? key = null) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Issuer,
        Audience = Audience,
        Claims = new Dictionary<string, object> { ["sub"] = userId },
        Expires = DateTime.UtcNow.AddMinutes(5),
        SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(key ?? SigningKey), SecurityAlgorithms.HmacSha256),
    });

    static async Task<JsonElement> PostAsync(HostProcess shop, string path, object body)
    {
        var answer = await shop.Http.PostAsJsonAsync($"/api/v1/{path}", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    static async Task<string> CodeAsync(HostProcess shop, string reference)
    {
        var deadline = Environment.TickCount64 + 10_000;
        while (Environment.TickCount64 < deadline)
        {
            var inbox = await shop.Http.GetFromJsonAsync<List<InboxItem>>("/dev/inbox");
            if (inbox!.FirstOrDefault(item => item.Reference == reference) is { } message)
                return message.OneTimeToken!;
            await Task.Delay(10);
        }

        throw new TimeoutException($"There is no message {reference}.");
    }
}
