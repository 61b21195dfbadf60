using System.Text.Json.Nodes;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Http;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Docs;

public sealed class OpenApiTests
{
    const string Path = "docs/openapi.json";
    const string Update = "COUNTERSIGN_UPDATE_DOCS";

    [Fact]
    public async Task The_document_is_the_one_that_is_checked_in()
    {
        await using var server = await TestServer.StartAsync();
        var served = await DocumentAsync(server);
        if (Environment.GetEnvironmentVariable(Update) is not null)
            File.WriteAllText(Repository.File(Path), served);

        Assert.True(
            served == Repository.Read(Path),
            $"{Path} is not what the server says. If the contract is meant to change: {Update}=1 ./test -class '*OpenApiTests', and a line in CHANGELOG.md.");
    }

    [Fact]
    public async Task The_document_is_the_same_in_production()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Settings =
            [
                "environment=Production", "Countersign:Keys:0:Id=1", $"Countersign:Keys:0:Value={Convert.ToBase64String(new byte[32])}",
                "Authentication:Schemes:Bearer:Authority=https://issuer.example", "Authentication:Schemes:Bearer:ValidAudiences:0=countersign",
                "Countersign:Features:Mfa=false", "Countersign:Features:AntiPhishing=false",
            ],
            Configure = builder =>
            {
                foreach (var channel in Enum.GetValues<KeyType>())
                    builder.Services.AddSingleton<IMessageSender>(new Nowhere(channel));
            },
        });

        Assert.Equal(Repository.Read(Path), await DocumentAsync(server));
    }

    [Fact]
    [Trait("ASVS", "6.3.4")]
    [Trait("ASVS", "8.1.1")]
    public async Task Every_operation_is_there_and_asks_for_a_bearer()
    {
        await using var server = await TestServer.StartAsync();
        var operations = Operations(CheckedIn).ToList();
        Assert.Equal(29, operations.Count);
        foreach (var (method, path, operation) in operations)
        {
            Assert.Equal("""[{"bearer":[]}]""", operation["security"]!.ToJsonString());
            using var request = new HttpRequestMessage(HttpMethod.Parse(method), path.Replace("{userId}", "alice", StringComparison.Ordinal));
            var answer = await Answer.OfAsync(await server.Http.SendAsync(request, TestContext.Current.CancellationToken));
            Assert.True(answer.Status == 401, $"{method} {path}: {answer.Status}");
        }
    }

    [Fact]
    [Trait("ASVS", "2.1.1")]
    public void Every_schema_member_and_parameter_is_described()
    {
        var schemas = CheckedIn["components"]!["schemas"]!.AsObject();
        var members = schemas.SelectMany(schema => schema.Value!["properties"]!.AsObject().Select(member => ($"{schema.Key}.{member.Key}", member.Value!)));
        var parameters = Operations(CheckedIn)
            .SelectMany(operation => operation.Operation["parameters"]?.AsArray() ?? [])
            .Select(parameter => ($"parameter {parameter!["name"]}", parameter!));
        var silent = schemas.Select(schema => (schema.Key, schema.Value!)).Concat(members).Concat(parameters)
            .Where(item => string.IsNullOrEmpty((string?)item.Item2["description"]))
            .Select(item => item.Item1);

        Assert.Empty(silent);
    }

    [Fact]
    [Trait("ASVS", "1.5.2")]
    [Trait("Attack", "8")]
    public void Every_request_is_closed()
    {
        var bodies = Operations(CheckedIn).Select(operation => operation.Operation["requestBody"]).OfType<JsonNode>().ToList();
        Assert.Equal(21, bodies.Count);
        foreach (var body in bodies)
        {
            var schema = SchemaCheck.Resolve(CheckedIn, body["content"]!["application/json"]!["schema"]!);
            Assert.False((bool)schema["additionalProperties"]!);
        }
    }

    [Fact]
    public void Every_error_is_a_problem_with_the_codes_that_the_product_knows()
    {
        var codes = CheckedIn["components"]!["schemas"]!["Problem"]!["properties"]!["code"]!["enum"]!.AsArray().Select(code => (string)code!);
        Assert.Equal(KnownProblems().Select(problem => problem.Code).Distinct().Order(), codes.Order());

        foreach (var (status, response) in ErrorResponses())
        {
            var (mediaType, content) = Assert.Single(response["content"]!.AsObject());
            Assert.Equal("application/problem+json", mediaType);
            Assert.Equal("#/components/schemas/Problem", (string?)content!["schema"]!["$ref"]);
            foreach (var (code, example) in content["examples"]!.AsObject())
            {
                var shown = example!["value"]!;
                var real = KnownProblems().First(problem => problem.Code == code);
                Assert.Equal((status, code, real.Title, $"urn:countersign:problem:{code}"), (real.Status, (string)shown["code"]!, (string)shown["title"]!, (string)shown["type"]!));
                Assert.Empty(SchemaCheck.Errors(CheckedIn, content["schema"]!, shown));
            }
        }
    }

    [Fact]
    public void Every_event_type_is_named()
    {
        var types = CheckedIn["components"]!["schemas"]!["AuditEvent"]!["properties"]!["type"]!["enum"]!.AsArray().Select(type => (string)type!);
        Assert.Equal(Enum.GetValues<AuditEventType>().Select(type => type.Name()), types);
    }

    [Fact]
    public async Task Answers_are_as_the_document_says()
    {
        await using var server = await TestServer.StartAsync();
        var service = server.Service();
        var created = await service.PutAsync(
            "/api/v1/admin/accounts/alice",
            new { email = "alice@example.com", phoneNumber = "+123456789", mfa = new { email = true }, antiPhishingCode = "bluefox9" });
        Fits("Account", created, 201);

        var alice = server.User();
        Fits("Problem", await alice.PostAsync("/api/v1/token/userKeys/removing?keyType=EMAIL"), 409);
        Fits("Problem", await alice.PostAsync("/api/v1/token/userKeys/removing", new { keyType = "FAX" }), 400);
        Fits("IssuedToken", await alice.PostAsync("/api/v1/token/userKeys/changing", new { keyType = "PHONE_NUMBER" }), 200);
        Fits("IssuedToken", await alice.PostAsync("/api/v1/token/antiPhishing/changing"), 200);
        Fits("Problem", await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = "123456" }), 422);
        Fits("Account", await alice.AccountAsync(), 200);
        Fits("Account", await server.User("bob").AccountAsync(), 200);

        var events = await service.GetAsync("/api/v1/admin/accounts/alice/events");
        Assert.Equal(200, events.Status);
        foreach (var line in JsonNode.Parse(events.Text)!.AsArray())
            Assert.Empty(SchemaCheck.Errors(CheckedIn, Reference("AuditEvent"), line));
    }

    [Fact]
    public async Task Members_of_a_feature_that_is_off_are_absent_and_the_answer_still_fits()
    {
        await using var server = await TestServer.StartAsync("Countersign:Features:Mfa=false", "Countersign:Features:AntiPhishing=false");
        var alice = await server.UserWithAsync(new { email = "alice@example.com" });
        var account = await alice.AccountAsync();

        Fits("Account", account, 200);
        Assert.DoesNotContain("antiPhishingCode", account.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("mfaEnabled", account.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"userKeys":[],"pendingOperations":[],"holds":[]}""", "userId is missing")]
    [InlineData("""{"userId":7,"userKeys":[],"pendingOperations":[],"holds":[]}""", "userId is of another type")]
    [InlineData("""{"userId":"a","userKeys":[{"keyType":"FAX","userKey":"1","verifiedAt":"2026-11-22T18:00:00Z"}],"pendingOperations":[],"holds":[]}""", "keyType is FAX")]
    [InlineData("""{"userId":"a","userKeys":[],"pendingOperations":[],"holds":[],"secret":1}""", "secret is not described")]
    public void What_does_not_fit_is_found(string answer, string error) =>
        Assert.Equal([error], SchemaCheck.Errors(CheckedIn, Reference("Account"), JsonNode.Parse(answer)));

    static JsonNode CheckedIn { get; } = JsonNode.Parse(Repository.Read(Path))!;

    static async Task<string> DocumentAsync(TestServer server) =>
        (await server.Http.GetStringAsync("/openapi/v1.json")).ReplaceLineEndings("\n").TrimEnd() + "\n";

    static IEnumerable<(string Method, string Path, JsonNode Operation)> Operations(JsonNode document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (operation.Key.ToUpperInvariant(), path.Key, operation.Value);

    static IEnumerable<(int Status, JsonNode Response)> ErrorResponses() =>
        from operation in Operations(CheckedIn)
        from response in operation.Operation["responses"]!.AsObject()
        let status = int.Parse(response.Key, System.Globalization.CultureInfo.InvariantCulture)
        where status >= 400
        select (status, SchemaCheck.Resolve(CheckedIn, response.Value!));

    static IEnumerable<Problem> KnownProblems() =>
    [
        Problems.Validation("keyType", ""), Problems.Unauthenticated, Problems.InsufficientUserAuthentication(new StepUp(null, [], []), StepUpLack.Recency), Problems.Forbidden(""), Problems.NotFound,
        Problems.MethodNotAllowed(""), Problems.TooLarge, Problems.UnsupportedMediaType, Problems.Internal, Problems.Unavailable, Problems.IdempotencyKeyReused,
        Problems.MessageNotRetryable(""), Problems.MessageNotDroppable(""),
        .. Enum.GetValues<Refusal>().Select(reason => Problems.Of(new Refused(reason))),
    ];

    static JsonObject Reference(string schema) => new() { ["$ref"] = $"#/components/schemas/{schema}" };

    static void Fits(string schema, Answer answer, int status)
    {
        Assert.Equal((status, ""), (answer.Status, string.Join(", ", SchemaCheck.Errors(CheckedIn, Reference(schema), JsonNode.Parse(answer.Text)))));
    }

    sealed class Nowhere(KeyType channel) : IMessageSender
    {
        public KeyType Channel => channel;

        public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct) => Task.FromResult(SendResult.Accepted);
    }
}
