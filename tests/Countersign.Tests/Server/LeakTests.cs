using System.Collections.Concurrent;
using System.Text;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Server;

[Collection(nameof(LeakTests))]
public sealed class LeakTests
{
    [Fact]
    [Trait("ASVS", "14.2.4")]
    [Trait("ASVS", "16.2.5")]
    [Trait("Attack", "9")]
    public async Task Logs_at_their_loudest_hold_no_address_no_code_no_bearer_and_no_query_string()
    {
        using var log = new CollectingLog();
        var canaries = new Canaries();
        await using (var server = await StartAsync(log, "Logging:LogLevel:Default=Trace", "Logging:LogLevel:Microsoft.AspNetCore=Trace"))
            await canaries.TourAsync(server);

        // It was loud indeed.
        Assert.Contains(log.Lines, line => line.StartsWith("Trace ", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("Microsoft.AspNetCore.Routing", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("Microsoft.AspNetCore.Authentication", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal));
        Assert.Empty(log.Lines.SelectMany(line => canaries.FindIn("log", line)));
    }

    [Theory]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics=Trace")]
    [InlineData("Logging:Collecting:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics=Trace")]
    [InlineData("Logging:Collecting:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics*=Trace")]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics*Microsoft.AspNetCore.Hosting.Diagnostics=Trace")]
    [InlineData("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests*=Trace")]
    [InlineData("Logging:Collecting:LogLevel:Default=Trace")]
    public async Task No_setting_brings_query_strings_into_the_log(string setting)
    {
        using var log = new CollectingLog();
        var canaries = new Canaries();
        await using (var server = await StartAsync(log, "Logging:LogLevel:Default=Trace", setting))
            await canaries.TourAsync(server);

        Assert.NotEmpty(log.Lines);
        Assert.Empty(log.Lines.SelectMany(line => canaries.FindIn("log", line)));
    }

    [Fact]
    [Trait("ASVS", "16.2.5")]
    [Trait("Attack", "9")]
    public async Task Activities_hold_no_address_no_code_no_bearer_and_no_query_string()
    {
        using var activities = new CollectingActivities();
        var canaries = new Canaries();
        await using (var server = await Canaries.StartServerAsync([]))
            await canaries.TourAsync(server);

        Assert.Contains("Countersign/countersign.issue", activities.Names);
        Assert.Contains("Countersign/countersign.decide", activities.Names);
        Assert.Contains("Countersign/countersign.send", activities.Names);
        Assert.Contains("Microsoft.AspNetCore/Microsoft.AspNetCore.Hosting.HttpRequestIn", activities.Names);
        Assert.Contains(activities.Texts, text => text.Contains("countersign.operation=userKeys/changing/newKey", StringComparison.Ordinal));
        Assert.Empty(activities.Texts.SelectMany(text => canaries.FindIn("activity", text)));
    }

    [Fact]
    [Trait("ASVS", "16.2.5")]
    [Trait("Attack", "9")]
    public async Task Metrics_hold_no_address_no_code_no_bearer_and_no_query_string()
    {
        using var metrics = new CollectingMetrics();
        var canaries = new Canaries();
        await using (var server = await Canaries.StartServerAsync([]))
        {
            await canaries.TourAsync(server);
            metrics.Observe();
        }

        Assert.Contains(metrics.Texts, text => text.StartsWith("Countersign/countersign.tokens.issued operation=userKeys/adding key_type=EMAIL", StringComparison.Ordinal));
        Assert.Contains(metrics.Texts, text => text.StartsWith("Countersign/countersign.limits.exceeded limit=", StringComparison.Ordinal));
        Assert.Contains(metrics.Texts, text => text.StartsWith("Countersign/countersign.sender.tries channel=EMAIL sender=quoting outcome=deferred", StringComparison.Ordinal));
        Assert.Contains(metrics.Texts, text => text.StartsWith("Microsoft.AspNetCore.Hosting/http.server.request.duration", StringComparison.Ordinal));
        Assert.Empty(metrics.Texts.SelectMany(text => canaries.FindIn("metric", text)));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT=10000")]
    [InlineData("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION=true")]
    public async Task What_is_exported_over_OTLP_holds_no_address_no_code_no_bearer_and_no_query_string(string setting)
    {
        await using var collector = await OtlpCollector.StartAsync();
        var canaries = new Canaries();
        await using (var server = await Canaries.StartServerAsync(
            [$"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Url}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", setting]))
            await canaries.TourAsync(server);

        // Stopping has sent what was left. Text is as it is in protobuf, and so is found in the bytes.
        Assert.Contains("countersign.issue", collector.Text("/v1/traces"), StringComparison.Ordinal);
        Assert.Contains("/api/v1/token/userKeys/adding/email", collector.Text("/v1/traces"), StringComparison.Ordinal);
        Assert.Contains("countersign.tokens.issued", collector.Text("/v1/metrics"), StringComparison.Ordinal);
        foreach (var tag in new[] { "url.query", "url.path", "user_agent.original" })
            Assert.DoesNotContain(tag, collector.Text("/v1/traces"), StringComparison.Ordinal);
        Assert.Empty(canaries.FindIn("traces", collector.Text("/v1/traces")));
        Assert.Empty(canaries.FindIn("metrics", collector.Text("/v1/metrics")));
    }

    [Fact]
    public async Task A_collector_that_is_away_disturbs_nobody()
    {
        await using var server = await TestServer.StartAsync(
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_TIMEOUT=500");
        Assert.Equal(200, (await server.User().AccountAsync()).Status);
    }

    static Task<TestServer> StartAsync(CollectingLog log, params string[] settings) =>
        Canaries.StartServerAsync(settings, builder => builder.Logging.AddProvider(log));

    /// <summary>What an OpenTelemetry collector gets, over HTTP in protobuf.</summary>
    sealed class OtlpCollector : IAsyncDisposable
    {
        readonly WebApplication app;
        readonly ConcurrentQueue<(string Path, string Text)> received = [];

        OtlpCollector(WebApplication app) => this.app = app;

        public string Url => app.Urls.First();

        public static async Task<OtlpCollector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var collector = new OtlpCollector(app);
            app.Map("/{**path}", async (HttpContext http) =>
            {
                using var reader = new StreamReader(http.Request.Body, Encoding.Latin1);
                collector.received.Enqueue((http.Request.Path, await reader.ReadToEndAsync()));
            });
            await app.StartAsync();
            return collector;
        }

        public string Text(string path) => string.Concat(received.Where(request => request.Path == path).Select(request => request.Text));

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
