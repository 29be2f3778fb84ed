using Ci.BuildKit;
using Ci.Tests.Fixtures;

namespace Ci.Tests.BuildKit;

/// <summary>Builds that fail, or are broken off, in a real engine.</summary>
public sealed class BuildKitFailureTests(DockerEngine engine)
{
    private const string Base = DockerEngine.BaseImage;

    private readonly Building _building = new(engine);

    [Fact]
    public async Task A_command_that_fails_is_named_with_its_code()
    {
        var failure = await Assert.ThrowsAsync<BuildFailedException>(() => _building.RunAsync($"FROM {Base}\nRUN echo why; exit 3\n"));

        Assert.Equal(("RUN echo why; exit 3", 2, 2), (failure.Step!.Instruction, failure.Step.Number, failure.Step.Total));
        Assert.Equal(3, failure.ExitCode);
        Assert.Equal("[2/2] RUN echo why; exit 3: did not complete successfully: exit code: 3", failure.Message);
        Assert.Contains("why", _building.Lines);
        Assert.Matches(@"\n ---> ERROR: .*exit code: 3\n", _building.Log);
    }

    [Fact]
    public async Task A_command_that_is_not_there_is_no_command_that_failed()
    {
        var failure = await Assert.ThrowsAsync<BuildFailedException>(() => _building.RunAsync("FROM scratch\nRUN [\"/nothing\"]\n"));

        Assert.Equal((true, null), (failure.IsNotStarted, failure.ExitCode));
        Assert.Contains("its container could not be started: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("/nothing", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_prints_what_the_runtime_would_say_has_failed_all_the_same()
    {
        var failure = await Assert.ThrowsAsync<BuildFailedException>(() => _building.RunAsync($"FROM {Base}\nRUN echo 'runc run failed: no'; exit 3\n"));

        Assert.Equal((false, 3), (failure.IsNotStarted, failure.ExitCode));
    }

    [Theory]
    [InlineData("FROM scratch\nCOPY a /\nFOO bar\n", 3, "unknown instruction: FOO")]
    [InlineData("FROM scratch\nCOPY absent /\n", null, "absent")]
    [InlineData("FROM localhost:1/absent\n", null, "localhost:1/absent")]
    [InlineData("# nothing\n", null, "no instructions")]
    public async Task What_is_wrong_with_a_Dockerfile_is_said_in_BuildKits_words(string dockerfile, int? line, string words)
    {
        var failure = await Assert.ThrowsAsync<BuildFailedException>(() => _building.RunAsync(dockerfile));

        Assert.Contains(words, failure.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((null, line), (failure.ExitCode, failure.Line));
    }

    [Fact]
    public async Task A_context_without_the_Dockerfile_is_refused()
    {
        var failure = await Assert.ThrowsAsync<BuildFailedException>(
            () => _building.RunAsync(new BuildKitBuild { WriteContext = Building.Context(("other", "")), Dockerfile = "absent.Dockerfile" }));

        Assert.Contains("absent.Dockerfile", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_engine_refuses_at_once_is_heard_although_the_context_is_large()
    {
        var large = Building.Context(("Dockerfile", "FROM scratch\n"), ("large", new string('x', 32 << 20)));

        var failure = await Assert.ThrowsAsync<BuildFailedException>(
            () => _building.RunAsync(new BuildKitBuild { WriteContext = large, Platform = "no/such/platform/at/all" }));

        Assert.Contains("platform", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_context_that_cannot_be_written_is_the_reason_that_is_given()
    {
        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => _building.RunAsync(new BuildKitBuild
        {
            WriteContext = async (stream, cancellationToken) =>
            {
                await stream.WriteAsync(new byte[1024], cancellationToken);
                throw new InvalidDataException("the archive is broken");
            },
        }));

        Assert.Equal("the archive is broken", failure.Message);
    }

    [Fact]
    public async Task Cancelling_stops_the_command_in_the_engine()
    {
        // Found among the host's processes by its argument.
        var seconds = Random.Shared.Next(100_000, 1_000_000);
        using var stop = new CancellationTokenSource();
        var building = _building.RunAsync(Building.Of($"FROM {Base}\nRUN echo running; sleep {seconds}\n"), stop.Token);
        await TestEnvironment.UntilAsync(() => Task.FromResult(Sleeps(seconds) || building.IsCompleted), "the command to run", onTimeout: () => _building.Log);
        Assert.True(Sleeps(seconds), _building.Log);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => building);
        await TestEnvironment.UntilAsync(() => Task.FromResult(!Sleeps(seconds)), "the command to be gone");
    }

    [Fact]
    public async Task An_engine_that_is_not_there_is_a_passing_trouble()
    {
        using var builder = new BuildKitBuilder(new EngineAddress(new Uri($"tcp://127.0.0.1:{TestEnvironment.FreePort()}")), new SessionAnswers());

        var failure = await Assert.ThrowsAsync<EngineUnavailableException>(
            () => builder.BuildAsync(Building.Of("FROM scratch\n"), static _ => { }, TestContext.Current.CancellationToken));

        Assert.Contains("127.0.0.1", failure.Message, StringComparison.Ordinal);
    }

    private static bool Sleeps(int seconds) => Directory.EnumerateDirectories("/proc").Any(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Contains($"sleep\0{seconds}\0", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
