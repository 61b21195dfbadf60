using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.WebUtilities;

namespace Countersign.Tests.Sms;

/// <summary>The server, with a Twilio that is a gateway of the test.</summary>
static class TwilioServer
{
    public const string PublicUrl = "https://accounts.example.com/security";

    public const string Number = "+4915112345678";

    public static string[] Settings(Gateway gateway) =>
    [
        $"Countersign:PublicUrl={PublicUrl}",
        "Countersign:Sms:Providers:0:Kind=Twilio",
        $"Countersign:Sms:Providers:0:Twilio:BaseUrl={gateway.Url}",
        $"Countersign:Sms:Providers:0:Twilio:AccountSid={SmsHost.AccountSid}",
        $"Countersign:Sms:Providers:0:Twilio:AuthToken={SmsHost.AuthToken}",
        $"Countersign:Sms:Providers:0:Twilio:From={SmsHost.From}",
    ];

    public static Task<TestServer> StartAsync(Gateway gateway, Action<WebApplicationBuilder>? configure = null, params string[] settings) =>
        TestServer.StartAsync(new TestServer.Setup { Settings = [.. Settings(gateway), .. settings], Configure = configure });

    public static async Task<Answer> AddNumberAsync(TestUser user)
    {
        var issued = await user.PostAsync("/api/v1/token/userKeys/adding/phoneNumber", new { newPhoneNumber = Number });
        Assert.Equal(200, issued.Status);
        return issued;
    }

    public static async Task<string> DeliveryAsync(TestUser user) =>
        Assert.Single((await user.AccountAsync()).Body.GetProperty("pendingOperations").EnumerateArray()).GetProperty("delivery").GetString()!;

    /// <summary>What Twilio posts to a callback URL about a message, signed by Twilio's own library.</summary>
    public static async Task<Callback> CallbackAsync(string url, string sid, string status, string authToken = SmsHost.AuthToken)
    {
        // As it posts them, in no order, with text that has to be encoded.
        var fields = new Dictionary<string, string>
        {
            ["MessageStatus"] = status,
            ["To"] = Number,
            ["ApiVersion"] = "2010-04-01",
            ["MessageSid"] = sid,
            ["ChannelToAddress"] = "a b+c&d=ü",
            ["AccountSid"] = SmsHost.AccountSid,
            ["Empty"] = "",
        };
        var signatures = await Peers.RunAsync<string[]>("twilio.mjs", new[] { new { authToken, url, @params = fields } });
        return new Callback(url, fields, signatures[0]);
    }

    /// <summary>Posts to the server what was meant for its public URL.</summary>
    public static async Task<Answer> PostAsync(this TestServer server, Callback callback, Action<HttpRequestMessage>? alter = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, callback.Url.Replace(PublicUrl, "", StringComparison.Ordinal))
        {
            Content = new FormUrlEncodedContent(callback.Fields),
        };
        request.Headers.Add("X-Twilio-Signature", callback.Signature);
        alter?.Invoke(request);
        return await Answer.OfAsync(await server.Http.SendAsync(request));
    }
}

sealed record Callback(string Url, Dictionary<string, string> Fields, string Signature)
{
    public Callback With(string name, string value) => this with { Fields = new(Fields) { [name] = value } };

    public Callback Query(string name, string value)
    {
        var query = QueryHelpers.ParseQuery(new Uri(Url).Query).ToDictionary(part => part.Key, part => (string?)part.Value.ToString());
        query[name] = value;
        return this with { Url = QueryHelpers.AddQueryString(Url.Split('?')[0], query) };
    }
}
