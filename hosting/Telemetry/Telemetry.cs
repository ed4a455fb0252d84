using KnapsackCloud.Core.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace KnapsackCloud.Hosting.Telemetry;

/// <summary>Traces, metrics and logs over OTLP, where the standard variable says to whom.</summary>
public static class Telemetry
{
    /// <summary>Of the OpenTelemetry specification. Without it nothing is exported and nothing is collected.</summary>
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <param name="host">functions, worker or learner: the service is knapsack-HOST, unless <c>OTEL_SERVICE_NAME</c> names it.</param>
    public static void AddKnapsackTelemetry(this IHostApplicationBuilder builder, string host)
    {
        if (string.IsNullOrEmpty(builder.Configuration[EndpointVariable])) return;
        builder.Services.AddOpenTelemetry()
            // Variables go before: they are read after.
            .ConfigureResource(resource => resource.AddService($"knapsack-{host}").AddEnvironmentVariableDetector())
            .WithTracing(traces => traces.AddSource(StepTrace.SourceName).AddOtlpExporter())
            .WithMetrics(metrics => metrics.AddMeter(RunMetrics.MeterName).AddOtlpExporter());
        builder.Logging.AddOpenTelemetry(logs => logs.AddOtlpExporter());
    }
}
