using System.Text.Json.Nodes;
using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

[Trait("Database", "any")]
public sealed class MassAssignmentTests
{
    /// <summary>Members that there are somewhere: in rows, in answers, in other products.</summary>
    static readonly string[] Elsewhere =
        ["userId", "sub", "version", "mfaEnabled", "verifiedAt", "verified", "userKeys", "pendingOperations", "holds", "destinationOverride", "expiresAt", "isAdmin", "__proto__"];

    [Fact]
    [Trait("Attack", "8")]
    [Trait("ASVS", "1.5.2")]
    [Trait("ASVS", "8.2.3")]
    [Trait("ASVS", "15.3.3")]
    public async Task A_request_takes_its_own_members_and_no_others()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var before = (await server.EventsAsync("alice")).Count;
        var contract = JsonNode.Parse(Repository.Read("docs/openapi.json"))!;
        var schemas = contract["components"]!["schemas"]!;
        var everything = schemas.AsObject().SelectMany(schema => Members(schema.Value!)).Concat(Elsewhere).Distinct().ToList();

        var refused = 0;
        foreach (var (path, operation) in contract["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => (path.Key, operation))))
        {
            if (operation.Key is "get" or "delete")
                continue;
            var reference = operation.Value!["requestBody"]?["content"]!["application/json"]!["schema"]!["$ref"]!.GetValue<string>();
            var own = reference is null ? [] : Members(schemas[reference.Split('/')[^1]]!).ToList();
            var isOperators = new[] { "admin/messages", "admin/events", "/lifting" }.Any(part => path.Contains(part, StringComparison.Ordinal));
            var caller = isOperators ? server.Operator()
                : path.Contains("admin", StringComparison.Ordinal) ? server.Service()
                : alice;
            foreach (var member in everything.Except(own))
            {
                var answer = await caller.SendAsync(
                    new HttpMethod(operation.Key.ToUpperInvariant()), path.Replace("{userId}", "alice", StringComparison.Ordinal), $$"""{"{{member}}":true}""");
                answer.IsRefused(400, "validation");
                Assert.True(answer.Body.GetProperty("errors").TryGetProperty(member, out _), $"{path} says nothing of {member}: {answer.Text}");
                refused++;
            }
        }

        Assert.InRange(refused, 500, 5_000);
        Assert.Equal(before, (await server.EventsAsync("alice")).Count);
        Assert.Empty((await alice.AccountAsync()).Pending());
    }

    static IEnumerable<string> Members(JsonNode schema) => schema["properties"]?.AsObject().Select(property => property.Key) ?? [];
}
