using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Countersign.Server;

/// <summary>Metrics for Prometheus, and everything over OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says where to.</summary>
static class TelemetryExport
{
    public static void AddTelemetryExport(this WebApplicationBuilder builder)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("countersign", serviceVersion: Commands.Version))
            .WithMetrics(metrics => metrics
                .AddMeter(Telemetry.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter());
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;

        telemetry
            .WithTracing(tracing => tracing.AddSource(Telemetry.Name).AddAspNetCoreInstrumentation().AddProcessor<WithoutFreeText>())
            .UseOtlpExporter();
    }

    /// <summary>
    /// What a client is free to write may be an address: the query string, whatever is set about its redaction, the user agent, and the path,
    /// of which the route says what matters.
    /// </summary>
    sealed class WithoutFreeText : BaseProcessor<Activity>
    {
        static readonly string[] FreeText = ["url.query", "url.path", "user_agent.original"];

        public override void OnEnd(Activity data)
        {
            foreach (var tag in FreeText)
                data.SetTag(tag, null);
        }
    }
}
