using System.Text.Json;
using Countersign.Http;
using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

/// <summary>Who does not know what became of a request asks again under the same key (draft-ietf-httpapi-idempotency-key-header).</summary>
public sealed class IdempotencyTests
{
    const string Key = "\"8e03978e-40d5-43e8-bc93-6e9f8a1d3a3b\"";
    const string Removing = "token/userKeys/removing";

    static readonly object RemovingEmail = new { keyType = "EMAIL" };

    [Fact]
    [Trait("Attack", "22")]
    public async Task The_same_request_under_the_same_key_gets_the_stored_answer_and_nothing_is_done_twice()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var first = (await PostAsync(alice, Removing, RemovingEmail, Key)).IsOk();
        var second = (await PostAsync(alice, Removing, RemovingEmail, Key)).IsOk();
        AssertSame(first, second);
        await server.MessageAsync(Email, item => item.Reference == first.Body.Text("reference"));
        Assert.Single(await server.EventsAsync("alice"), e => e.Text("type") == "token_issued");

        // Without the key, and with another one, it is another request.
        var third = (await PostAsync(alice, Removing, RemovingEmail, null)).IsOk();
        Assert.NotEqual(first.Text, third.Text);
        (await PostAsync(alice, Removing, RemovingEmail, "\"another\"")).IsOk();
        Assert.Equal(3, (await server.EventsAsync("alice")).Count(e => e.Text("type") == "token_issued"));
        AssertSame(first, await PostAsync(alice, Removing, RemovingEmail, Key));
    }

    [Fact]
    public async Task An_operator_who_lifts_a_hold_can_ask_again_under_a_key_that_the_owner_has_used_too()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeOfAsync(await PostAsync(alice, Removing, RemovingEmail, Key), Email);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsOk();

        const string Lifting = "admin/accounts/alice/holds/lifting";
        var body = new { reason = "userKeys/removing", explanation = "ticket 4711" };
        var first = (await PostAsync(server.Operator(), Lifting, body, Key)).IsOk();
        AssertSame(first, (await PostAsync(server.Operator(), Lifting, body, Key)).IsOk());
        (await PostAsync(server.Operator(), Lifting, new { body.reason, explanation = "another" }, Key)).IsRefused(422, "idempotency-key-reused");
        (await PostAsync(server.Operator(), Lifting, body, null)).IsRefused(409, "not-held");
        Assert.Single(await server.EventsAsync("alice"), e => e.Text("type") == "hold_lifted");
    }

    [Fact]
    public async Task Every_POST_of_the_contract_can_be_asked_again()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        async Task<Answer> TwiceAsync(string path, object body, int status)
        {
            var key = $"\"{Guid.NewGuid()}\"";
            var first = (await PostAsync(alice, path, body, key)).IsOk(status);
            AssertSame(first, await PostAsync(alice, path, body, key));
            return first;
        }

        var issued = await TwiceAsync("token/userKeys/changing", RemovingEmail, 200);
        issued = await TwiceAsync("token/resending", new { operation = "userKeys/changing", keyType = "EMAIL" }, 200);
        var code = await alice.CodeOfAsync(issued, Email);
        issued = await TwiceAsync("token/userKeys/changing/newKey", new { oneTimeToken = code, newUserKey = "new@example.org" }, 200);
        code = await alice.CodeOfAsync(issued, "new@example.org");
        await TwiceAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = code }, 200);
        issued = await TwiceAsync("token/mfa/enabling", new { destination = "PHONE_NUMBER" }, 200);
        await TwiceAsync("mfa/enabling", new { destination = "PHONE_NUMBER", oneTimeToken = await alice.CodeOfAsync(issued, Phone) }, 200);
        await TwiceAsync(Removing, RemovingEmail, 200);
        await TwiceAsync("token/cancelling", new { operation = "userKeys/removing", keyType = "EMAIL" }, 204);

        var events = (await server.EventsAsync("alice")).Select(e => e.Text("type")).Reverse();
        string[] expected =
        [
            "account_provisioned", "token_issued", "token_issued", "token_redeemed", "token_issued", "token_redeemed", "user_key_changed",
            "token_issued", "token_redeemed", "mfa_enabled", "token_issued", "token_revoked",
        ];
        Assert.Equal(expected, events);
    }

    [Fact]
    public async Task Another_request_under_the_same_key_is_refused_and_not_looked_at()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeOfAsync((await PostAsync(alice, Removing, RemovingEmail, Key)).IsOk(), Email);

        (await PostAsync(alice, Removing, new { keyType = "PHONE_NUMBER" }, Key)).IsRefused(422, "idempotency-key-reused");
        (await PostAsync(alice, $"{Removing}?keyType=EMAIL", null, Key)).IsRefused(422, "idempotency-key-reused");
        (await PostAsync(alice, "token/userKeys/changing", RemovingEmail, Key)).IsRefused(422, "idempotency-key-reused");
        var guess = await PostAsync(alice, "userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(code) }, Key);
        Assert.False(guess.IsRefused(422, "idempotency-key-reused").Body.TryGetProperty("attemptsRemaining", out _));

        var account = await alice.AccountAsync();
        Assert.Equal(["userKeys/removing EMAIL"], account.Pending());
        Assert.Equal(5, account.PendingOperation("userKeys/removing").GetProperty("attemptsRemaining").GetInt32());
    }

    [Fact]
    public async Task A_key_is_an_accounts_own()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var bob = await server.UserWithAsync(new { email = "bob@example.org" }, "bob");
        var first = (await PostAsync(alice, Removing, RemovingEmail, Key)).IsOk();
        (await PostAsync(bob, "token/userKeys/changing", RemovingEmail, Key)).IsOk();
        AssertSame(first, await PostAsync(alice, Removing, RemovingEmail, Key));
    }

    [Fact]
    public async Task A_wrong_try_that_is_repeated_counts_once_and_a_refusal_that_stored_nothing_is_decided_anew()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, mfa = new { email = true } });
        (await PostAsync(alice, Removing, RemovingEmail, Key)).IsRefused(409, "mfa-enabled");
        var code = await alice.CodeAsync("mfa/disabling", Email, new { destination = "EMAIL" });

        var wrong = new { destination = "EMAIL", oneTimeToken = Wrong(code) };
        var first = (await PostAsync(alice, "mfa/disabling", wrong, "\"guess\"")).IsRefused(422, "token-invalid");
        Assert.Equal(4, first.AttemptsRemaining);
        for (var i = 0; i < 10; i++)
            AssertSame(first, await PostAsync(alice, "mfa/disabling", wrong, "\"guess\""));
        (await alice.RedeemAsync("mfa/disabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk();

        (await PostAsync(alice, Removing, RemovingEmail, Key)).IsOk();
    }

    [Fact]
    public async Task Sixty_four_at_once_under_one_key_are_one_request()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => PostAsync(alice, Removing, RemovingEmail, Key)));
        Assert.All(answers, answer => AssertSame(answers[0].IsOk(), answer));
        Assert.Single(await server.EventsAsync("alice"), e => e.Text("type") == "token_issued");

        var code = await alice.CodeOfAsync(answers[0], Email);
        answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => PostAsync(alice, "userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code }, "\"redeem\"")));
        Assert.All(answers, answer => AssertSame(answers[0].IsOk(), answer));
        Assert.Single(await server.EventsAsync("alice"), e => e.Text("type") == "user_key_removed");
    }

    [Fact]
    public async Task An_answer_is_kept_for_24_hours()
    {
        await using var server = await StartWithClockAsync();
        await server.UserWithAsync(BothKeys);
        var first = (await PostAsync(server.User(), Removing, RemovingEmail, Key)).IsOk();
        server.Clock!.Leap(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        AssertSame(first, await PostAsync(server.User(), Removing, RemovingEmail, Key));
        server.Clock!.Advance(TimeSpan.FromSeconds(1));
        Assert.NotEqual(first.Text, (await PostAsync(server.User(), Removing, RemovingEmail, Key)).IsOk().Text);
        (await PostAsync(server.User(), "token/userKeys/changing", RemovingEmail, Key)).IsRefused(422, "idempotency-key-reused");
    }

    [Fact]
    public async Task An_account_that_comes_again_knows_nothing_of_earlier_keys()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        (await PostAsync(alice, Removing, RemovingEmail, Key)).IsOk();
        (await server.Service().DeleteAsync("/api/v1/admin/accounts/alice")).IsOk(204);
        (await server.PutAccountAsync("alice", BothKeys)).IsOk(201);
        (await PostAsync(alice, "token/userKeys/changing", RemovingEmail, Key)).IsOk();
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"")]
    [InlineData("\"unfinished")]
    [InlineData("\"a\"b\"")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"a\\\"")]
    [InlineData("\"a\";version=1")]
    [InlineData("a b")]
    [InlineData("a,b")]
    [InlineData("\"a\", \"b\"")]
    [InlineData("\"a\tb\"")]
    [InlineData("\"schlüssel\"")]
    public void What_is_no_key_is_seen(string text) => Assert.False(IdempotencyFilter.TryParse(text, out _));

    [Theory]
    [InlineData("\"8e03978e-40d5-43e8-bc93-6e9f8a1d3a3b\"", "8e03978e-40d5-43e8-bc93-6e9f8a1d3a3b")]
    [InlineData("8e03978e-40d5-43e8-bc93-6e9f8a1d3a3b", "8e03978e-40d5-43e8-bc93-6e9f8a1d3a3b")]
    [InlineData("\"a \\\"b\\\\ c\"", "a \"b\\ c")]
    [InlineData("\" \"", " ")]
    public void A_key_is_a_string_of_structured_fields_or_bare(string text, string expected)
    {
        Assert.True(IdempotencyFilter.TryParse(text, out var key));
        Assert.Equal(expected, key);
    }

    [Fact]
    public async Task A_malformed_key_is_a_bad_request_after_all_that_goes_before_one()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        foreach (var bad in new[] { "\"\"", "a b", $"\"{new string('x', 256)}\"", new string('x', 256) })
            (await PostAsync(alice, Removing, RemovingEmail, bad)).Blames("Idempotency-Key");
        (await PostAsync(alice, Removing, RemovingEmail, "\"a\"", "\"b\"")).Blames("Idempotency-Key");
        (await PostAsync(alice, Removing, RemovingEmail, $"\"{new string('x', 255)}\"")).IsOk();

        using var large = Request(Removing, new string(' ', 20_000), "a b");
        (await alice.SendAsync(large)).IsRefused(413, "too-large");
        using var text = Request(Removing, "{}", "a b");
        text.Content!.Headers.ContentType = new("text/plain");
        (await alice.SendAsync(text)).IsRefused(415, "unsupported-media-type");
        using var get = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/{Removing}");
        get.Headers.Add("Idempotency-Key", "a b");
        (await alice.SendAsync(get)).IsRefused(405, "method-not-allowed");
        Assert.Single(await server.EventsAsync("alice"), e => e.Text("type") == "token_issued");
    }

    static void AssertSame(Answer expected, Answer actual)
    {
        Assert.Equal((expected.Status, expected.Text), (actual.Status, actual.Text));
        Assert.Equal(expected.ContentHeaders.ContentType, actual.ContentHeaders.ContentType);
        Assert.Equal(expected.Headers.RetryAfter, actual.Headers.RetryAfter);
        Assert.Equal(expected.Headers.CacheControl, actual.Headers.CacheControl);
    }

    static async Task<Answer> PostAsync(TestUser user, string path, object? body, params string?[]? keys)
    {
        using var request = Request(path, body is null ? null : JsonSerializer.Serialize(body), keys ?? []);
        return await user.SendAsync(request);
    }

    static HttpRequestMessage Request(string path, string? body, params string?[] keys)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/{path}") { Content = body is null ? null : Content(body) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", keys.Where(key => key is not null));
        return request;
    }
}
