using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline;

/// <summary>OpenTelemetry's own variables for its OTLP exporter, as far as a wrong value would be passed over in silence.</summary>
internal sealed class TelemetryOptions
{
    /// <summary>The signals that are sent, as the variables have them: TRACES, METRICS, LOGS.</summary>
    public IReadOnlyList<string> Signals { get; set; } = [];
}

/// <summary>Checks the variables of the signals that are sent; the exporter itself ignores what it cannot read, and sends to its default.</summary>
internal sealed class TelemetryOptionsValidator(IConfiguration configuration) : IValidateOptions<TelemetryOptions>
{
    public ValidateOptionsResult Validate(string? name, TelemetryOptions options)
    {
        var prefixes = options.Signals.Select(signal => $"OTEL_EXPORTER_OTLP_{signal}_").Prepend("OTEL_EXPORTER_OTLP_");
        var failures =
            from prefix in prefixes
            from check in new (string Option, Func<string, bool> IsRight, string Rule)[]
            {
                ("ENDPOINT", IsEndpoint, "the address of an OpenTelemetry collector, like http://localhost:4317"),
                ("PROTOCOL", value => value is "grpc" or "http/protobuf", "grpc or http/protobuf"),
                ("TIMEOUT", value => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _), "a whole number of milliseconds"),
            }
            let value = configuration[prefix + check.Option]
            where !string.IsNullOrEmpty(value) && !check.IsRight(value)
            select $"{prefix}{check.Option} is '{value}'; it must be {check.Rule}.";
        return failures.ToList() is { Count: > 0 } wrong ? ValidateOptionsResult.Fail(wrong) : ValidateOptionsResult.Success;
    }

    private static bool IsEndpoint(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var endpoint) && (endpoint.Scheme == Uri.UriSchemeHttp || endpoint.Scheme == Uri.UriSchemeHttps);
}
