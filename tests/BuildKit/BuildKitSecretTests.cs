using System.Text;
using Ci.BuildKit;
using Ci.Tests.Fixtures;

namespace Ci.Tests.BuildKit;

/// <summary>Secrets, as a real engine asks for them over the session.</summary>
public sealed class BuildKitSecretTests(DockerEngine engine)
{
    private const string Base = DockerEngine.BaseImage;

    private const string Value = "s3cret-of-the-test";

    private readonly string _dockerfile =
        $"""
        FROM {Base}
        RUN --mount=type=secret,id=token,required echo {Guid.NewGuid()}; test "$(cat /run/secrets/token)" = "{Value[..6]}"{Value[6..]} && echo the same

        """;

    [Fact]
    public async Task A_secrets_value_reaches_the_step_and_is_in_no_layer_history_or_log()
    {
        var building = new Building(engine) { Answers = Secret("token", Value), Hidden = [Value] };

        var image = await building.RunAsync(Building.Of(_dockerfile) with { Secrets = new HashSet<string> { "token" } });

        Assert.Contains("the same", building.Lines);
        Assert.DoesNotContain(Value, building.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(Value, await engine.RunAsync("history", "--no-trunc", image), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, await engine.RunAsync("image", "inspect", image), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, await SavedAsync(image), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_a_command_prints_is_masked_in_the_log_and_the_error()
    {
        var building = new Building(engine) { Answers = Secret("token", "one line-1\nline-2\n"), Hidden = ["one line-1\nline-2\n"] };

        var failure = await Assert.ThrowsAsync<BuildFailedException>(() => building.RunAsync(
            Building.Of($"FROM {Base}\nRUN --mount=type=secret,id=token cat /run/secrets/token; echo line-''2; false\n") with { Secrets = new HashSet<string> { "token" } }));

        Assert.Equal(["***", "***", "***"], building.Lines.Where(line => line.StartsWith('*')));
        Assert.DoesNotContain("line-2", building.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("line-2", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_the_build_may_not_have_is_not_even_asked_for_here()
    {
        var asked = new List<string>();
        var building = new Building(engine)
        {
            Answers = new SessionAnswers
            {
                Secret = (id, _) =>
                {
                    asked.Add(id);
                    return ValueTask.FromResult<ReadOnlyMemory<byte>?>(new byte[1]);
                },
            },
        };

        var failure = await Assert.ThrowsAsync<BuildFailedException>(
            () => building.RunAsync(Building.Of(_dockerfile) with { Secrets = new HashSet<string> { "other" } }));

        Assert.Equal(["other"], asked);
        Assert.Contains("token", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_is_not_required_may_be_absent()
    {
        var building = new Building(engine);

        await building.RunAsync(Building.Of($"FROM {Base}\nRUN --mount=type=secret,id=absent test -e /run/secrets/absent || echo none {Guid.NewGuid()}\n"));

        Assert.Contains(building.Lines, line => line.StartsWith("none", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Builds_side_by_side_get_each_their_own_secret()
    {
        var buildings = Enumerable.Range(0, 3).Select(i => new Building(engine) { Answers = Secret("token", $"own-{i}") }).ToArray();

        await Task.WhenAll(buildings.Select((building, i) => building.RunAsync(
            Building.Of($"FROM {Base}\nRUN --mount=type=secret,id=token test \"$(cat /run/secrets/token)\" = own-{i} && echo {Guid.NewGuid()}\n")
                with
            { Secrets = new HashSet<string> { "token" } })));
    }

    [Fact]
    public async Task A_step_that_two_builds_have_in_common_shows_its_secret_in_neither_log()
    {
        var buildings = Enumerable.Range(0, 2).Select(_ => new Building(engine) { Answers = Secret("token", Value), Hidden = [Value] }).ToArray();
        var build = Building.Of($"FROM {Base}\nRUN --mount=type=secret,id=token echo {Guid.NewGuid()}; cat /run/secrets/token\n") with { Secrets = new HashSet<string> { "token" } };

        await Task.WhenAll(buildings.Select(building => building.RunAsync(build)));

        Assert.All(buildings, building => Assert.DoesNotContain(Value, building.Log, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_session_outlives_the_engines_health_checks()
    {
        // Engine 20.10 drops a session that does not answer its check, which it makes every second.
        var building = new Building(engine) { Answers = Secret("token", Value), Hidden = [Value] };

        await building.RunAsync(
            Building.Of($"FROM {Base}\nRUN sleep 4; echo {Guid.NewGuid()}\nRUN --mount=type=secret,id=token,required test -s /run/secrets/token\n")
                with
            { Secrets = new HashSet<string> { "token" } });
    }

    private static SessionAnswers Secret(string id, string value) => new()
    {
        Secret = (asked, _) => ValueTask.FromResult<ReadOnlyMemory<byte>?>(asked == id ? Encoding.UTF8.GetBytes(value) : null),
    };

    /// <summary>The image with all its layers, as text.</summary>
    private async Task<string> SavedAsync(string image)
    {
        var file = Path.GetTempFileName();
        try
        {
            await engine.RunAsync("save", "--output", file, image);
            return Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
