using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Faults;

/// <summary>Adds a phone number and removes it, again and again, and keeps account of what the server has acknowledged.</summary>
sealed class Customer(int number)
{
    const string Adding = "userKeys/adding/phoneNumber";
    const string Removing = "userKeys/removing";

    readonly string userId = $"customer-{number}";
    readonly string phone = $"+49151{number:00000000}";
    string? bearer;
    string? serviceBearer;
    bool hasPhone;

    public int Acknowledged { get; private set; }

    public int Issued { get; private set; }

    /// <summary>Codes that have done their work, oldest first, each with the path that it was redeemed at.</summary>
    public List<(string Path, string Code)> Redeemed { get; } = [];

    /// <summary>What was asked for when the server died: only here may the outcome be either.</summary>
    public string? InFlight { get; private set; }

    /// <summary>The reference of an acknowledged message that had not arrived when the server died.</summary>
    public string? Awaited { get; private set; }

    public async Task OpenAsync(HttpClient http)
    {
        bearer = await BearerAsync(http, new { userId });
        serviceBearer = await BearerAsync(http, new { userId = "platform", scope = "countersign.accounts" });
        var put = await SendAsync(http, HttpMethod.Put, $"/api/v1/admin/accounts/{userId}", new { email = $"{userId}@example.com" }, serviceBearer);
        Assert.Equal(201, put.Status);
    }

    /// <summary>Until the server is gone.</summary>
    public async Task UseAsync(HttpClient http)
    {
        try
        {
            while (true)
            {
                var path = hasPhone ? Removing : Adding;
                var issued = await AskAsync(http, $"token/{path}", hasPhone ? new { keyType = "PHONE_NUMBER" } : new { newPhoneNumber = phone });
                Issued++;
                Awaited = issued.Body.GetProperty("reference").GetString();
                var code = await CodeAsync(http, Awaited!);
                Awaited = null;

                await AskAsync(http, path, Redeeming(path, code));
                Redeemed.Add((path, code));
                hasPhone = !hasPhone;
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // Killed.
        }
    }

    /// <summary>Everything acknowledged is there, once, with its event, and nothing that was used can be used again.</summary>
    public async Task AssertKeptAsync(HttpClient http)
    {
        var trail = await SendAsync(http, HttpMethod.Get, $"/api/v1/admin/accounts/{userId}/events?limit=1000", null, serviceBearer!);
        Assert.True(trail.Status == 200, trail.Text);
        var types = trail.Body.EnumerateArray().Select(e => e.GetProperty("type").GetString()).ToList();
        var (added, removed) = (types.Count("user_key_added".Equals), types.Count("user_key_removed".Equals));

        AssertCount(Issued, InFlight?.StartsWith("token/", StringComparison.Ordinal) == true, types.Count("token_issued".Equals));
        AssertCount(Redeemed.Count(redeemed => redeemed.Path == Adding), InFlight == Adding, added);
        AssertCount(Redeemed.Count(redeemed => redeemed.Path == Removing), InFlight == Removing, removed);
        Assert.Equal(added + removed, types.Count("token_redeemed".Equals));
        Assert.Equal(1, types.Count("account_provisioned".Equals));

        var account = await SendAsync(http, HttpMethod.Get, $"/api/v1/admin/accounts/{userId}", null, serviceBearer!);
        var keys = account.Body.GetProperty("userKeys").EnumerateArray().Select(key => key.GetProperty("userKey").GetString());
        Assert.Equal(added > removed ? [$"{userId}@example.com", phone] : [$"{userId}@example.com"], keys);

        if (Redeemed.Count > 0)
        {
            var (path, code) = Redeemed[^1];
            var again = await SendAsync(http, HttpMethod.Post, $"/api/v1/{path}", Redeeming(path, code), bearer!);
            Assert.Equal(422, again.Status);
            Assert.Equal("token-invalid", again.Code);
        }
    }

    /// <summary>The message that was acknowledged arrives, and its code still works.</summary>
    public async Task AssertDeliveredAsync(HttpClient http, TimeSpan within)
    {
        string? code = null;
        await Eventually.ThatAsync(
            async () => (code = await FindCodeAsync(http, Awaited!)) is not null, $"the message {Awaited} to {userId} arrives", within);
        var path = hasPhone ? Removing : Adding;
        var redeemed = await SendAsync(http, HttpMethod.Post, $"/api/v1/{path}", Redeeming(path, code!), bearer!);
        Assert.True(redeemed.Status == 200, redeemed.Text);
    }

    async Task<Answer> AskAsync(HttpClient http, string path, object body)
    {
        InFlight = path;
        var answer = await SendAsync(http, HttpMethod.Post, $"/api/v1/{path}", body, bearer!);
        Assert.True(answer.Status == 200, $"{path}: {answer.Status} {answer.Text}");
        InFlight = null;
        Acknowledged++;
        return answer;
    }

    async Task<string> CodeAsync(HttpClient http, string reference)
    {
        string? code = null;
        await Eventually.ThatAsync(
            async () => (code = await FindCodeAsync(http, reference)) is not null, $"the message {reference} to {userId} arrives");
        return code!;
    }

    async Task<string?> FindCodeAsync(HttpClient http, string reference)
    {
        var messages = await http.GetFromJsonAsync<List<InboxItem>>($"/dev/inbox?destination={Uri.EscapeDataString(phone)}");
        // Three characters come again sooner or later: an earlier message with the same reference is one whose code was used.
        return messages!
            .FirstOrDefault(message => message.Reference == reference && Redeemed.All(redeemed => redeemed.Code != message.OneTimeToken))
            ?.OneTimeToken;
    }

    static object Redeeming(string path, string code) =>
        path == Removing ? new { keyType = "PHONE_NUMBER", oneTimeToken = code } : new { oneTimeToken = code };

    static void AssertCount(int acknowledged, bool oneMoreIsPossible, int found) =>
        Assert.InRange(found, acknowledged, acknowledged + (oneMoreIsPossible ? 1 : 0));

    static async Task<string> BearerAsync(HttpClient http, object body)
    {
        var response = await http.PostAsJsonAsync("/dev/token", body);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString()!;
    }

    static async Task<Answer> SendAsync(HttpClient http, HttpMethod method, string path, object? body, string bearer)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return await Answer.OfAsync(await http.SendAsync(request));
    }
}
