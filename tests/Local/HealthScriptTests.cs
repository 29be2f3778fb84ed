using System.Diagnostics;
using System.Globalization;
using Ci.Tests.BuildKit;
using Ci.Tests.Compose;
using Ci.Tests.Fixtures;
using Microsoft.AspNetCore.Http;

namespace Ci.Tests.Local;

/// <summary>How <c>./run.sh</c> waits until builds can run, and what it says if they cannot.</summary>
public sealed class HealthScriptTests
{
    [Fact]
    public async Task It_waits_until_builds_can_run_and_tells_what_to_look_at()
    {
        var asked = 0;
        await using var host = await StandInServer.StartAsync(
            context => context.Request.Path == "/api/health" && context.Request.Headers["x-functions-key"] == "the key"
            ? context.Response.WriteAsync(Interlocked.Increment(ref asked) < 3
                ? Health(false, ("engine", "failing", "Start Docker."))
                : Health(true, ("engine", "ok", "API 1.54."), ("github", "warning", "There is no token.")))
            : Task.CompletedTask);

        var (code, output) = await RunAsync(host, seconds: 30);

        Assert.Equal((0, "  github     warning: There is no token.\n"), (code, output));
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task It_gives_up_in_time_with_the_sentences_of_what_fails()
    {
        await using var host = await StandInServer.StartAsync(
            context =>
                context.Response.WriteAsync(Health(false, ("storage", "ok", "It answers."), ("engine", "failing", "Start Docker."))));

        var (code, output) = await RunAsync(host, seconds: 1);

        Assert.Equal((1, "  engine     failing: Start Docker.\n"), (code, output));
    }

    [Fact]
    public async Task A_health_that_hangs_holds_nobody_up()
    {
        await using var host = await StandInServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var watch = Stopwatch.StartNew();

        var (code, output) = await RunAsync(host, seconds: 1);

        Assert.Equal(1, code);
        Assert.Matches("^  health     http://localhost:[0-9]+/api/health: no answer within 1 s\n$", output);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Another_answer_than_the_functions_is_told()
    {
        await using var host = await StandInServer.StartAsync(context =>
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        });

        // A busy machine may not come to an answer within a second.
        var (code, output) = (0, "no answer within");
        for (var seconds = 1; seconds < 100 && output.Contains("no answer within", StringComparison.Ordinal); seconds *= 4)
        {
            (code, output) = await RunAsync(host, seconds);
        }

        Assert.Equal(1, code);
        Assert.EndsWith(": it answered 404\n", output, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output)> RunAsync(StandInServer host, int seconds) => Shell.RunAsync(
        [TestEnvironment.Find("node") ?? "node", "scripts/health.mjs",
         host.Engine.Port.ToString(CultureInfo.InvariantCulture), seconds.ToString(CultureInfo.InvariantCulture)],
        ("Api__Key", "the key"));

    private static string Health(bool canBuild, params (string Name, string State, string Says)[] parts) =>
        System.Text.Json.JsonSerializer.Serialize(
            new { canBuild, parts = parts.Select(part => new { name = part.Name, state = part.State, says = part.Says }) });
}
