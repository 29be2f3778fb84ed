using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.BuildKit;

namespace Ci.Tests.Docker;

/// <summary>What BuildKit says of a build that failed, in the pipeline's terms.</summary>
public sealed class BuildKitFaultTests
{
    [Fact]
    public void A_command_that_failed_is_a_step_with_its_code()
    {
        var refused = Refused(new BuildFailedException("did not complete successfully: exit code: 3", Step("[build 2/3] RUN exit 3")) { ExitCode = 3 });

        Assert.Equal("Step build 2/3 : RUN exit 3 did not complete successfully: exit code: 3.", refused.Message);
        Assert.Equal(("build", 2, "RUN exit 3", "exit code 3"), (refused.Failure!.Step!.Stage, refused.Failure.Step.Number, refused.Failure.Step.Instruction, refused.Failure.Reason));
    }

    [Fact]
    public void What_cannot_be_copied_is_a_step_with_its_reason()
    {
        var refused = Refused(new BuildFailedException("failed to compute cache key: \"/none\" not found: not found", Step("[2/3] COPY none /")));

        Assert.Equal("Step 2/3 : COPY none /: failed to compute cache key: \"/none\" not found: not found.", refused.Message);
        Assert.Equal(("COPY none /", "failed to compute cache key: \"/none\" not found: not found"), (refused.Failure!.Step!.Instruction, refused.Failure.Reason));
    }

    [Fact]
    public void What_cannot_be_parsed_is_a_line()
    {
        var refused = Refused(new BuildFailedException("dockerfile parse error line 2: unknown instruction: RNU") { Line = 2, Problem = "unknown instruction: RNU" });

        Assert.Equal(("dockerfile parse error line 2: unknown instruction: RNU.", new StepFailure(null, "unknown instruction: RNU", 2)), (refused.Message, refused.Failure));
    }

    [Fact]
    public void A_command_that_was_killed_may_be_the_engines_fault() => Assert.False(
        Refused(new BuildFailedException("did not complete successfully: exit code: 137", Step("[2/3] RUN x")) { ExitCode = 137 }).IsCertain);

    [Theory]
    [InlineData("localhost:5000/base:1: not found", "The base image localhost:5000/base:1 is not there: its registry answered 'not found'.")]
    [InlineData(
        "no match for platform in manifest sha256:01: not found",
        "load metadata for localhost:5000/base:1: no match for platform in manifest sha256:01: not found.")]
    public void A_base_that_is_not_there_is_told_from_one_for_another_platform(string reason, string sentence)
    {
        var refused = Refused(new BuildFailedException(reason, Step("[internal] load metadata for localhost:5000/base:1")));

        Assert.Equal((sentence, true, null), (refused.Message, refused.IsCertain, refused.Failure));
    }

    private static BuildKitStep Step(string name) => new("sha256:1", name);

    private static ImageRefusedException Refused(BuildFailedException e) => Assert.IsType<ImageRefusedException>(BuildKitImageBuilder.FaultOf(e));
}
