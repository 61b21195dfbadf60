using System.Text.Json;
using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

/// <summary>A stolen session cannot change an account: whoever has it has not authenticated lately, or not as the operation asks (RFC 9470).</summary>
public sealed class StepUpTests
{
    const string FiveMinutes = "Countersign:StepUp:0:MaxAge=00:05:00";

    static readonly object Token = new { oneTimeToken = "123456" };
    static readonly object EmailToken = new { keyType = "EMAIL", oneTimeToken = "123456" };
    static readonly object CodeToken = new { oneTimeToken = "123456", antiPhishingCode = "blue4sky" };
    static readonly object MfaToken = new { destination = "EMAIL", oneTimeToken = "123456" };

    static readonly (string Operation, string Path, object? Body)[] Requests =
    [
        ("userKeys/adding", "token/userKeys/adding/email", new { newEmail = "b@example.com" }),
        ("userKeys/adding", "token/userKeys/adding/phoneNumber?newPhoneNumber=+123456780", null),
        ("userKeys/changing", "token/userKeys/changing?keyType=EMAIL", null),
        ("userKeys/changing/newKey", "token/userKeys/changing/newKey", new { oneTimeToken = "123456", newUserKey = "b@example.com" }),
        ("userKeys/removing", "token/userKeys/removing?keyType=EMAIL", null),
        ("antiPhishing/adding", "token/antiPhishing/adding", null),
        ("antiPhishing/changing", "token/antiPhishing/changing", null),
        ("mfa/enabling", "token/mfa/enabling", new { destination = "EMAIL" }),
        ("mfa/disabling", "token/mfa/disabling", new { destination = "EMAIL" }),
        .. new[] { "adding", "changing", "changing/newKey", "removing" }.Select(name => ($"userKeys/{name}", "token/resending", (object?)new { operation = $"userKeys/{name}", keyType = "EMAIL" })),
        .. new[] { "adding", "changing" }.Select(name => ($"antiPhishing/{name}", "token/resending", (object?)new { operation = $"antiPhishing/{name}" })),
        .. new[] { "enabling", "disabling" }.Select(name => ($"mfa/{name}", "token/resending", (object?)new { operation = $"mfa/{name}", keyType = "EMAIL" })),
        ("userKeys/adding", "userKeys/adding/email", Token),
        ("userKeys/adding", "userKeys/adding/phoneNumber", Token),
        ("userKeys/changing/newKey", "userKeys/changing", EmailToken),
        ("userKeys/removing", "userKeys/removing", EmailToken),
        ("antiPhishing/adding", "antiPhishing/adding", CodeToken),
        ("antiPhishing/changing", "antiPhishing/changing", CodeToken),
        ("mfa/enabling", "mfa/enabling", MfaToken),
        ("mfa/disabling", "mfa/disabling", MfaToken),
    ];

    [Fact]
    [Trait("ASVS", "7.5.1")]
    [Trait("ASVS", "10.3.4")]
    [Trait("ASVS", "8.2.4")]
    [Trait("Attack", "24")]
    public async Task With_an_old_login_nothing_can_be_issued_resent_or_redeemed()
    {
        await using var server = await TestServer.StartAsync(FiveMinutes);
        await server.UserWithAsync(BothKeys);
        var (old, recent) = (Bearer(server, At(-301)), Bearer(server, At(-200)));

        foreach (var (operation, path, body) in Requests)
        {
            var refused = (await PostAsync(server, old, path, body)).IsRefused(401, "insufficient-user-authentication");
            Assert.Equal(300, refused.Body.GetProperty("maxAge").GetInt32());
            Assert.True((await PostAsync(server, recent, path, body)).Status is 200 or 409 or 422, operation);
        }

        // What gives an attacker nothing is as open as before.
        (await server.SendAsync("GET", "/api/v1/account", old)).IsOk();
        (await PostAsync(server, old, "token/cancelling", new { operation = "userKeys/removing", keyType = "EMAIL" })).IsOk(204);
    }

    [Fact]
    public async Task A_refused_request_leaves_the_account_as_it_was()
    {
        await using var server = await TestServer.StartAsync(FiveMinutes);
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        foreach (var (_, path, body) in Requests)
            (await PostAsync(server, Bearer(server, At(-301)), path, body)).IsOk(401);

        var pending = (await alice.AccountAsync()).PendingOperation("userKeys/removing");
        Assert.Equal(5, pending.GetProperty("attemptsRemaining").GetInt32());
        var types = (await server.EventsAsync("alice")).Select(e => e.GetProperty("type").GetString());
        Assert.Equal(["token_issued", "account_provisioned"], types.Where(type => type != "request_refused"));
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsOk();
    }

    [Fact]
    public async Task An_entry_of_an_operation_asks_for_that_operation_only()
    {
        await using var server = await TestServer.StartAsync("Countersign:StepUp:0:Operation=userKeys/removing", FiveMinutes);
        await server.UserWithAsync(BothKeys);
        foreach (var (operation, path, body) in Requests)
        {
            var status = (await PostAsync(server, Bearer(server, At(-301)), path, body)).Status;
            Assert.True((status == 401) == (operation == "userKeys/removing"), $"{operation} {path}: {status}");
        }
    }

    [Theory]
    [InlineData("max_age=\"300\"", "More recent authentication is required", "MaxAge=00:05:00")]
    [InlineData("acr_values=\"urn:gold urn:silver\"", "A different authentication level is required", "AcrValues:0=urn:gold", "AcrValues:1=urn:silver")]
    [InlineData("acr_values=\"urn:gold\", max_age=\"300\"", "More recent authentication is required", "MaxAge=00:05:00", "AcrValues:0=urn:gold", "AmrValues:0=otp")]
    [InlineData("", "A different authentication level is required", "AmrValues:0=otp", "AmrValues:1=pwd")]
    public async Task The_challenge_is_that_of_RFC_9470(string parameters, string description, params string[] settings)
    {
        await using var server = await TestServer.StartAsync([.. settings.Select(setting => $"Countersign:StepUp:0:{setting}")]);
        var answer = (await PostAsync(server, Bearer(server, At(-301)), "token/antiPhishing/adding")).IsRefused(401, "insufficient-user-authentication");

        var expected = $"Bearer error=\"insufficient_user_authentication\", error_description=\"{description}\"{(parameters.Length == 0 ? "" : ", ")}{parameters}";
        Assert.Equal(expected, Assert.Single(answer.Headers.GetValues("WWW-Authenticate")));
        Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        var members = new[] { ("maxAge", "MaxAge"), ("acrValues", "AcrValues"), ("amrValues", "AmrValues") }
            .Where(member => settings.Any(setting => setting.StartsWith(member.Item2, StringComparison.Ordinal)))
            .Select(member => member.Item1);
        Assert.Equal(["type", "title", "status", "detail", "traceId", "code", .. members], answer.Body.Members());
    }

    [Fact]
    public async Task A_time_that_is_none_counts_as_no_authentication()
    {
        await using var server = await TestServer.StartAsync(FiveMinutes);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        object?[] bad =
        [
            null, "yesterday", "", " ", $"{now}.0", $"+{now}", $"-{now}", $" {now}", $"0x{now:x}", $"{now}e0", -now, 0, 1, true, now * 1000, now + 300, long.MaxValue, long.MinValue,
            now + 0.5, new[] { now, now - 1 }, new[] { "a" }, JsonSerializer.SerializeToElement(new { at = now }), "٠١٢٣٤٥٦٧٨٩",
        ];
        foreach (var value in bad)
        {
            var claims = new Dictionary<string, object>();
            if (value is not null)
                claims["auth_time"] = value;
            var answer = await PostAsync(server, Bearer(server, claims), "token/antiPhishing/adding");
            Assert.True(answer.Status == 401 && answer.Code == "insufficient-user-authentication", $"{JsonSerializer.Serialize(value)}: {answer.Status} {answer.Text}");
        }

        // Such tokens are made by user-jwts, too, which knows strings only.
        foreach (var good in new object[] { now, now + 10, $"{now}" })
            (await PostAsync(server, Bearer(server, new() { ["auth_time"] = good }), "token/antiPhishing/adding")).IsRefused(409, "email-required");
    }

    [Fact]
    [Trait("ASVS", "6.8.4")]
    public async Task A_level_and_all_methods_are_asked_for()
    {
        await using var server = await TestServer.StartAsync(
            "Countersign:StepUp:0:AcrValues:0=urn:gold", "Countersign:StepUp:0:AcrValues:1=urn:silver", "Countersign:StepUp:0:AmrValues:0=otp", "Countersign:StepUp:0:AmrValues:1=pwd");
        Task<Answer> CallAsync(object acr, object amr) => PostAsync(server, Bearer(server, new() { ["acr"] = acr, ["amr"] = amr }), "token/antiPhishing/adding");

        (await CallAsync("urn:silver", new[] { "pwd", "otp" })).IsRefused(409, "email-required");
        (await CallAsync("urn:gold", new[] { "pwd", "otp", "mfa" })).IsRefused(409, "email-required");
        (await CallAsync("urn:bronze", new[] { "pwd", "otp" })).IsRefused(401, "insufficient-user-authentication");
        (await CallAsync("urn:GOLD", new[] { "pwd", "otp" })).IsRefused(401, "insufficient-user-authentication");
        (await CallAsync("urn:gold", new[] { "pwd" })).IsRefused(401, "insufficient-user-authentication");
        (await CallAsync("urn:gold", "pwd otp")).IsRefused(401, "insufficient-user-authentication");
        (await PostAsync(server, Bearer(server, []), "token/antiPhishing/adding")).IsRefused(401, "insufficient-user-authentication");
    }

    [Fact]
    public async Task A_challenge_goes_before_all_that_a_request_may_have_wrong()
    {
        await using var server = await TestServer.StartAsync(FiveMinutes, "Countersign:Features:Mfa=false");
        var old = Bearer(server, At(-301));
        (await server.SendAsync("POST", "/api/v1/token/mfa/enabling", old, Content("{"))).IsRefused(401, "insufficient-user-authentication");
        (await server.SendAsync("POST", "/api/v1/token/mfa/enabling", old, Content("{}", "text/plain"))).IsRefused(401, "insufficient-user-authentication");
        (await server.SendAsync("POST", "/api/v1/token/mfa/enabling", old, Content(new string(' ', 20_000)))).IsRefused(401, "insufficient-user-authentication");
        (await server.SendAsync("POST", "/API/v1/Token/antiPhishing/ADDING/", old)).IsRefused(401, "insufficient-user-authentication");
        (await server.SendAsync("GET", "/api/v1/token/mfa/enabling", old)).IsRefused(405, "method-not-allowed");

        // Which operation is meant, the body says.
        (await server.SendAsync("POST", "/api/v1/token/resending", old, Content("{"))).IsRefused(400, "validation");
        (await PostAsync(server, old, "token/resending", new { operation = "mfa/enabling", keyType = "EMAIL" })).IsRefused(401, "insufficient-user-authentication");
    }

    [Fact]
    [Trait("ASVS", "8.3.2")]
    public async Task An_entry_is_taken_up_without_a_restart()
    {
        using var content = new TestFolder();
        var settings = content.File("appsettings.json");
        await File.WriteAllTextAsync(settings, "{}", TestContext.Current.CancellationToken);
        await using var server = await TestServer.StartAsync($"contentRoot={content.Path}", "hostBuilder:reloadConfigOnChange=true");
        var old = Bearer(server, At(-301));
        (await PostAsync(server, old, "token/antiPhishing/adding")).IsRefused(409, "email-required");

        await File.WriteAllTextAsync(settings, """{"Countersign":{"StepUp":[{"MaxAge":"00:05:00"}]}}""", TestContext.Current.CancellationToken);
        var deadline = Environment.TickCount64 + 30_000;
        while ((await PostAsync(server, old, "token/antiPhishing/adding")).Status != 401)
        {
            Assert.True(Environment.TickCount64 < deadline, "The entry was not taken up within 30 seconds.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_development_token_is_as_recent_as_it_is_young()
    {
        await using var server = await StartWithClockAsync("Countersign:Profile=Strict");
        await server.UserWithAsync(new { email = Email });
        var bearer = await server.BearerAsync("alice", null);
        server.Clock!.Advance(TimeSpan.FromMinutes(15));
        (await PostAsync(server, bearer, "token/antiPhishing/adding")).IsOk();
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        (await PostAsync(server, bearer, "token/antiPhishing/adding")).IsRefused(401, "insufficient-user-authentication");
        (await PostAsync(server, await server.BearerAsync("alice", null), "token/antiPhishing/adding")).IsOk();
    }

    static Dictionary<string, object> At(int seconds) => new() { ["auth_time"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds };

    static string Bearer(TestServer server, Dictionary<string, object> claims) => server.BearerWith(new(claims) { ["sub"] = "alice" });

    static Task<Answer> PostAsync(TestServer server, string bearer, string path, object? body = null) =>
        server.SendAsync("POST", $"/api/v1/{path}", bearer, body is null ? null : Content(JsonSerializer.Serialize(body)));
}
