using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Ci.Pipeline.Telemetry;

/// <summary>Traces from the delivery to the pushed image, and metrics; docs/telemetry.md lists them. Nothing is measured while nobody
/// listens, and nothing is sent unless OpenTelemetry's own environment variables say where to.</summary>
internal static class BuildTelemetry
{
    public const string Name = "Ci.Pipeline";

    private const string ServiceName = "pull-request-images";

    // As the variables have them.
    private const string Traces = "TRACES", Metrics = "METRICS", Logs = "LOGS";
    private static readonly string[] Signals = [Traces, Metrics, Logs];

    private static readonly ActivitySource Spans = new(Name);
    private static readonly Meter Meter = new(Name);
    // The defaults are made for milliseconds.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800],
    };
    private static readonly InstrumentAdvice<long> Bytes = new()
    {
        HistogramBucketBoundaries =
        [
            1_000_000, 10_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
            1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
        ],
    };
    private static readonly Counter<long> Deliveries =
        Meter.CreateCounter<long>("ci.deliveries", "{delivery}", "Deliveries, by what became of them.");
    private static readonly Histogram<double> Waits =
        Meter.CreateHistogram<double>("ci.queue.wait", "s", "How long builds waited for a worker.", advice: Seconds);
    // Semantic conventions for CI/CD metrics.
    private static readonly Histogram<double> Runs =
        Meter.CreateHistogram<double>("cicd.pipeline.run.duration", "s", "How long builds ran.", advice: Seconds);
    private static readonly Histogram<double> Stages =
        Meter.CreateHistogram<double>("ci.stage.duration", "s", "How long a stage of a build took.", advice: Seconds);
    private static readonly Histogram<long> Sizes =
        Meter.CreateHistogram<long>("ci.image.size", "By", "What pulling a pushed image downloads.", advice: Bytes);

    /// <summary>Sends traces, metrics and logs with OTLP, each if the standard environment variables say where to.</summary>
    public static void AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        bool Sends(string signal) => IsSent(configuration, signal);
        if (string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase) || !Signals.Any(Sends))
        {
            return;
        }

        var settings = TelemetrySettings.Of(configuration, Signals.Where(Sends));
        if (settings.Problems.Count > 0)
        {
            services.AddSingleton<IValidateOptions<TelemetrySettings.Checked>>(settings);
            services.AddOptions<TelemetrySettings.Checked>().ValidateOnStart();
            return;
        }

        var telemetry = services.AddOpenTelemetry()
            // The environment's own name for it, OTEL_SERVICE_NAME, comes behind this one and wins.
            .ConfigureResource(resource => resource.AddService(ServiceName).AddEnvironmentVariableDetector());
        if (Sends(Traces))
        {
            telemetry.WithTracing(tracing => tracing.AddSource(Name).AddOtlpExporter(otlp => ReadOwn(otlp, configuration, Traces)));
        }

        if (Sends(Metrics))
        {
            telemetry.WithMetrics(metrics => metrics.AddMeter(Name).AddOtlpExporter(otlp => ReadOwn(otlp, configuration, Metrics)));
        }

        if (Sends(Logs))
        {
            // A line as people read it, its values beside it.
            telemetry.WithLogging(
                logging => logging.AddOtlpExporter(otlp => ReadOwn(otlp, configuration, Logs)),
                options => options.IncludeFormattedMessage = true);
        }
    }

    // What the variables say of one signal goes before what they say of all (OpenTelemetry Protocol Exporter, "Configuration
    // Options"). The exporter reads the latter by itself; the former only the one which sends all three or none.
    private static void ReadOwn(OtlpExporterOptions otlp, IConfiguration configuration, string signal)
    {
        string Own(string option) => configuration[$"OTEL_EXPORTER_OTLP_{signal}_{option}"] ?? "";
        otlp.Protocol = Own("PROTOCOL") switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => otlp.Protocol,
        };
        otlp.Headers = Own("HEADERS") is { Length: > 0 } headers ? headers : otlp.Headers;
        otlp.TimeoutMilliseconds = int.TryParse(Own("TIMEOUT"), NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : otlp.TimeoutMilliseconds;
        if (Uri.TryCreate(Own("ENDPOINT"), UriKind.Absolute, out var endpoint))
        {
            otlp.Endpoint = endpoint;
        }
    }

    /// <summary>Whether a signal is sent: there is an endpoint for it or for all, and no other exporter (OpenTelemetry specification,
    /// "Exporter Selection"); or that exporter is asked for by name, which then takes the specification's endpoint.</summary>
    private static bool IsSent(IConfiguration configuration, string signal) =>
        configuration[$"OTEL_{signal}_EXPORTER"] is { Length: > 0 } exporter
            ? exporter.Split(',', StringSplitOptions.TrimEntries).Contains("otlp", StringComparer.OrdinalIgnoreCase)
            : !string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])
                || !string.IsNullOrEmpty(configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);

    /// <summary>Where a build's spans are to hang below, for its message; null when nobody traces.</summary>
    public static string? Context => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Source.Name: Name } current ? current.Id : null;

    /// <summary>The id of the trace that goes on, for logs; null when nobody traces.</summary>
    public static string? TraceId
    {
        get
        {
            // What calls others over HTTP has spans of its own below ours.
            var span = Activity.Current;
            while (span is not null && span.Source.Name != Name)
            {
                span = span.Parent;
            }

            return span?.TraceId.ToString();
        }
    }

    public static Activity? Delivery(string? id, string? name) =>
        Start("delivery", ActivityKind.Server, default)?.SetTag("ci.delivery.id", id).SetTag("ci.delivery.event", name);

    public static void Took(Activity? span, string verdict, string? buildId, string? problem)
    {
        Deliveries.Add(1, new KeyValuePair<string, object?>("ci.delivery.verdict", verdict));
        span?.SetTag("ci.delivery.verdict", verdict).SetTag("ci.build.id", buildId);
        if (problem is not null)
        {
            span?.SetStatus(ActivityStatusCode.Error, problem);
        }
    }

    /// <summary>A build is begun, below the delivery that asked for it, however long ago and on whichever host that was.</summary>
    public static Activity? Build(Build record)
    {
        var request = record.Request;
        if (record.StartedAt is { } started)
        {
            Waits.Record(
                Math.Max((started - request.QueuedAt).TotalSeconds, 0),
                new KeyValuePair<string, object?>("ci.purpose", Format.Word(request.Purpose)));
        }

        ActivityContext.TryParse(request.Trace, null, isRemote: true, out var parent);
        return Start("build", ActivityKind.Consumer, parent)?
            .SetTag("cicd.pipeline.run.id", request.BuildId)
            .SetTag("cicd.pipeline.name", request.Repository)
            .SetTag("vcs.change.id", request.PullRequest.ToString(CultureInfo.InvariantCulture))
            .SetTag("vcs.ref.head.revision", request.Commit)
            .SetTag("ci.purpose", Format.Word(request.Purpose))
            .SetTag("ci.attempt", record.Attempts);
    }

    public static void Ended(Activity? span, Build record)
    {
        // The conventions' words for results.
        var result = record.State switch
        {
            BuildState.Succeeded => "success",
            BuildState.Failed => "failure",
            BuildState.Error => "error",
            BuildState.Superseded => "skip",
            _ => "cancellation",
        };
        Runs.Record(
            ((record.FinishedAt ?? record.StartedAt) - record.StartedAt)?.TotalSeconds ?? 0,
            new KeyValuePair<string, object?>("cicd.pipeline.name", record.Request.Repository),
            new KeyValuePair<string, object?>("cicd.pipeline.run.state", "executing"),
            new KeyValuePair<string, object?>("cicd.pipeline.result", result));
        foreach (var image in record.Images)
        {
            Sizes.Record(image.Size, new KeyValuePair<string, object?>("ci.image.name", image.Name));
        }

        span?.SetTag("cicd.pipeline.result", result);
        if (record.State is BuildState.Failed or BuildState.Error)
        {
            span?.SetTag("error.type", result).SetStatus(ActivityStatusCode.Error, record.Summary);
        }
    }

    public static IDisposable Stage(string name, string? image = null) => new StageSpan(name, image);

    // The web server and the Functions host have spans of their own around ours. Nobody asked for those, and what hangs below
    // a span that is not recorded is not recorded either.
    private static Activity? Start(string name, ActivityKind kind, ActivityContext parent)
    {
        var around = Activity.Current;
        Activity.Current = null;
        var span = Spans.StartActivity(name, kind, parent);
        Activity.Current = span ?? around;
        return span;
    }

    private sealed class StageSpan(string name, string? image) : IDisposable
    {
        private readonly long _begin = Stopwatch.GetTimestamp();
        private readonly Activity? _span = Spans.StartActivity(name)?.SetTag("ci.image.name", image);
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                Stages.Record(Stopwatch.GetElapsedTime(_begin).TotalSeconds, new KeyValuePair<string, object?>("ci.stage", name));
                _span?.Dispose();
            }
        }
    }
}
