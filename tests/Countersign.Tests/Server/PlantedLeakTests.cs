using System.Diagnostics;
using System.Diagnostics.Metrics;
using Countersign.Stores;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Server;

/// <summary>A search that finds nothing proves something only if it would have found it: a leak of each kind is planted where each search looks.</summary>
public sealed class PlantedLeakTests
{
    const string Source = "Countersign.Tests.Planted";

    public static TheoryData<string> Kinds => [.. Enum.GetNames<CanaryKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void It_is_found_in_a_log_line_in_whatever_form(string kindName)
    {
        var (canaries, kind) = (new Canaries(), Enum.Parse<CanaryKind>(kindName));
        var secret = canaries.Keep(kind, Secret(kind));
        using var log = new CollectingLog();
        using var factory = new LoggerFactory([log]);
        var logger = factory.CreateLogger("Planted");
        foreach (var form in new[] { secret, secret.ToUpperInvariant(), Uri.EscapeDataString(secret), Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(secret)) })
        {
            var values = new Dictionary<string, object> { ["to"] = form };
            log.Lines.Clear();
            Say("nothing");
            Assert.Empty(log.Lines.SelectMany(line => canaries.FindIn("log", line)));
            Say($"sent {form} to somebody");
            Say("nothing", new InvalidOperationException("no", new IOException($"not {form}")));
            logger.Log(LogLevel.Debug, default, values, null, (_, _) => "nothing");
            using (logger.BeginScope(values))
                Say("nothing");
            Assert.Equal(5, log.Lines.Count);
            Assert.Equal(4, log.Lines.Count(line => canaries.FindIn("log", line).Any(found => found.StartsWith($"{kind} in log", StringComparison.Ordinal))));
        }

        void Say(string text, Exception? exception = null) => logger.Log(LogLevel.Debug, default, text, exception, (state, _) => state);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void It_is_found_in_an_activity_and_in_a_metric(string kindName)
    {
        var (canaries, kind) = (new Canaries(), Enum.Parse<CanaryKind>(kindName));
        var secret = canaries.Keep(kind, Secret(kind));
        using var activities = new CollectingActivities();
        using var source = new ActivitySource(Source);
        using (var activity = source.StartActivity("tagged"))
            activity!.SetTag("destination", secret);
        using (var activity = source.StartActivity("failed"))
            activity!.SetStatus(ActivityStatusCode.Error, secret);
        using (var activity = source.StartActivity("event"))
            activity!.AddEvent(new ActivityEvent("sent", tags: new() { ["to"] = secret }));
        Assert.Equal(3, activities.Texts.Count(text => canaries.FindIn("activity", text).Any()));

        using var metrics = new CollectingMetrics();
        using var meter = new Meter(Source);
        meter.CreateCounter<long>("planted").Add(1, new KeyValuePair<string, object?>("to", secret));
        Assert.Equal(1, metrics.Texts.Count(text => canaries.FindIn("metric", text).Any()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_is_found_in_a_database_and_in_a_dump_of_one(string kindName)
    {
        var (canaries, kind) = (new Canaries(), Enum.Parse<CanaryKind>(kindName));
        var secret = canaries.Keep(kind, Secret(kind));
        using var folder = new TestFolder();
        await using (var server = await TestServer.StartAsync($"ConnectionStrings:Sqlite=Data Source={folder.File("leaks.db")}"))
        {
            await PlantAsync(server, secret);
            var files = Directory.GetFiles(folder.Path, "leaks.db*");
            Assert.NotEmpty(files.SelectMany(file => canaries.FindIn(file, StoredText.OfFile(file), _ => true)));
            var columns = await StoredText.OfTablesAsync(server.Services.GetRequiredService<ISqlEngine>());
            Assert.Equal(["outbox.last_error", "outbox.sealed"], StoredText.Found(canaries, columns, _ => true));
        }

        var connection = await SharedPostgres.NewDatabaseAsync();
        await using (var server = await TestServer.StartAsync($"ConnectionStrings:PostgreSql={connection}"))
            await PlantAsync(server, secret);
        Assert.Equal(["outbox.last_error", "outbox.sealed"], StoredText.Found(canaries, StoredText.OfDump(await StoredText.DumpAsync(connection)), _ => true));
    }

    [Fact]
    public async Task It_is_found_in_an_answer()
    {
        var canaries = new Canaries();
        var answers = new AnswerLog();
        var http = new DefaultHttpContext { Request = { Method = "GET", Path = "/planted" } };
        var chain = new Microsoft.AspNetCore.Builder.ApplicationBuilder(new ServiceCollection().BuildServiceProvider());
        answers.Configure(app => Microsoft.AspNetCore.Builder.RunExtensions.Run(app, context =>
        {
            context.Response.Headers.Location = $"/undo?token={canaries.AntiPhishingCode}";
            return context.Response.WriteAsync(canaries.Email);
        }))(chain);
        await chain.Build()(http);
        var answer = Assert.Single(answers.Answers);
        Assert.NotEmpty(canaries.FindIn("headers", answer.Headers, Canaries.IsSecret));
        Assert.NotEmpty(canaries.FindIn("body", answer.Body, kind => kind == CanaryKind.Address));
    }

    static Task<bool> PlantAsync(TestServer server, string secret) => server.Services.GetRequiredService<ISqlEngine>().TryCommitAsync(
        [
            new SqlStatement(
                """
                INSERT INTO outbox (
                  user_id, id, channel, kind, operation, key_type, carries_code, destination_masked, sealed, state, attempts, due_at, expires_at, leased_until, created_at, last_error)
                VALUES ('alice', 'planted', 'EMAIL', 'Code', 'x', '', 0, '***', @sealed, 'SENT', 0, 0, 0, 0, 0, @text)
                """,
                ("@sealed", System.Text.Encoding.UTF8.GetBytes(secret)),
                ("@text", $"550 {secret}")),
        ],
        TestContext.Current.CancellationToken);

    static string Secret(CanaryKind kind) => kind switch
    {
        CanaryKind.Code => "QQQQ-7777",
        CanaryKind.UndoToken => new string('Q', 43),
        CanaryKind.Bearer => $"QQ.{new string('q', 60)}.{new string('r', 60)}",
        CanaryKind.IdempotencyKey => "idem-planted",
        CanaryKind.AntiPhishingCode => "BirdPlanted",
        CanaryKind.Address => "planted@example.com",
    };
}
