using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Telemetry;

/// <summary>OpenTelemetry's own variables for its OTLP exporter. What is wrong with them is looked for before there is an exporter: it
/// throws at headers that it cannot read, and passes over the rest and goes by its defaults.</summary>
/// <param name="Problems">What is wrong, a sentence each.</param>
internal sealed record TelemetrySettings(IReadOnlyList<string> Problems) : IValidateOptions<TelemetrySettings.Checked>
{
    private const string Prefix = "OTEL_EXPORTER_OTLP_";

    private static readonly (string Option, Func<string, bool> IsRight, string Rule)[] Rules =
    [
        ("ENDPOINT", IsEndpoint, "the address of an OpenTelemetry collector, like http://localhost:4317"),
        ("PROTOCOL", value => value is "grpc" or "http/protobuf", "grpc or http/protobuf"),
        ("HEADERS", AreHeaders, "names and values like key=value, with commas between them"),
        ("TIMEOUT", value => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _), "a whole number of milliseconds"),
    ];

    public static TelemetrySettings Of(IConfiguration configuration, IEnumerable<string> signals) => new(
        [.. from prefix in signals.Select(signal => $"{Prefix}{signal}_").Prepend(Prefix)
            from rule in Rules
            let value = configuration[prefix + rule.Option]
            where !string.IsNullOrEmpty(value) && !rule.IsRight(value)
            // Headers hold keys, and addresses may.
            let shown = rule.Option == "HEADERS" || value.Contains('@', StringComparison.Ordinal) ? "" : $" is '{value}'; it"
            select $"{prefix}{rule.Option}{shown} must be {rule.Rule}."]);

    public ValidateOptionsResult Validate(string? name, Checked options) => ValidateOptionsResult.Fail(Problems);

    private static bool IsEndpoint(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var endpoint)
        && (endpoint.Scheme == Uri.UriSchemeHttp || endpoint.Scheme == Uri.UriSchemeHttps);

    // As the exporter reads them (OpenTelemetry specification, "Specifying headers via environment variables").
    private static bool AreHeaders(string value) =>
        Uri.UnescapeDataString(value)
            .Split(',', StringSplitOptions.TrimEntries)
            .All(pair => pair.IndexOf('=', StringComparison.Ordinal) > 0);

    internal sealed class Checked;
}
