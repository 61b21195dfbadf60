using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Enumeration;

/// <summary>An account that asks for an address, with a past that all of them share.</summary>
sealed record Caller(string UserId, string Bearer, string Current, string Target);

/// <summary>
/// Makes the accounts of a run. Each of those that ask has had an email, has given it up and has another; what differs is whose the address is that it asks for.
/// All addresses are of one length and one mask.
/// </summary>
sealed class Callers(HostProcess host)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    string platform = "";
    int last;

    public async Task<List<Caller>> MakeAsync(AddressClass kind, int count)
    {
        platform = await BearerAsync(new { userId = "platform", scope = "countersign.accounts" });
        var callers = new List<Caller>();
        for (var i = 0; i < count; i++)
        {
            var (former, current) = (NewEmail(), NewEmail());
            var (userId, bearer) = await MakeAsync(former);
            await GiveUpAsync(bearer, former);
            var target = kind switch
            {
                AddressClass.Free or AddressClass.FreeAgain => NewEmail(),
                AddressClass.Taken => await TakenAsync(),
                AddressClass.Kept => await KeptAsync(),
                AddressClass.Own => former,
            };
            callers.Add(new Caller(userId, bearer, current, target));
        }

        return callers;
    }

    /// <summary>Adds the current email to an account that has none, and says which code proves the first step of changing it.</summary>
    public async Task<string> FirstStepAsync(Caller caller, bool isFirst)
    {
        if (isFirst)
        {
            var added = await CodeAsync(caller.Bearer, "userKeys/adding/email", new { newEmail = caller.Current }, caller.Current);
            await PostAsync(caller.Bearer, "userKeys/adding/email", new { oneTimeToken = added });
        }

        return await CodeAsync(caller.Bearer, "userKeys/changing", new { keyType = "EMAIL" }, caller.Current);
    }

    async Task<string> TakenAsync()
    {
        var email = NewEmail();
        await MakeAsync(email);
        return email;
    }

    async Task<string> KeptAsync()
    {
        var email = NewEmail();
        var (_, bearer) = await MakeAsync(email);
        await GiveUpAsync(bearer, email);
        return email;
    }

    async Task<(string UserId, string Bearer)> MakeAsync(string email)
    {
        var number = Interlocked.Increment(ref last);
        var userId = string.Create(CultureInfo.InvariantCulture, $"user{number:000000}");
        using var put = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/admin/accounts/{userId}")
        {
            Content = JsonContent.Create(new { email, phoneNumber = string.Create(CultureInfo.InvariantCulture, $"+49151{number:0000000}") }),
        };
        await SendAsync(put, platform);
        return (userId, await BearerAsync(new { userId }));
    }

    async Task GiveUpAsync(string bearer, string email)
    {
        var code = await CodeAsync(bearer, "userKeys/removing", new { keyType = "EMAIL" }, email);
        await PostAsync(bearer, "userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code });
    }

    async Task<string> CodeAsync(string bearer, string path, object body, string destination)
    {
        var reference = (await PostAsync(bearer, $"token/{path}", body)).GetProperty("reference").GetString();
        var deadline = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(deadline) < Patience)
        {
            var inbox = await host.Http.GetFromJsonAsync<List<InboxItem>>($"/dev/inbox?destination={Uri.EscapeDataString(destination)}");
            if (inbox!.Find(item => item.Reference == reference)?.OneTimeToken is { } code)
                return code;
            await Task.Delay(1);
        }

        throw new TimeoutException($"No code came to {destination} within {Patience}.");
    }

    Task<JsonElement> PostAsync(string bearer, string path, object body) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/api/v1/{path}") { Content = JsonContent.Create(body) }, bearer);

    async Task<JsonElement> SendAsync(HttpRequestMessage request, string bearer)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        using var response = await host.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonDocument.Parse(text).RootElement
            : throw new InvalidOperationException($"{request.RequestUri} was answered {(int)response.StatusCode} {text}");
    }

    async Task<string> BearerAsync(object body)
    {
        using var response = await host.Http.PostAsJsonAsync("/dev/token", body);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString()!;
    }

    string NewEmail() => string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref last):000000}x@example.com");
}
