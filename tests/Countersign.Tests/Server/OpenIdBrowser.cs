using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Countersign.Tests.Server;

/// <summary>How somebody authenticates where the provider asks for it.</summary>
sealed record Login(DateTimeOffset At, string? Acr = null, params string[] Amr);

/// <summary>Somebody's browser, with the cookies of the provider, and the application in it: the authorization code flow with PKCE.</summary>
sealed class OpenIdBrowser(OpenIdPeer provider, string user = "alice") : IDisposable
{
    const int MaxRedirects = 10;

    readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() });

    public void Dispose() => http.Dispose();

    /// <summary>The answer of the token endpoint.</summary>
    /// <param name="login">Null where the provider is not to ask.</param>
    /// <param name="asked">What the authorization request says beyond the usual.</param>
    public async Task<JsonElement> AuthorizeAsync(Login? login, Dictionary<string, string>? asked = null, string? resource = OpenIdPeer.Resource)
    {
        var verifier = Random();
        var request = new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = OpenIdPeer.ClientId,
            ["redirect_uri"] = OpenIdPeer.RedirectUri,
            ["scope"] = "openid security",
            ["code_challenge_method"] = "S256",
            ["code_challenge"] = Base64UrlTextEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["state"] = Random(),
            ["resource"] = resource,
        };
        foreach (var (name, value) in asked ?? [])
            request[name] = value;

        var landed = await FollowAsync(Endpoint("authorization_endpoint", request), login);
        var answer = QueryHelpers.ParseQuery(new Uri(landed).Query);
        Assert.True(answer.ContainsKey("code"), landed);
        Assert.Equal(request["state"], answer["state"].Single());
        Assert.Equal(provider.Issuer, answer["iss"].Single());

        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = answer["code"].Single()!,
            ["redirect_uri"] = OpenIdPeer.RedirectUri,
            ["client_id"] = OpenIdPeer.ClientId,
            ["code_verifier"] = verifier,
        };
        if (resource is not null)
            form["resource"] = resource;
        using var response = await http.PostAsync(Endpoint("token_endpoint"), new FormUrlEncodedContent(form));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    public async Task<string> AccessTokenAsync(Login? login, Dictionary<string, string>? asked = null) =>
        (await AuthorizeAsync(login, asked)).GetProperty("access_token").GetString()!;

    /// <summary>Where the provider sends the browser in the end.</summary>
    async Task<string> FollowAsync(string url, Login? login)
    {
        for (var redirects = 0; redirects < MaxRedirects; redirects++)
        {
            var isLogin = new Uri(url).AbsolutePath.StartsWith("/interaction/", StringComparison.Ordinal);
            if (isLogin)
                Assert.True(login is not null, "The provider asks for a login that the test did not expect.");

            using var response = isLogin ? await http.PostAsync(url, Form(login!)) : await http.GetAsync(url);
            Assert.True((int)response.StatusCode is 302 or 303, $"{url}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            url = new Uri(new Uri(url), response.Headers.Location!).AbsoluteUri;
            if (url.StartsWith(OpenIdPeer.RedirectUri, StringComparison.Ordinal))
                return url;
        }

        throw new InvalidOperationException($"More than {MaxRedirects} redirects.");
    }

    FormUrlEncodedContent Form(Login login)
    {
        var at = login.At.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        List<KeyValuePair<string, string>> fields = [new("user", user), new("at", at), .. login.Amr.Select(method => new KeyValuePair<string, string>("amr", method))];
        if (login.Acr is not null)
            fields.Add(new("acr", login.Acr));
        return new FormUrlEncodedContent(fields);
    }

    string Endpoint(string name, Dictionary<string, string?>? query = null) =>
        QueryHelpers.AddQueryString(provider.Discovery.GetProperty(name).GetString()!, query ?? []);

    static string Random() => Base64UrlTextEncoder.Encode(RandomNumberGenerator.GetBytes(32));
}
