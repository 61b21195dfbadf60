using System.Text.Json;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Delivery;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class OperatorApiTests
{
    const string Messages = "/api/v1/admin/messages";

    readonly FakeTimeProvider clock = new(Start);
    readonly FakeSender email;

    public OperatorApiTests()
    {
        email = new FakeSender(KeyType.Email, clock);
        email.Answer(SendStatus.Rejected, "550 alice@example.com: no such mailbox");
    }

    [Fact]
    [Trait("ASVS", "14.2.6")]
    public async Task A_dead_message_is_listed_without_address_and_code_and_tried_again()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();

        var dead = Assert.Single(await ListAsync(server, 1));
        Assert.Equal(
            [
                "userId", "id", "channel", "kind", "operation", "keyType", "destination", "state", "attempts", "createdAt", "dueAt", "expiresAt", "finishedAt",
                "lastError",
            ],
            dead.Members());
        Assert.Equal(
            ["alice", "EMAIL", "CODE", "userKeys/changing", "EMAIL", "a***e@example.com", "DEAD", "550 ***: no such mailbox"],
            new[] { "userId", "channel", "kind", "operation", "keyType", "destination", "state", "lastError" }.Select(member => dead.Text(member)));
        Assert.Equal(1, dead.GetProperty("attempts").GetInt32());
        Assert.Equal((Start, Start, Start.AddMinutes(30), Start), (dead.Time("createdAt"), dead.Time("dueAt"), dead.Time("expiresAt"), dead.Time("finishedAt")));
        var code = Assert.Single(email.Tries).Message.OneTimeToken!;
        Assert.DoesNotContain(code, dead.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("FAILED", (await alice.AccountAsync()).PendingOperation("userKeys/changing").Text("delivery"));

        email.Answer(SendStatus.Accepted);
        clock.Advance(TimeSpan.FromMinutes(1));
        var retried = (await ActAsync(server, "retry", dead)).IsOk().Body;
        Assert.Equal(("QUEUED", 0, Start.AddMinutes(1)), (retried.Text("state"), retried.GetProperty("attempts").GetInt32(), retried.Time("dueAt")));
        Assert.False(retried.TryGetProperty("finishedAt", out _));

        await Eventually.ThatAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return email.Tries.Count == 2;
            },
            "it is tried again");
        var sent = Assert.Single(await ListAsync(server, 1, "?state=SENT"));
        Assert.Equal(dead.Text("id"), sent.Text("id"));
        Assert.Empty(await ListAsync(server, 0));
        Assert.Equal("SENT", (await alice.AccountAsync()).PendingOperation("userKeys/changing").Text("delivery"));
        Assert.Equal(code, email.Tries[1].Message.OneTimeToken);

        Assert.Contains("handed over", (await ActAsync(server, "retry", dead)).IsRefused(409, "message-not-retryable").Body.Text("detail"), StringComparison.Ordinal);
        Assert.Contains("handed over", (await ActAsync(server, "drop", dead)).IsRefused(409, "message-not-droppable").Body.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dead_message_is_dropped_and_then_done_with()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
        var dead = Assert.Single(await ListAsync(server, 1));

        var dropped = (await ActAsync(server, "drop", dead)).IsOk().Body;
        Assert.Equal(("WITHDRAWN", "dropped by an operator"), (dropped.Text("state"), dropped.Text("lastError")));
        Assert.Empty(await ListAsync(server, 0));
        Assert.Single(await ListAsync(server, 1, "?state=WITHDRAWN"));
        Assert.Contains("withdrawn", (await ActAsync(server, "retry", dead)).IsRefused(409, "message-not-retryable").Body.Text("detail"), StringComparison.Ordinal);
        (await ActAsync(server, "drop", dead)).IsRefused(409, "message-not-droppable");
    }

    [Fact]
    public async Task A_dead_code_that_has_expired_cannot_be_tried_again()
    {
        await using var server = await StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
        var dead = Assert.Single(await ListAsync(server, 1));
        clock.Advance(TimeSpan.FromMinutes(30));

        Assert.Contains("expired", (await ActAsync(server, "retry", dead)).IsRefused(409, "message-not-retryable").Body.Text("detail"), StringComparison.Ordinal);
        Assert.Single(email.Tries);
    }

    [Fact]
    public async Task Messages_are_listed_by_account_and_a_page_at_a_time()
    {
        await using var server = await StartAsync();
        foreach (var userId in new[] { "alice", "bob", "carol/1" })
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            (await server.PutAccountAsync(Uri.EscapeDataString(userId), new { email = $"{userId[..3]}@example.com" })).IsOk(201);
            (await server.User(userId).IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
        }

        var all = await ListAsync(server, 3);
        Assert.Equal(["carol/1", "bob", "alice"], all.Select(message => message.Text("userId")));
        Assert.Equal(["carol/1", "bob"], (await ListAsync(server, 2, "?limit=2")).Select(message => message.Text("userId")));
        var next = $"?limit=2&before={all[1].Text("dueAt")},{all[1].Text("id")}";
        Assert.Equal(["alice"], (await ListAsync(server, 1, next)).Select(message => message.Text("userId")));
        Assert.Equal(["bob", "alice"], (await ListAsync(server, 2, $"?before={all[0].Text("dueAt")}")).Select(message => message.Text("userId")));
        Assert.Equal(["carol/1"], (await ListAsync(server, 1, "?userId=carol%2F1&state=DEAD")).Select(message => message.Text("userId")));
        Assert.Empty(await ListAsync(server, 0, "?userId=nobody"));
        Assert.Empty(await ListAsync(server, 0, "?state=QUEUED"));
    }

    [Fact]
    public async Task What_is_malformed_is_named_as_the_request_names_it()
    {
        await using var server = await StartAsync();
        var user = server.Operator();
        Task<Answer> GetAsync(string query) => user.GetAsync($"{Messages}?{query}");
        Task<Answer> PostAsync(object body) => user.PostAsync(Messages, body);

        (await GetAsync("state=dead")).Blames("state");
        (await GetAsync("state=DEAD&state=DEAD")).Blames("state");
        (await GetAsync("userId=")).Blames("userId");
        (await GetAsync("limit=0")).Blames("limit");
        (await GetAsync("limit=1001")).Blames("limit");
        (await GetAsync("before=yesterday")).Blames("before");
        (await GetAsync("before=2026-11-22T19:00:00.000Z,")).Blames("before");
        (await GetAsync("state=X&userId=%00&limit=x&before=x")).Blames("state", "userId", "limit", "before");

        (await PostAsync(new { action = "Retry", userId = "alice", id = "x" })).Blames("action");
        (await PostAsync(new { action = "retry", userId = "", id = "x" })).Blames("userId");
        (await PostAsync(new { action = "drop", userId = "alice", id = "a b" })).Blames("id");
        (await PostAsync(new { action = "drop", userId = "alice", id = new string('x', 65) })).Blames("id");
        (await PostAsync(new { })).Blames("action", "userId", "id");
        (await PostAsync(new { action = "retry", userId = "alice", id = "x", force = true })).Blames("force");
        (await PostAsync("[]")).Blames("body");
        (await PostAsync(new { action = "retry", userId = "alice", id = "no-such-message" })).IsRefused(404, "not-found");
        (await PostAsync(new { action = "drop", userId = "alice", id = "no-such-message" })).IsRefused(404, "not-found");
    }

    [Fact]
    [Trait("ASVS", "8.2.1")]
    [Trait("ASVS", "8.3.1")]
    public async Task Operators_and_they_alone_may()
    {
        await using var server = await StartAsync();
        (await server.Operator().GetAsync(Messages)).IsOk();
        (await server.Service().GetAsync(Messages)).IsRefused(403, "forbidden");
        (await server.User().GetAsync(Messages)).IsRefused(403, "forbidden");
        (await server.User().PostAsync(Messages, new { action = "drop", userId = "alice", id = "x" })).IsRefused(403, "forbidden");
        // Before anything else that is wrong, as everywhere.
        (await server.User().DeleteAsync(Messages)).IsRefused(403, "forbidden");
        Assert.Contains("countersign.operator", (await server.User().GetAsync(Messages)).Body.Text("detail"), StringComparison.Ordinal);
        (await server.Operator().GetAsync("/api/v1/admin/accounts/alice")).IsRefused(403, "forbidden");
    }

    [Fact]
    public void Every_kind_of_message_has_its_name_on_the_wire() =>
        Assert.Equal(
            [
                "CODE", "KEY_ADDED", "KEY_CHANGED", "KEY_REMOVED", "MFA_ENABLED", "MFA_DISABLED", "ANTI_PHISHING_CODE_SET", "ADDRESS_IN_USE", "ADDRESS_KEPT",
                "CHANGE_REQUESTED", "CHANGE_UNDONE",
            ],
            Enum.GetValues<MessageKind>().Select(kind => kind.Name()));

    Task<TestServer> StartAsync() => TestServer.StartAsync(new TestServer.Setup
    {
        Clock = clock,
        // Before the development inbox: the first for a channel takes its messages.
        Configure = builder => builder.Services.Insert(0, ServiceDescriptor.Singleton<IMessageSender>(email)),
    });

    /// <summary>Messages are sent after the answer: waits until so many are there.</summary>
    static async Task<List<JsonElement>> ListAsync(TestServer server, int expected, string query = "")
    {
        List<JsonElement> messages = [];
        await Eventually.ThatAsync(
            async () =>
            {
                messages = [.. (await server.Operator().GetAsync(Messages + query)).IsOk().Body.EnumerateArray()];
                return messages.Count == expected;
            },
            $"there are {expected} messages");
        return messages;
    }

    static Task<Answer> ActAsync(TestServer server, string action, JsonElement message) =>
        server.Operator().PostAsync(Messages, new { action, userId = message.Text("userId"), id = message.Text("id") });
}
