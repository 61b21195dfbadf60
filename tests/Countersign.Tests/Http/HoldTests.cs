using System.Text.Json;
using Countersign.Tests.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class HoldTests
{
    const string Issuer = "https://accounts.example.com";
    const string Alice = "/api/v1/admin/accounts/alice/holds";

    static readonly string[] Keys = [Key("one", 0), Value(1, 0)];
    static readonly long StartSeconds = Start.ToUnixTimeSeconds();

    [Fact]
    [Trait("Attack", "24")]
    public async Task A_change_opens_a_hold_that_its_owner_and_the_platform_see_until_it_has_passed()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);
        Assert.Equal([], Holds((await alice.AccountAsync()).Body));
        (await RemovePhoneAsync(alice)).IsOk();

        Assert.Equal(["userKeys/removing 2026-11-23T19:00:00Z"], Holds((await alice.AccountAsync()).Body));
        Assert.Equal(["userKeys/removing 2026-11-23T19:00:00Z"], Holds((await server.Service().GetAsync("/api/v1/admin/accounts/alice")).Body));
        var holds = (await server.Service().GetAsync(Alice)).IsOk();
        Assert.Equal(["userId", "holds", "sessionsNotBefore", "statement"], holds.Body.Members());
        Assert.Equal("alice", holds.Body.Text("userId"));
        Assert.Equal(["userKeys/removing 2026-11-23T19:00:00Z"], Holds(holds.Body));
        Assert.Equal("no-store", holds.Headers.CacheControl?.ToString());

        server.Clock!.Leap(TimeSpan.FromHours(24));
        Assert.Equal([], Holds((await server.User().AccountAsync()).Body));
        Assert.Equal([], Holds((await server.Service().GetAsync(Alice)).Body));
    }

    [Fact]
    public async Task The_settings_say_how_long_a_hold_lasts_and_none_is_none()
    {
        await using var server = await StartWithClockAsync("Countersign:Holds:KeyRemoved=00:00:00", "Countersign:Holds:KeyAdded=30.00:00:00");
        var alice = await server.UserWithAsync(BothKeys);
        (await RemovePhoneAsync(alice)).IsOk();
        Assert.Equal([], Holds((await alice.AccountAsync()).Body));

        var code = await alice.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });
        Assert.Equal(["userKeys/adding 2026-12-22T19:00:00Z"], Holds((await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk().Body));
    }

    [Fact]
    [Trait("ASVS", "4.1.5")]
    [Trait("ASVS", "9.2.2")]
    public async Task A_withdrawal_service_checks_a_statement_offline_with_a_library_of_its_own()
    {
        await using var server = await StartWithClockAsync([$"Countersign:PublicUrl={Issuer}", .. Keys]);
        var alice = await server.UserWithAsync(BothKeys);
        (await RemovePhoneAsync(alice)).IsOk();
        await server.UserWithAsync(new { email = "bob@example.com" }, "bob");
        var jwks = await KeySetAsync(server);
        var statement = (await server.Service().GetAsync(Alice)).IsOk().Body.Text("statement")!;
        var bobs = (await server.Service().GetAsync("/api/v1/admin/accounts/bob/holds")).IsOk().Body.Text("statement")!;
        var parts = statement.Split('.');
        string[] statements = [statement, bobs, $"{parts[0]}.{bobs.Split('.')[1]}.{parts[2]}", $"{Encoded("""{"alg":"none","typ":"countersign-holds+jwt"}""")}.{parts[1]}."];

        var verdicts = await VerdictsAsync(jwks, StartSeconds, statements);
        Assert.Equal("one", verdicts[0].Key);
        Assert.Equal(
            $$"""{"iss":"{{Issuer}}","sub":"alice","iat":{{StartSeconds}},"exp":{{StartSeconds + 300}},"holds":[{"reason":"userKeys/removing","until":"2026-11-23T19:00:00Z"}],"sessionsNotBefore":"2026-11-22T19:00:00.000Z"}""",
            verdicts[0].Claims!.Value.GetRawText());
        Assert.Equal($$"""{"iss":"{{Issuer}}","sub":"bob","iat":{{StartSeconds}},"exp":{{StartSeconds + 300}},"holds":[]}""", verdicts[1].Claims!.Value.GetRawText());
        Assert.Equal(["ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "ERR_JOSE_ALG_NOT_ALLOWED"], verdicts[2..].Select(verdict => verdict.Error));

        // Five minutes and no longer.
        Assert.Null((await VerdictsAsync(jwks, StartSeconds + 299, statement))[0].Error);
        Assert.Equal("ERR_JWT_EXPIRED", (await VerdictsAsync(jwks, StartSeconds + 300, statement))[0].Error);

        // And one more library.
        var checkedByMicrosoft = await new JsonWebTokenHandler().ValidateTokenAsync(statement, new TokenValidationParameters
        {
            ValidIssuer = Issuer,
            ValidateAudience = false,
            ValidTypes = ["countersign-holds+jwt"],
            IssuerSigningKeys = new JsonWebKeySet(jwks.GetRawText()).GetSigningKeys(),
            LifetimeValidator = (_, expires, _, _) => expires == Start.AddMinutes(5).UtcDateTime,
        });
        Assert.True(checkedByMicrosoft.IsValid, checkedByMicrosoft.Exception?.Message);
        Assert.Equal("alice", checkedByMicrosoft.Claims["sub"]);
    }

    [Fact]
    public async Task Statements_outlive_a_rotation_of_keys_and_no_secret_is_in_the_key_set()
    {
        using var folder = new TestFolder();
        string before;
        await using (var server = await StartAsync(folder, Keys))
        {
            await server.UserWithAsync(BothKeys);
            before = (await server.Service().GetAsync(Alice)).IsOk().Body.Text("statement")!;
        }

        await using var rotated = await StartAsync(folder, Key("two", 0), Value(2, 0), Key("one", 1), Value(1, 1));
        var after = (await rotated.Service().GetAsync(Alice)).IsOk().Body.Text("statement")!;
        var jwks = await KeySetAsync(rotated);
        var verdicts = await VerdictsAsync(jwks, StartSeconds, before, after);

        Assert.Equal(["one", "two"], verdicts.Select(verdict => verdict.Key));
        var keys = jwks.GetProperty("keys").EnumerateArray().ToList();
        Assert.Equal(["two", "one"], keys.Select(key => key.Text("kid")));
        Assert.All(keys, key => Assert.Equal(["kty", "crv", "use", "alg", "kid", "x", "y"], key.Members()));
    }

    [Fact]
    public async Task The_key_set_can_be_read_by_anybody_and_only_read()
    {
        await using var server = await TestServer.StartAsync();
        var read = await server.SendAsync("GET", "/.well-known/jwks.json");
        Assert.Equal((200, "application/jwk-set+json"), (read.Status, read.ContentHeaders.ContentType?.MediaType));
        Assert.Equal("public, max-age=60", read.Headers.CacheControl?.ToString());
        Assert.Equal("nosniff", read.Headers.GetValues("X-Content-Type-Options").Single());
        (await server.SendAsync("POST", "/.well-known/jwks.json")).IsRefused(405, "method-not-allowed");
    }

    [Fact]
    [Trait("ASVS", "8.2.1")]
    public async Task Holds_are_for_the_platform_and_lifting_them_for_an_operator()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var lifting = new { reason = "userKeys/removing", explanation = "ticket 4711" };

        (await alice.GetAsync(Alice)).IsRefused(403, "forbidden");
        (await server.Operator().GetAsync(Alice)).IsRefused(403, "forbidden");
        (await alice.PostAsync($"{Alice}/lifting", lifting)).IsRefused(403, "forbidden");
        (await server.Service().PostAsync($"{Alice}/lifting", lifting)).IsRefused(403, "forbidden");
        (await server.SendAsync("GET", Alice)).IsRefused(401, "unauthenticated");
        (await server.SendAsync("POST", $"{Alice}/lifting")).IsRefused(401, "unauthenticated");
        (await server.Service().GetAsync("/api/v1/admin/accounts/nobody/holds")).IsRefused(404, "account-not-found");
        (await server.Operator().PostAsync("/api/v1/admin/accounts/nobody/holds/lifting", lifting)).IsRefused(404, "account-not-found");
        var wrongMethod = (await server.Operator().GetAsync($"{Alice}/lifting")).IsRefused(405, "method-not-allowed");
        Assert.Equal(["POST"], wrongMethod.ContentHeaders.Allow);
    }

    [Fact]
    public async Task An_operator_lifts_a_hold_and_the_trail_says_who_and_why()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);
        (await RemovePhoneAsync(alice)).IsOk();
        var code = await alice.CodeAsync("userKeys/adding/phoneNumber", Phone, new { newPhoneNumber = Phone });
        (await alice.RedeemAsync("userKeys/adding/phoneNumber", new { oneTimeToken = code })).IsOk();
        var lifting = new { reason = "userKeys/removing", explanation = "ticket 4711: seen on video" };

        var left = (await server.Operator().PostAsync($"{Alice}/lifting", lifting)).IsOk();
        Assert.Equal(["userKeys/adding 2026-11-23T01:00:00Z"], Holds(left.Body));
        Assert.Equal(["userKeys/adding 2026-11-23T01:00:00Z"], Holds((await alice.AccountAsync()).Body));
        var e = (await server.EventsAsync("alice"))[0];
        Assert.Equal(("hold_lifted", "operator", "userKeys/removing: ticket 4711: seen on video"), (e.Text("type"), e.Text("actor"), e.Text("reason")));

        (await server.Operator().PostAsync($"{Alice}/lifting", lifting)).IsRefused(409, "not-held");
        Assert.Equal(["request_refused", "hold_lifted"], (await server.EventsAsync("alice")).Take(2).Select(next => next.Text("type")));
    }

    [Fact]
    public async Task A_lifting_without_a_reason_that_there_is_or_an_explanation_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(BothKeys);
        var operatorUser = server.Operator();

        (await operatorUser.PostAsync($"{Alice}/lifting", new { })).Blames("reason", "explanation");
        (await operatorUser.PostAsync($"{Alice}/lifting", new { reason = "userKeys/changing/newKey", explanation = "ticket" })).Blames("reason");
        foreach (var explanation in new[] { " ", new string('x', 201), "two\nlines", "bell\a" })
            (await operatorUser.PostAsync($"{Alice}/lifting", $$"""{"reason":"recovery","explanation":{{JsonSerializer.Serialize(explanation)}}}""")).Blames("explanation");
        (await operatorUser.PostAsync($"{Alice}/lifting", new { reason = "recovery", explanation = "ticket", by = "me" })).Blames("by");
        (await operatorUser.PostAsync($"{Alice}/lifting", new { reason = "recovery", explanation = new string('x', 200) })).IsRefused(409, "not-held");
    }

    static async Task<Answer> RemovePhoneAsync(TestUser alice)
    {
        var code = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        return await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = code });
    }

    static IEnumerable<string> Holds(JsonElement body) =>
        body.GetProperty("holds").EnumerateArray().Select(hold => $"{hold.Text("reason")} {hold.Text("until")}");

    static Task<TestServer> StartAsync(TestFolder folder, params string[] settings) => TestServer.StartAsync(new TestServer.Setup
    {
        Folder = folder,
        Clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Start),
        Settings = [$"Countersign:PublicUrl={Issuer}", .. settings],
    });

    static async Task<JsonElement> KeySetAsync(TestServer server) => (await server.SendAsync("GET", "/.well-known/jwks.json")).IsOk().Body;

    static Task<Verdict[]> VerdictsAsync(JsonElement jwks, long at, params string[] statements) =>
        Peers.RunAsync<Verdict[]>("holds.mjs", new { jwks, issuer = Issuer, at, statements });

    static string Encoded(string json) => Base64UrlEncoder.Encode(json);

    static string Key(string id, int index) => $"Countersign:Keys:{index}:Id={id}";

    static string Value(byte value, int index) =>
        $"Countersign:Keys:{index}:Value={Convert.ToBase64String(Enumerable.Repeat(value, 32).ToArray())}";

    sealed record Verdict(string? Key, JsonElement? Claims, string? Error);
}
