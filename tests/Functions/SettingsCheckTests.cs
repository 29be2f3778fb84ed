using Ci.Tests.Compose;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Functions;

/// <summary>The worker's process with a setting that is wrong. It is not up to the host: it is seen before the worker looks for
/// one.</summary>
public sealed class SettingsCheckTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_missing_setting_is_a_sentence_and_1() => Assert.Equal(
        [
            "AzureWebJobsStorage is empty: set it to UseDevelopmentStorage=true for Azurite on this machine, "
                + "or to a storage account's connection string.",
            "GitHub__WebhookSecret is empty: set it to the secret that you entered in the repository's webhook settings "
                + "(openssl rand -hex 32 makes one).",
        ],
        await RefusalAsync());

    [Fact]
    public async Task Wrong_settings_are_a_sentence_each_and_1() => Assert.Equal(
        [
            "Build__MaxAttempts is 'many'; it must be from 1 to 100.",
            "Build__ReuseUnchanged is 'perhaps'; it must be true or false.",
            "Forks__ImageSuffix must be '-', '_' or '.' and lower-case letters or digits behind it, like -forks.",
            "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4317'; "
                + "it must be the address of an OpenTelemetry collector, like http://localhost:4317.",
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT must be the address of an OpenTelemetry collector, like http://localhost:4317.",
            "OTEL_EXPORTER_OTLP_LOGS_HEADERS must be names and values like key=value, with commas between them.",
            "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL is 'http/json'; it must be grpc or http/protobuf.",
            "Source__MaxEntries must be from 1 to 2147483647.",
        ],
        await RefusalAsync(
            ("AzureWebJobsStorage", "UseDevelopmentStorage=true"), ("GitHub__WebhookSecret", "a secret that is long enough to be one"),
            ("Build__MaxAttempts", "many"),
            ("Build__ReuseUnchanged", "perhaps"),
            ("Forks__ImageSuffix", "forks"),
            ("Source__MaxEntries", "0"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "me:secret@collector"),
            ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "secret"), ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "nobody reads this")));

    [Fact]
    public async Task A_connection_string_that_is_none_is_not_repeated()
    {
        var sentence = Assert.Single(await RefusalAsync(
            ("AzureWebJobsStorage", "AccountName=mine;AccountKey=nobody-is-to-read-this"),
            ("GitHub__WebhookSecret", "a secret that is long enough to be one")));

        Assert.StartsWith("AzureWebJobsStorage is not a connection string: ", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody", sentence, StringComparison.Ordinal);
    }

    /// <summary>The lines of standard error, in order of the alphabet; there is nothing else to read, and the exit code is 1.</summary>
    private static async Task<string[]> RefusalAsync(params (string Key, string Value)[] settings)
    {
        using var worker = Shell.Start(
            [
                TestEnvironment.Find("dotnet") ?? "dotnet", Path.Combine(BuiltApp.Folder, "Ci.Functions.dll"),
                "--functions-uri", "http://127.0.0.1:1/",
                "--functions-worker-id", "worker", "--functions-request-id", "request", "--functions-grpc-max-message-length", "2147483647",
            ],
            settings);
        var output = worker.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = await worker.StandardError.ReadToEndAsync(Cancellation);
        await worker.WaitForExitAsync(Cancellation);

        Assert.Equal("", await output);
        Assert.True(worker.ExitCode == 1, $"It ended with {worker.ExitCode}: {errors}");
        return [.. errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }
}
