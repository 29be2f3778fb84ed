using Ci.Pipeline.Builds;
using Ci.Pipeline.Reporting;
using Ci.Tests.Pages;

namespace Ci.Tests.Reporting;

/// <summary>The line that people see in a pull request.</summary>
public sealed class StatusTextTests
{
    [Theory]
    [InlineData(1, null, "Queued, 1st in line")]
    [InlineData(2, 180.0, "Queued, 2nd in line, about 3 min")]
    [InlineData(3, 41.0, "Queued, 3rd in line, about 40 s")]
    [InlineData(11, 7000.0, "Queued, 11th in line, about 2 h")]
    [InlineData(22, 3.0, "Queued, 22nd in line, about 10 s")]
    public void A_build_that_waits_has_a_place_in_line(int place, double? seconds, string text) =>
        Assert.Equal(text, StatusText.Queued(place, seconds is { } s ? TimeSpan.FromSeconds(s) : null));

    [Fact]
    public void A_build_that_runs_says_what_it_does()
    {
        Assert.Equal("Fetching source", StatusText.Running(null, null));
        Assert.Equal("Fetching source", StatusText.Running(Stage(StageKind.Source), null));
        Assert.Equal("Building api", StatusText.Running(Stage(StageKind.Build, "api"), null));
        Assert.Equal("Building api, step 4/9", StatusText.Running(Stage(StageKind.Build, "api"), new BuildStep { Number = 4, Total = 9, Instruction = "RUN make" }));
        Assert.Equal("Building api, step test 1/2", StatusText.Running(Stage(StageKind.Build, "api"), new BuildStep { Stage = "test", Number = 1, Total = 2 }));
        Assert.Equal("Pushing api", StatusText.Running(Stage(StageKind.Push, "api"), new BuildStep { Number = 9, Total = 9 }));
        Assert.Equal("Moving tags", StatusText.Running(Stage(StageKind.Tags), null));
    }

    [Fact]
    public void A_pushed_image_is_named_with_its_size_and_how_long_it_took() =>
        Assert.Equal("Pushed shop:pr-12 · 84 MB · 41 s", StatusText.Of(Samples.Pushed(Samples.Queued(12))));

    [Fact]
    public void Several_pushed_images_are_named()
    {
        var build = Samples.Pushed(Samples.Queued(12));

        Assert.Equal(
            "Pushed shop:pr-12 84 MB, web:pr-12 84 MB · 41 s",
            StatusText.Of(build with { Images = [build.Images[0], build.Images[0] with { Name = "web" }] }));
    }

    [Fact]
    public void A_failed_step_is_named_with_its_line_and_reason() => Assert.Equal(
        "Dockerfile line 7: RUN make: exit code 2",
        StatusText.Of(Failed(new FailedStep { File = "Dockerfile", Line = 7, Instruction = "RUN make", Reason = "exit code 2" })));

    [Fact]
    public void A_long_instruction_leaves_room_for_its_reason()
    {
        var text = StatusText.Of(Failed(new FailedStep { File = "Dockerfile", Line = 7, Instruction = "RUN " + new string('x', 500), Reason = "exit code 2" }));

        Assert.Equal(StatusText.MaxLength, text.Length);
        Assert.EndsWith("…: exit code 2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_says_what_the_owner_should_do() => Assert.Equal(
        "The Docker engine's disk is full: make room. Then rebuild it on its page.",
        StatusText.Of(Samples.Ended(Samples.Queued(1), BuildState.Error, "The Docker engine's disk is full: make room.")));

    [Fact]
    public void What_is_too_long_for_GitHub_is_cut() =>
        Assert.Equal(StatusText.MaxLength, StatusText.Of(Samples.Ended(Samples.Queued(1), BuildState.Failed, new string('x', 500))).Length);

    private static Build Failed(FailedStep step) => Samples.Ended(Samples.Queued(1), BuildState.Failed, "It failed.") with { FailedStep = step };

    private static BuildStage Stage(StageKind kind, string? image = null) => new(kind, image, DateTimeOffset.UnixEpoch);
}
