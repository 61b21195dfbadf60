using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

[Trait("Database", "any")]
public sealed class ErrorTests
{
    const string Account = "/api/v1/account";
    const string AddEmail = "/api/v1/token/userKeys/adding/email";
    const string Redeem = "/api/v1/userKeys/adding/email";

    static readonly string[] Posts =
    [
        "token/userKeys/adding/email", "token/userKeys/adding/phoneNumber", "token/userKeys/changing", "token/userKeys/changing/newKey",
        "token/userKeys/removing", "token/antiPhishing/adding", "token/antiPhishing/changing", "token/mfa/disabling", "token/mfa/enabling",
        "token/resending", "token/cancelling", "userKeys/adding/email", "userKeys/adding/phoneNumber", "userKeys/changing", "userKeys/removing",
        "antiPhishing/adding", "antiPhishing/changing", "mfa/enabling", "mfa/disabling",
    ];

    [Fact]
    [Trait("ASVS", "3.5.3")]
    [Trait("ASVS", "4.1.4")]
    [Trait("ASVS", "13.4.4")]
    [Trait("Attack", "16")]
    public async Task Every_operation_is_a_post_and_says_so_to_anything_else()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = Phone, mfa = new { email = true } });

        foreach (var path in Posts)
        {
            foreach (var method in new[] { "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE" })
            {
                var refused = (await alice.SendAsync(new HttpMethod(method), $"/api/v1/{path}?keyType=PHONE_NUMBER&newEmail=x@example.com", null))
                    .IsRefused(405, "method-not-allowed");
                Assert.Equal("POST", refused.ContentHeaders.Allow.Single());
            }

            // A HEAD has no body to say it in.
            Assert.Equal("POST", (await alice.SendAsync(HttpMethod.Head, $"/api/v1/{path}", null)).IsOk(405).ContentHeaders.Allow.Single());
        }

        Assert.Equal("GET", (await alice.PostAsync(Account)).IsRefused(405, "method-not-allowed").ContentHeaders.Allow.Single());
        var service = server.Service();
        Assert.Equal(
            ["DELETE", "GET", "PUT"],
            (await service.PostAsync("/api/v1/admin/accounts/alice")).IsRefused(405, "method-not-allowed").ContentHeaders.Allow.Order());
        Assert.Equal(
            ["GET"], (await service.PostAsync("/api/v1/admin/accounts/alice/events")).IsRefused(405, "method-not-allowed").ContentHeaders.Allow);
        Assert.Equal(
            ["GET", "POST"],
            (await server.Operator().DeleteAsync("/api/v1/admin/messages")).IsRefused(405, "method-not-allowed").ContentHeaders.Allow.Order());
        Assert.Empty(await server.InboxAsync());
        Assert.Empty((await alice.AccountAsync()).Pending());
    }

    [Fact]
    [Trait("ASVS", "6.3.4")]
    [Trait("ASVS", "8.2.1")]
    public async Task Every_operation_wants_a_bearer_first()
    {
        await using var server = await TestServer.StartAsync();

        foreach (var path in Posts.Append("account").Append("admin/accounts/alice").Append("admin/accounts/alice/events").Append("admin/messages"))
        {
            // Wrong in every other way too: the bearer comes first.
            var refused = (await server.SendAsync("PATCH", $"/api/v1/{path}", null, Content(new string('x', 20_000), "text/plain")))
                .IsRefused(401, "unauthenticated");
            Assert.StartsWith("Bearer", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
            (await server.SendAsync("POST", $"/api/v1/{path}", "no.such.token")).IsRefused(401, "unauthenticated");
        }
    }

    [Fact]
    public async Task A_bearer_has_a_subject_and_an_expiry_and_is_not_expired()
    {
        await using var server = await TestServer.StartAsync();
        Dictionary<string, object> alice = new() { ["sub"] = "alice" };

        (await server.SendAsync("GET", Account, server.BearerWith(alice))).IsOk();
        Task<Answer>[] refused =
        [
            server.SendAsync("GET", Account, server.BearerWith([])),
            server.SendAsync("GET", Account, server.BearerWith(new() { ["sub"] = "" })),
            server.SendAsync("GET", Account, server.BearerWith(new() { ["sub"] = new string('x', 256) })),
            server.SendAsync("GET", Account, server.BearerWith(new() { ["sub"] = "a\u0000b" })),
            server.SendAsync("GET", Account, server.BearerWith(alice, token => token.Expires = null)),
            server.SendAsync("GET", Account, server.BearerWith(alice, token => token.Expires = DateTime.UtcNow.AddSeconds(-1))),
            server.SendAsync("GET", Account, server.BearerWith(alice, token => token.Issuer = "https://evil.example")),
            server.SendAsync("GET", Account, server.BearerWith(alice, token => token.Audience = "somebody else")),
            server.SendAsync("GET", Account, server.BearerWith(alice, token => token.SigningCredentials = null)),
            server.SendAsync("GET", Account, server.BearerWith(alice, token => token.SigningCredentials = new SigningCredentials(
                new SymmetricSecurityKey(new byte[32]), SecurityAlgorithms.HmacSha256))),
        ];
        Assert.All(await Task.WhenAll(refused), answer => answer.IsRefused(401, "unauthenticated"));
    }

    [Fact]
    [Trait("ASVS", "4.1.1")]
    public async Task A_problem_has_the_members_of_the_contract()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        string[] common = ["type", "title", "status", "detail", "traceId", "code"];

        void Expect(Answer answer, params string[] more)
        {
            Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType!.MediaType);
            Assert.Equal([.. common, .. more], answer.Body.Members());
            Assert.Equal(answer.Status, answer.Body.GetProperty("status").GetInt32());
            Assert.All(new[] { "type", "title", "detail", "traceId" }, member => Assert.NotEmpty(answer.Body.Text(member)!));
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        }

        Expect((await alice.IssueAsync("userKeys/adding/email?newEmail=x")).IsRefused(400, "validation"), "errors");
        Expect((await server.SendAsync("GET", Account)).IsRefused(401, "unauthenticated"));
        Expect((await alice.GetAsync("/api/v1/admin/accounts/alice")).IsRefused(403, "forbidden"));
        Expect((await alice.GetAsync("/api/v1/no/such/path")).IsRefused(404, "not-found"));
        Expect((await alice.GetAsync("/nor/this")).IsRefused(404, "not-found"));
        Expect((await alice.GetAsync(Redeem)).IsRefused(405, "method-not-allowed"));
        Expect((await alice.IssueAsync("userKeys/adding/email?newEmail=x@example.com")).IsRefused(409, "key-exists"));
        Expect(
            (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(code) })).IsRefused(422, "token-invalid"),
            "attemptsRemaining");
        Expect((await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = code })).IsRefused(422, "token-invalid"));
        (await server.PutAccountAsync("alice", new { email = Email, phoneNumber = Phone, mfa = new { email = true } })).IsOk();
        Expect((await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsRefused(409, "mfa-enabled"), "nextStep");
    }

    [Fact]
    public async Task What_is_refused_first_is_what_the_contract_puts_first()
    {
        await using var server = await TestServer.StartAsync("Countersign:Features:Mfa=false", "Countersign:Accounts:ProvisionFromClaims=false");
        var alice = await server.BearerAsync("alice", null);
        var huge = $$"""{"destination":"{{new string('x', 17_000)}}"}""";
        Task<Answer> SendAsync(string method, string path, HttpContent content, string? bearer) => server.SendAsync(method, path, bearer, content);

        const string Disabling = "/api/v1/token/mfa/disabling";
        const string Admin = "/api/v1/admin/accounts/alice";
        (await SendAsync("PATCH", Admin, Content(huge, "text/plain"), null)).IsRefused(401, "unauthenticated");
        (await SendAsync("PATCH", Admin, Content(huge, "text/plain"), alice)).IsRefused(403, "forbidden");
        (await SendAsync("PUT", Disabling, Content(huge, "text/plain"), alice)).IsRefused(405, "method-not-allowed");
        (await SendAsync("POST", Disabling, Content(huge, "text/plain"), alice)).IsRefused(413, "too-large");
        (await SendAsync("POST", Disabling, Content("{]", "text/plain"), alice)).IsRefused(415, "unsupported-media-type");
        (await SendAsync("POST", Disabling, Content("{]"), alice)).IsRefused(400, "validation");
        (await SendAsync("POST", Disabling, Content("""{"destination":"X"}"""), alice)).IsRefused(400, "validation");
        (await SendAsync("POST", Disabling, Content("""{"destination":"EMAIL"}"""), alice)).IsRefused(404, "feature-disabled");
        (await SendAsync("POST", "/api/v1/userKeys/removing", Content("""{"keyType":"EMAIL","oneTimeToken":"1"}"""), alice)).IsRefused(400, "validation");
        (await SendAsync("POST", "/api/v1/userKeys/removing", Content("""{"keyType":"EMAIL","oneTimeToken":"123456"}"""), alice))
            .IsRefused(404, "account-not-found");
    }

    [Fact]
    public async Task Redeeming_says_the_token_is_wrong_before_it_says_what_else_is()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();

        for (var i = 0; i < 5; i++)
            (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(code) })).IsRefused(422, "token-invalid");
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsRefused(429, "too-many-attempts");
    }

    [Fact]
    [Trait("ASVS", "1.5.3")]
    [Trait("ASVS", "15.3.3")]
    [Trait("ASVS", "15.3.5")]
    [Trait("Attack", "8")]
    public async Task A_body_is_exactly_the_object_that_is_expected()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        Task<Answer> SendAsync(string body) => alice.PostAsync("/api/v1/userKeys/removing", body);

        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":"123456","extra":1}""")).Blames("extra");
        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":"123456","userId":"bob"}""")).Blames("userId");
        (await SendAsync("""{"KeyType":"EMAIL","oneTimeToken":"123456"}""")).Blames("KeyType");
        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":"123456","oneTimeToken":"123456"}""")).Blames("oneTimeToken");
        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":"123456","oneTim\u0065Token":"654321"}""")).Blames("oneTimeToken");
        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":123456}""")).Blames("oneTimeToken");
        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":["123456"]}""")).Blames("oneTimeToken");
        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":true}""")).Blames("oneTimeToken");
        (await SendAsync("""{"keyType":{"a":1},"oneTimeToken":"123456"}""")).Blames("keyType");
        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":null}""")).Blames("oneTimeToken");
        (await SendAsync("""{"keyType":"EMAIL"}""")).Blames("oneTimeToken");
        (await SendAsync("{}")).Blames("keyType", "oneTimeToken");
        (await SendAsync("""{"keyType":"EMAIL","oneTimeToken":"12\u000034"}""")).Blames("oneTimeToken");
        foreach (var body in new[]
        {
            "", " ", "null", "[]", "[{}]", "\"x\"", "1", "true", "{", "{}{}", "{} x", "{'keyType':'EMAIL'}", "{\"keyType\":\"EMAIL\",}",
            "{/**/}", "\u0000", "nul", new string('[', 5_000),
        })
            (await SendAsync(body)).IsRefused(400, "validation");
    }

    [Fact]
    public async Task A_lone_surrogate_or_broken_utf8_is_a_bad_request()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var bearer = await server.BearerAsync("alice", null);

        foreach (var text in new[] { @"\ud800", @"\udc00", @"x\udfff@example.com", @"\ud83d", @"\ud83d\ud83d" })
        {
            (await alice.PostAsync(AddEmail, $$"""{"newEmail":"{{text}}"}""")).IsRefused(400, "validation");
            (await alice.PostAsync(AddEmail, $$"""{"{{text}}":"x"}""")).IsRefused(400, "validation");
            (await alice.PostAsync("/api/v1/antiPhishing/adding", $$"""{"oneTimeToken":"123456","antiPhishingCode":"{{text}}"}""")).IsRefused(400, "validation");
            (await server.PutAccountAsync("bob", $$"""{"locale":"{{text}}"}""")).IsRefused(400, "validation");
        }

        byte[] broken = [.. "{\"newEmail\":\""u8, 0xC3, 0x28, 0xFF, .. "@example.com\"}"u8];
        using var content = new ByteArrayContent(broken);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        (await server.SendAsync("POST", AddEmail, bearer, content)).IsRefused(400, "validation");
    }

    [Fact]
    public async Task The_answer_does_not_quote_the_request()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { phoneNumber = Phone });

        Answer[] refused =
        [
            await alice.PostAsync(AddEmail, new { newEmail = "canary-7f3a" }),
            await alice.PostAsync($"{AddEmail}?newEmail=canary-7f3a"),
            await alice.PostAsync(Redeem, new { oneTimeToken = "canary-7f3a" }),
            await alice.PostAsync(Redeem, "{\"oneTimeToken\": canary-7f3a}"),
            await alice.GetAsync("/api/v1/canary-7f3a"),
        ];
        Assert.All(refused, answer => Assert.DoesNotContain("canary", answer.Text, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("ASVS", "15.2.2")]
    public async Task A_body_has_at_most_16_kibibytes_whether_its_length_is_said_or_not()
    {
        await using var server = await TestServer.StartAsync();
        var bearer = await server.BearerAsync("alice", null);

        async Task<Answer> SendAsync(int length, bool isChunked)
        {
            var json = """{"newEmail":"alice@example.com"}""";
            return await server.SendAsync("POST", AddEmail, bearer, Content(json + new string(' ', length - json.Length)), isChunked);
        }

        foreach (var isChunked in new[] { false, true })
        {
            (await SendAsync(16 * 1024, isChunked)).IsOk();
            (await SendAsync((16 * 1024) + 1, isChunked)).IsRefused(413, "too-large");
            (await SendAsync(200_000, isChunked)).IsRefused(413, "too-large");
        }
    }

    [Fact]
    [Trait("ASVS", "3.5.2")]
    public async Task A_body_is_json_in_utf8()
    {
        await using var server = await TestServer.StartAsync();
        var bearer = await server.BearerAsync("alice", null);
        const string Body = """{"newEmail":"alice@example.com"}""";
        Task<Answer> SendAsync(string? contentType) => server.SendAsync("POST", AddEmail, bearer, Content(Body, contentType));

        foreach (var contentType in new[]
        {
            "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"", "application/merge-patch+json",
        })
            (await SendAsync(contentType)).IsOk();
        foreach (var contentType in new[]
        {
            null, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "application/jsonp", "json",
            "application/json; charset=utf-16", "application/json; charset=iso-8859-1", "application/json; charset=nonsense",
        })
            (await SendAsync(contentType)).IsRefused(415, "unsupported-media-type");
    }

    [Fact]
    public async Task An_operation_without_input_takes_an_empty_object_or_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });

        (await alice.IssueAsync("antiPhishing/adding")).IsOk();
        (await alice.IssueAsync("antiPhishing/adding", "{}")).IsOk();
        (await alice.IssueAsync("antiPhishing/adding", """{"keyType":"EMAIL"}""")).Blames("keyType");
        (await alice.IssueAsync("antiPhishing/adding", "[]")).IsRefused(400, "validation");
    }

    [Fact]
    public async Task Paths_are_matched_without_case_and_a_trailing_slash_is_ignored()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);

        (await alice.GetAsync("/API/V1/ACCOUNT/")).IsOk();
        (await alice.PostAsync("/api/v1/TOKEN/userkeys/REMOVING/?keyType=EMAIL")).IsOk();
        (await alice.PostAsync("/Api/V1/UserKeys/Removing/", new { keyType = "EMAIL", oneTimeToken = "x" })).Blames("oneTimeToken");
        (await alice.PostAsync("/api/v1/account/")).IsRefused(405, "method-not-allowed");
        (await server.Service().GetAsync("/api/v1/Admin/Accounts/alice/Events/")).IsOk();
    }

    [Fact]
    [Trait("ASVS", "14.2.5")]
    public async Task What_is_not_there_is_not_found_by_any_method()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        foreach (var path in new[] { "/api/v1", "/api/v1/", "/api/v1/token", "/api/v1/token/userKeys/adding", "/api/v1/userKeys/changing/newKey", "/api/v2/account", "/account", "/api/v1/account/x", "/api/v1//account" })
        {
            (await alice.PostAsync(path)).IsRefused(404, "not-found");
            (await alice.GetAsync(path)).IsRefused(404, "not-found");
            (await server.SendAsync("DELETE", path)).IsRefused(404, "not-found");
        }
    }

    [Fact]
    [Trait("ASVS", "16.5.1")]
    [Trait("ASVS", "16.5.3")]
    public async Task A_store_that_is_not_there_is_said_to_be_so_with_a_time_to_come_back()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Configure = builder => builder.Services.AddSingleton<IAccountStore>(new Unreachable()),
        });
        var alice = server.User();

        Answer[] refused =
        [
            await alice.AccountAsync(),
            await alice.IssueAsync("userKeys/adding/email", new { newEmail = Email }),
            await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = "123456" }),
            await alice.ResendAsync("userKeys/adding", "EMAIL"),
            await server.PutAccountAsync("alice", new { }),
            await server.Service().GetAsync("/api/v1/admin/accounts/alice/events"),
        ];
        Assert.All(refused, answer =>
        {
            Assert.True(answer.IsRefused(503, "unavailable").RetryAfter() >= 1);
            Assert.DoesNotContain("somewhere", answer.Text, StringComparison.Ordinal);
        });
        (await alice.IssueAsync("userKeys/adding/email", new { newEmail = "x" })).IsRefused(400, "validation");
    }

    [Fact]
    [Trait("ASVS", "3.4.4")]
    [Trait("ASVS", "14.2.2")]
    [Trait("ASVS", "14.3.2")]
    public async Task Every_answer_says_that_it_is_not_to_be_kept_or_guessed_at_and_nothing_of_the_server()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        foreach (var answer in new[]
        {
            await alice.AccountAsync(), await alice.GetAsync(Redeem), await alice.IssueAsync("userKeys/adding/email?newEmail=x"), await server.SendAsync("GET", "/nowhere"),
        })
        {
            Assert.Equal("no-store", answer.Headers.GetValues("Cache-Control").Single());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.Equal("default-src 'none'; frame-ancestors 'none'; base-uri 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.False(answer.Headers.Contains("Server"));
            Assert.False(answer.Headers.Contains("X-Powered-By"));
        }
    }

    sealed class Unreachable : IAccountStore
    {
        public Task<LoadedAccount> LoadAsync(string userId, Address? newKey, CancellationToken ct) => throw Gone();

        public Task<LoadedAccount> LoadWithLimitsAsync(string userId, Address? newKey, Demand demand, string? client, CancellationToken ct) => throw Gone();

        public Account? Recall(string userId) => null;

        public Task<Account> NewAsync(string userId, CancellationToken ct) => throw Gone();

        public Task<AddressOwner?> FindOwnerAsync(Address address, CancellationToken ct) => throw Gone();

        public Task<KeptAnswer?> FindAnswerAsync(string userId, byte[] key, DateTimeOffset now, CancellationToken ct) => throw Gone();

        public Task<StoredUndo?> FindUndoAsync(string id, CancellationToken ct) => throw Gone();

        public Task<bool> TryCommitAsync(Commit commit, CancellationToken ct) => throw Gone();

        public IReadOnlyList<LimitState>? RecallLimits(IReadOnlyList<Limit> limits) => null;

        public Task<IReadOnlyList<LimitState>> LoadLimitsAsync(IReadOnlyList<Limit> limits, CancellationToken ct) => throw Gone();

        public Task<IReadOnlyList<AuditEvent>> ReadEventsAsync(string userId, int limit, CancellationToken ct) => throw Gone();

        static StoreUnavailableException Gone() => new("The disk is somewhere else.");
    }
}
