using System.Collections.Concurrent;
using Ci.Pipeline.Telemetry;
using Ci.Tests.BuildKit;
using Ci.Tests.Fixtures;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ci.Tests.EndToEnd;

/// <summary>What an OpenTelemetry collector is sent, by the standard environment variables.</summary>
public sealed class TelemetryTests(Azurite azurite, DockerEngine engine, DockerRegistry registry)
{
    private readonly ConcurrentQueue<Span> _spans = new();
    private readonly ConcurrentQueue<string> _metrics = new();
    private readonly ConcurrentQueue<LogLine> _logs = new();
    private readonly ConcurrentQueue<string> _paths = new();

    [Fact]
    public async Task A_delivery_and_its_build_are_one_trace_across_the_queue()
    {
        await using var collector = await StandInServer.StartAsync(CollectAsync);
        await using var scenario = await StartAsync(collector);
        var build = await scenario.OpenAsync(scenario.Files("traced"));
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(_spans.Any(span => span.Name == "build")), "the build's span", onTimeout: () => scenario.Host.Output);

        var delivery = _spans.Single(span => span.Name == "delivery");
        var run = _spans.Single(span => span.Name == "build");
        Assert.Equal((delivery.Trace, delivery.Id), (run.Trace, run.Parent));
        Assert.Equal(
            ["build image", "fetch source", "move tags", "push image"],
            _spans.Where(span => span.Trace == run.Trace && span.Parent == run.Id).Select(span => span.Name).Order(StringComparer.Ordinal));
        Assert.Contains(
            $"\"trace\": \"00-{delivery.Trace}-{delivery.Id}-", await scenario.RecordedMessageAsync(build.Id) is var json
                ? json.Replace("\":\"", "\": \"", StringComparison.Ordinal) : "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_line_that_is_logged_of_a_delivery_and_its_build_is_sent_with_the_trace()
    {
        await using var collector = await StandInServer.StartAsync(CollectAsync);
        await using var scenario = await StartAsync(
            collector, ("AzureFunctionsJobHost__logging__logLevel__System.Net.Http.HttpClient", "Information"));
        var build = await scenario.OpenAsync(scenario.Files("traced"));
        var about = $"{CiScenario.Repository}#{build.PullRequest}  ";
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(
                _spans.Any(span => span.Name == "delivery") && _logs.Any(line => line.Text.StartsWith(about + "✓", StringComparison.Ordinal))),
            "the delivery's span and the build's last line",
            onTimeout: () => scenario.Host.Output);
        var trace = _spans.Single(span => span.Name == "delivery").Trace;

        var lines = _logs.Where(line => line.Text.StartsWith(about, StringComparison.Ordinal)).ToList();
        Assert.InRange(lines.Count, 4, 100);
        Assert.All(lines, line => Assert.Equal(trace, line.Trace));
        // Whoever logs it, also what knows nothing of builds.
        Assert.Contains(_logs, line => line.Trace == trace && line.Text.Contains("HTTP request", StringComparison.Ordinal));
        Assert.Single((await scenario.LogAsync(build.Id)).Split('\n'), line => line.EndsWith("  Trace " + trace, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_and_logs_come_too()
    {
        await using var collector = await StandInServer.StartAsync(CollectAsync);
        await using var scenario = await StartAsync(collector);
        await scenario.OpenAsync(scenario.Files("measured"));

        string[] names = ["ci.deliveries", "ci.queue.wait", "cicd.pipeline.run.duration", "ci.stage.duration", "ci.image.size"];
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(names.All(_metrics.Contains) && !_logs.IsEmpty), "all metrics", onTimeout: () =>
                string.Join(", ", _metrics.Distinct()));
    }

    [Theory]
    [InlineData("traces", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=*/v1/traces")]
    [InlineData("metrics", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=*/v1/metrics")]
    [InlineData("logs", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=*/v1/logs",
        "OTEL_EXPORTER_OTLP_PROTOCOL=", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL=http/protobuf")]
    [InlineData("logs traces", "OTEL_EXPORTER_OTLP_ENDPOINT=*", "OTEL_METRICS_EXPORTER=none")]
    [InlineData("logs metrics", "OTEL_EXPORTER_OTLP_ENDPOINT=*", "OTEL_TRACES_EXPORTER=none", "OTEL_LOGS_EXPORTER=console,otlp")]
    [InlineData("", "OTEL_EXPORTER_OTLP_ENDPOINT=*", "OTEL_SDK_DISABLED=TRUE")]
    [InlineData("", "OTEL_EXPORTER_OTLP_ENDPOINT=")]
    public async Task A_signal_is_sent_where_the_variables_say_so_and_no_other(string signals, params string[] variables)
    {
        await using var collector = await StandInServer.StartAsync(CollectAsync);
        // Compose passes what is not set as an empty text.
        var settings = Usual.ToDictionary(name => name, _ => (string?)"");
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        settings["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        foreach (var variable in variables.Select(variable => variable.Split('=')))
        {
            settings[variable[0]] = variable[1].Replace(
                "*", collector.Engine.ToString().Replace("tcp:", "http:", StringComparison.Ordinal).TrimEnd('/'), StringComparison.Ordinal);
        }

        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddTelemetry(builder.Configuration);
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            using var span = BuildTelemetry.Delivery("an id", "ping");
            BuildTelemetry.Took(span, "nothing to build", null, null);
            host.Services.GetRequiredService<ILogger<TelemetryTests>>().Log(
                LogLevel.Information, default, "A line.", null, (line, _) => line);
        }

        Assert.Equal(signals, Signals());
    }

    [Fact]
    public async Task Whatever_is_there_is_sent_at_the_hosts_end()
    {
        await using var collector = await StandInServer.StartAsync(CollectAsync);
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry, new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Engine.ToString().Replace("tcp:", "http:", StringComparison.Ordinal),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });
        await scenario.CloseDraftAsync();

        Assert.Equal(0, await scenario.Host.StopAsync());

        Assert.Equal("logs metrics traces", Signals());
    }

    [Fact]
    public async Task Without_an_endpoint_nothing_speaks_of_a_trace()
    {
        await using var scenario = await CiScenario.StartAsync(azurite, engine, registry);

        var build = await scenario.OpenAsync(scenario.Files("not traced"));

        Assert.DoesNotContain("trace", await scenario.RecordedMessageAsync(build.Id), StringComparison.Ordinal);
        Assert.DoesNotContain("trace", scenario.Host.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("trace", await scenario.LogAsync(build.Id), StringComparison.OrdinalIgnoreCase);
    }

    private string Signals() => string.Join(' ', _paths.Distinct().Select(path => path.Split('/')[^1]).Order(StringComparer.Ordinal));

    /// <summary>The variables that docker-compose.yml hands on.</summary>
    private static IEnumerable<string> Usual =>
        File.ReadLines(Path.Combine(TestEnvironment.Root, "docker-compose.yml")).Select(line => line.Trim())
            .Where(line => line.StartsWith("OTEL_", StringComparison.Ordinal)).Select(line => line.Split(':')[0]);

    private Task<CiScenario> StartAsync(StandInServer collector, params (string Name, string Value)[] more) =>
        CiScenario.StartAsync(
            azurite, engine, registry,
            new Dictionary<string, string?>(more.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)))
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Engine.ToString().Replace("tcp:", "http:", StringComparison.Ordinal),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
    });

    // OTLP/HTTP (OpenTelemetry specification): the request is the signal's ExportServiceRequest.
    private async Task CollectAsync(HttpContext context)
    {
        _paths.Enqueue(context.Request.Path);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        switch (context.Request.Path)
        {
            case "/v1/traces":
                // resource_spans, scope_spans, spans; then trace_id, span_id, parent_span_id, name.
                foreach (var span in Within(body.ToArray(), 2, 2, 2).Select(Fields))
                {
                    _spans.Enqueue(
                        new Span(Hex(span, 1), Hex(span, 2), Hex(span, 4), System.Text.Encoding.UTF8.GetString(span[5].Single())));
                }

                break;
            case "/v1/metrics":
                foreach (var metric in Within(body.ToArray(), 2, 2, 2).Select(Fields))
                {
                    _metrics.Enqueue(System.Text.Encoding.UTF8.GetString(metric[1].Single()));
                }

                break;
            default:
                // resource_logs, scope_logs, log_records; then the body's string, and trace_id.
                foreach (var line in Within(body.ToArray(), 2, 2, 2).Select(Fields))
                {
                    _logs.Enqueue(new LogLine(Hex(line, 9), System.Text.Encoding.UTF8.GetString(Fields(line[5].Single())[1].Single())));
                }

                break;
        }

        context.Response.ContentType = "application/x-protobuf";
    }

    private static IEnumerable<byte[]> Within(byte[] message, params int[] path)
    {
        // The outermost list is field 1.
        var found = Fields(message)[1];
        return path.Skip(1).Aggregate(found, (messages, field) => [.. messages.SelectMany(m => Fields(m)[field])]);
    }

    private static string Hex(ILookup<int, byte[]> fields, int field) => Convert.ToHexStringLower(fields[field].SingleOrDefault() ?? []);

    /// <summary>The fields of a message that are texts, bytes or messages.</summary>
    private static ILookup<int, byte[]> Fields(byte[] message)
    {
        var fields = new List<(int Field, byte[] Value)>();
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                fields.Add((WireFormat.GetTagFieldNumber(tag), input.ReadBytes().ToByteArray()));
            }
            else
            {
                input.SkipLastField();
            }
        }

        return fields.ToLookup(field => field.Field, field => field.Value);
    }

    private sealed record LogLine(string Trace, string Text);

    private sealed record Span(string Trace, string Id, string Parent, string Name);
}
