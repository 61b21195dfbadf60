using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Countersign.Tests.Hosting;

/// <summary>Somebody with a bearer token, and the verbs of the contract.</summary>
sealed class TestUser(TestServer server, string userId, string? scope)
{
    string? bearer;

    public string UserId => userId;

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> PutAsync(string path, object body) => SendAsync(HttpMethod.Put, path, body);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> AccountAsync() => GetAsync("/api/v1/account");

    /// <summary>Issues a token (<paramref name="path"/> without /api/v1/token/) and reads its code where it went.</summary>
    public async Task<string> CodeAsync(string path, string destination, object? body = null)
    {
        var issued = await PostAsync($"/api/v1/token/{path}", body);
        Assert.True(issued.Status == 200, $"{path}: {issued.Status} {issued.Text}");
        return await CodeOfAsync(issued, destination);
    }

    /// <summary>The code of the message with the reference that an issuing answer names.</summary>
    public async Task<string> CodeOfAsync(Answer issued, string destination)
    {
        var reference = issued.Body.GetProperty("reference").GetString();
        // Three characters come again sooner or later, and so do six digits: a message that belongs to another answer is not this one's.
        var message = await server.MessageAsync(
            destination, item => item.Reference == reference && ReferenceEquals(server.AnswerOf.GetOrAdd($"{item.Reference} {item.OneTimeToken}", issued), issued));
        return message.OneTimeToken!;
    }

    public Task<Answer> RedeemAsync(string path, object body) => PostAsync($"/api/v1/{path}", body);

    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        bearer ??= await server.BearerAsync(userId, scope);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return await Answer.OfAsync(await server.Http.SendAsync(request));
    }
}

/// <summary>What came back.</summary>
sealed record Answer(int Status, string Text, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonElement Body => JsonDocument.Parse(Text).RootElement;

    public string? Code => Body.GetProperty("code").GetString();

    public int? AttemptsRemaining => Body.TryGetProperty("attemptsRemaining", out var value) ? value.GetInt32() : null;

    public static async Task<Answer> OfAsync(HttpResponseMessage response)
    {
        using (response)
            return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers);
    }
}
