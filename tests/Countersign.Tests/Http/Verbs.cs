using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Countersign.Server;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Countersign.Tests.Http;

/// <summary>What the tests of the contract say again and again.</summary>
static class Verbs
{
    public const string Email = "alice@example.com";
    public const string Phone = "+123456789";

    public static readonly object BothKeys = new { email = Email, phoneNumber = Phone };

    public static readonly DateTimeOffset Start = new(2026, 11, 22, 19, 0, 0, TimeSpan.Zero);

    /// <summary>A server whose clock stands still until the test moves it. A bearer lasts an hour of it.</summary>
    public static Task<TestServer> StartWithClockAsync(params string[] settings) =>
        TestServer.StartAsync(new TestServer.Setup { Clock = new FakeTimeProvider(Start), Settings = settings });

    public static Task<Answer> IssueAsync(this TestUser user, string path, object? body = null) => user.PostAsync($"/api/v1/token/{path}", body);

    /// <summary>Issues, and reads the code of exactly this answer where it went.</summary>
    public static async Task<string> CodeAfterAsync(this TestUser user, Task<Answer> issuing, string destination) =>
        await user.CodeOfAsync((await issuing).IsOk(), destination);

    /// <summary>Both steps of a change up to the code that went to the new key.</summary>
    public static async Task<string> NewKeyCodeAsync(this TestUser user, string keyType, string current, string newUserKey)
    {
        var first = await user.CodeAsync($"userKeys/changing?keyType={keyType}", current);
        return await user.CodeAsync("userKeys/changing/newKey", newUserKey, new { oneTimeToken = first, newUserKey });
    }

    public static Task<Answer> ResendAsync(this TestUser user, string operation, string? keyType = null) =>
        user.IssueAsync("resending", OperationBody(operation, keyType));

    public static Task<Answer> CancelAsync(this TestUser user, string operation, string? keyType = null) =>
        user.IssueAsync("cancelling", OperationBody(operation, keyType));

    public static Task<Answer> PutAccountAsync(this TestServer server, string userId, object profile) =>
        server.Service().PutAsync($"/api/v1/admin/accounts/{userId}", profile);

    public static async Task<List<JsonElement>> EventsAsync(this TestServer server, string userId) =>
        [.. (await server.Service().GetAsync($"/api/v1/admin/accounts/{userId}/events?limit=1000")).IsOk().Body.EnumerateArray()];

    /// <summary>A code of the same form that is none of these.</summary>
    public static string Wrong(params string[] codes) =>
        Enumerable.Range(0, 10)
            .Select(digit => new string((char)('0' + digit), codes[0].Count(char.IsAsciiLetterOrDigit)))
            .First(code => !codes.Contains(code));

    /// <summary>A bearer with whatever claims, signed as the server's own.</summary>
    public static string BearerWith(this TestServer server, Dictionary<string, object> claims, Action<SecurityTokenDescriptor>? change = null)
    {
        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = DevelopmentBearers.Issuer,
            Audience = DevelopmentBearers.Issuer,
            Claims = claims,
            Expires = DateTime.UtcNow.AddHours(1),
            SigningCredentials = new SigningCredentials(
                server.Services.GetRequiredService<DevelopmentBearers>().Key, SecurityAlgorithms.EcdsaSha256),
        };
        change?.Invoke(descriptor);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    /// <summary>A request as it is, with this bearer or none.</summary>
    public static async Task<Answer> SendAsync(
        this TestServer server, string method, string path, string? bearer = null, HttpContent? content = null, bool isChunked = false)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        if (bearer is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        if (isChunked)
            request.Headers.TransferEncodingChunked = true;
        return await Answer.OfAsync(await server.Http.SendAsync(request));
    }

    /// <summary>A body with a content type that is sent letter by letter.</summary>
    public static HttpContent Content(string text, string? contentType = "application/json")
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return content;
    }

    public static Answer IsOk(this Answer answer, int status = 200)
    {
        Assert.True(answer.Status == status, $"{answer.Status} instead of {status}: {answer.Text}");
        return answer;
    }

    public static Answer IsRefused(this Answer answer, int status, string code)
    {
        answer.IsOk(status);
        Assert.Equal(code, answer.Code);
        return answer;
    }

    /// <summary>A 400 that blames exactly these fields.</summary>
    public static Answer Blames(this Answer answer, params string[] fields)
    {
        answer.IsRefused(400, "validation");
        Assert.Equal(fields, answer.Body.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        return answer;
    }

    public static int RetryAfter(this Answer answer) => int.Parse(answer.Headers.GetValues("Retry-After").Single(), CultureInfo.InvariantCulture);

    public static IEnumerable<string> Members(this JsonElement element) => element.EnumerateObject().Select(member => member.Name);

    public static string? Text(this JsonElement element, string member) => element.GetProperty(member).GetString();

    public static DateTimeOffset Time(this JsonElement element, string member) => element.GetProperty(member).GetDateTimeOffset();

    /// <summary>The keys of an account as it shows them, the email first.</summary>
    public static IEnumerable<string?> Keys(this Answer account) =>
        account.Body.GetProperty("userKeys").EnumerateArray().Select(key => key.Text("userKey"));

    public static JsonElement Key(this Answer account, string keyType) =>
        account.Body.GetProperty("userKeys").EnumerateArray().Single(key => key.Text("keyType") == keyType);

    public static bool HasMfa(this Answer account, string keyType) => account.Key(keyType).GetProperty("mfaEnabled").GetBoolean();

    public static string? AntiPhishing(this Answer account) => account.Body.Text("antiPhishingCode");

    /// <summary><c>userKeys/changing EMAIL</c> for each pending operation.</summary>
    public static IEnumerable<string> Pending(this Answer account) => account.Body.GetProperty("pendingOperations").EnumerateArray()
        .Select(pending => pending.Text("operation") + (pending.TryGetProperty("keyType", out var keyType) ? $" {keyType.GetString()}" : ""));

    public static JsonElement PendingOperation(this Answer account, string operation) =>
        account.Body.GetProperty("pendingOperations").EnumerateArray().Single(pending => pending.Text("operation") == operation);

    static object OperationBody(string operation, string? keyType) => keyType is null ? new { operation } : new { operation, keyType };
}
