using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Server;

public sealed class LeakTests
{
    [Fact]
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
    public async Task Activities_hold_no_address_no_code_no_bearer_and_no_query_string()
    {
        var activities = new ConcurrentQueue<string>();
        var names = new ConcurrentDictionary<string, int>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                names.AddOrUpdate($"{activity.Source.Name}/{activity.OperationName}", 1, (_, count) => count + 1);
                activities.Enqueue(Describe(activity));
            },
        };
        ActivitySource.AddActivityListener(listener);
        var canaries = new Canaries();
        await using (var server = await TestServer.StartAsync(Canaries.Settings))
            await canaries.TourAsync(server);

        Assert.Contains("Countersign/countersign.issue", names.Keys);
        Assert.Contains("Countersign/countersign.decide", names.Keys);
        Assert.Contains("Countersign/countersign.send", names.Keys);
        Assert.Contains("Microsoft.AspNetCore/Microsoft.AspNetCore.Hosting.HttpRequestIn", names.Keys);
        Assert.Contains(activities, text => text.Contains("countersign.operation=userKeys/changing/newKey", StringComparison.Ordinal));
        Assert.Empty(activities.SelectMany(text => canaries.FindIn("activity", text)));
    }

    [Fact]
    public async Task Metrics_hold_no_address_no_code_no_bearer_and_no_query_string()
    {
        var measurements = new ConcurrentDictionary<string, string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, meters) => meters.EnableMeasurementEvents(instrument) };
        void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
            measurements.TryAdd($"{instrument.Meter.Name}/{instrument.Name} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}", "");
        listener.SetMeasurementEventCallback<long>(Note);
        listener.SetMeasurementEventCallback<int>(Note);
        listener.SetMeasurementEventCallback<double>(Note);
        listener.Start();
        var canaries = new Canaries();
        await using (var server = await TestServer.StartAsync(Canaries.Settings))
        {
            await canaries.TourAsync(server);
            listener.RecordObservableInstruments();
        }

        Assert.Contains(measurements.Keys, text => text.StartsWith("Countersign/countersign.tokens.issued operation=userKeys/adding key_type=EMAIL", StringComparison.Ordinal));
        Assert.Contains(measurements.Keys, text => text.StartsWith("Microsoft.AspNetCore.Hosting/http.server.request.duration", StringComparison.Ordinal));
        Assert.Empty(measurements.Keys.SelectMany(text => canaries.FindIn("metric", text)));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT=10000")]
    [InlineData("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION=true")]
    public async Task What_is_exported_over_OTLP_holds_no_address_no_code_no_bearer_and_no_query_string(string setting)
    {
        await using var collector = await OtlpCollector.StartAsync();
        var canaries = new Canaries();
        await using (var server = await TestServer.StartAsync(
            [.. Canaries.Settings, $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Url}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", setting]))
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

    static Task<TestServer> StartAsync(CollectingLog log, params string[] settings) => TestServer.StartAsync(new TestServer.Setup
    {
        Settings = [.. Canaries.Settings, .. settings],
        Configure = builder => builder.Logging.AddProvider(log),
    });

    static string Describe(Activity activity)
    {
        var text = new StringBuilder($"{activity.Source.Name} {activity.OperationName} {activity.DisplayName} {activity.StatusDescription} {activity.TraceStateString}");
        foreach (var (name, value) in activity.TagObjects.Concat(activity.Baggage.Select(item => new KeyValuePair<string, object?>(item.Key, item.Value))))
            text.Append(CultureInfo.InvariantCulture, $" {name}={(value as System.Collections.IEnumerable is { } list and not string ? string.Join(',', list.Cast<object>()) : value)}");
        foreach (var e in activity.Events)
            text.Append(CultureInfo.InvariantCulture, $" {e.Name} {string.Join(' ', e.Tags.Select(tag => $"{tag.Key}={tag.Value}"))}");
        return text.ToString();
    }

    /// <summary>Keeps all that is logged: message, values, scopes and exceptions.</summary>
    [ProviderAlias("Collecting")]
    sealed class CollectingLog : ILoggerProvider, ISupportExternalScope
    {
        IExternalScopeProvider scopes = new LoggerExternalScopeProvider();

        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

        public void Dispose()
        {
        }

        sealed class Logger(CollectingLog owner, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => owner.scopes.Push(state);

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                var line = new StringBuilder($"{logLevel} {category} {formatter(state, exception)} {exception}");
                Append(line, state);
                owner.scopes.ForEachScope((scope, text) => Append(text, scope), line);
                owner.Lines.Enqueue(line.ToString());
            }

            static void Append(StringBuilder line, object? state)
            {
                line.Append(' ').Append(state);
                if (state is IEnumerable<KeyValuePair<string, object?>> values)
                    line.AppendJoin(' ', values.Select(value => $"{value.Key}={value.Value}"));
            }
        }
    }

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
