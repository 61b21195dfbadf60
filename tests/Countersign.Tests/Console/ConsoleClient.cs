using System.Net;
using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Console;

/// <summary>An operator without a browser, who has the cookies of one, and sends the forms of the page that was read last.</summary>
sealed partial class ConsoleClient : IDisposable
{
    readonly HttpClient http;
    string form = "";

    public ConsoleClient(TestServer server, params (string Name, string Value)[] headers)
    {
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = server.Url };
        foreach (var (name, value) in headers)
            http.DefaultRequestHeaders.Add(name, value);
    }

    public CookieContainer Cookies { get; } = new();

    public static async Task<ConsoleClient> SignInAsync(TestServer server)
    {
        var client = new ConsoleClient(server);
        Assert.Equal(200, (await client.GetAsync("/console/sign-in")).Status);
        var signedIn = await client.PostAsync("/console/sign-in/development");
        Assert.Equal((302, "/console"), (signedIn.Status, Location(signedIn)));
        return client;
    }

    public static string? Location(Answer answer) => answer.Headers.Location?.OriginalString;

    public async Task<Answer> GetAsync(string path)
    {
        var answer = await Answer.OfAsync(await http.GetAsync(path));
        if (Token().Match(answer.Text) is { Success: true } token)
            form = token.Groups[1].Value;
        return answer;
    }

    public Task<Answer> PostAsync(string path, params (string Name, string Value)[] fields) => PostWithAsync(path, form, fields);

    /// <param name="token">The antiforgery token; null for none.</param>
    public async Task<Answer> PostWithAsync(string path, string? token, params (string Name, string Value)[] fields)
    {
        var all = fields.Select(field => KeyValuePair.Create(field.Name, field.Value));
        if (token is not null)
            all = all.Append(KeyValuePair.Create("__RequestVerificationToken", token));
        return await Answer.OfAsync(await http.PostAsync(path, new FormUrlEncodedContent(all)));
    }

    public void Dispose() => http.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
