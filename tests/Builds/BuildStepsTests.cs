using System.Text.Json;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;

namespace Ci.Tests.Builds;

/// <summary>How far a build has come.</summary>
public sealed class BuildStepsTests
{
    private static readonly BuildStep Make = new() { Id = "a", Stage = "build", Number = 4, Total = 9, Instruction = "RUN make" };

    private readonly BuildSteps _steps = new();

    [Fact]
    public void Steps_are_counted_once_and_those_from_the_cache_too()
    {
        Add(
            new BuildEvent.StepStarted(Make),
            new BuildEvent.Output(Make, "Step 7/9 : no step"),
            new BuildEvent.StepEnded(Make, StepOutcome.Done, "done"),
            new BuildEvent.StepEnded(Make with { Id = "b" }, StepOutcome.Cached, "CACHED"));

        Assert.Equal((Make with { Id = "b" }, 2, 1), (_steps.Newest, _steps.Count, _steps.Cached));
    }

    [Fact]
    public void What_is_no_step_of_the_Dockerfile_does_not_count()
    {
        Add(new BuildEvent.StepStarted(new BuildStep { Id = "c", Instruction = "exporting to image" }));

        Assert.Equal((null, 0), (_steps.Newest, _steps.Count));
    }

    [Fact]
    public void The_next_image_begins_without_a_step()
    {
        Add(new BuildEvent.StepStarted(Make));
        _steps.Begin("web");

        Assert.Equal((null, 1), (_steps.Newest, _steps.Count));
        Add(new BuildEvent.StepStarted(Make));
        Assert.Equal("web", _steps.Newest!.Image);
    }

    [Fact]
    public void A_stage_says_what_it_is_also_one_that_an_older_version_stored()
    {
        var at = DateTimeOffset.UnixEpoch;
        var json = JsonSerializer.Serialize(new BuildStage(StageKind.Push, "api", at), RecordJson.Default.BuildStage);

        Assert.Contains("\"name\":\"Push api\"", json, StringComparison.Ordinal);
        Assert.Equal(new BuildStage(StageKind.Push, "api", at), JsonSerializer.Deserialize(json, RecordJson.Default.BuildStage));
        Assert.Equal(
            "Build api", JsonSerializer.Deserialize("""{"name":"Build api","startedAt":"1970-01-01T00:00:00Z"}""", RecordJson.Default.BuildStage)!.Name);
    }

    private void Add(params BuildEvent[] events) => Array.ForEach(events, _steps.Add);
}
