using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;

namespace Ci.Tests.Docker;

/// <summary>From an engine's error to the line of the Dockerfile, and to none rather than to a wrong one.</summary>
public sealed class FailedStepFinderTests
{
    private const string Twice = "FROM a AS one\nRUN make\nFROM b\nENV x=1\nRUN make\n";

    [Fact]
    public void A_command_is_found_by_what_it_is()
    {
        var step = FailedStepFinder.Find("Dockerfile", "FROM a\n\n# why\nRUN --mount=type=cache,target=/c cd x && \\\n    make\nRUN true\n", null, "The command '/bin/sh -c cd x &&     make' returned a non-zero code: 2.")!;

        Assert.Equal((4, "RUN --mount=type=cache,target=/c cd x && make", "exit code 2"), (step.Line, step.Instruction, step.Reason));
    }

    [Fact]
    public void BuildKits_words_are_understood_too() => Assert.Equal(
        3, FailedStepFinder.Find("Dockerfile", "FROM a\nRUN true\nRUN echo \"x\" && exit 3\n", null, @"process ""/bin/sh -c echo \""x\"" && exit 3"" did not complete successfully: exit code: 3.")!.Line);

    [Theory]
    [InlineData("Step 3/3 : RUN exit 3 did not complete successfully: exit code: 3.", 3, "RUN exit 3", "exit code 3")]
    [InlineData("Step build 2/3 : COPY none /: failed to compute cache key: \"/none\" not found: not found.", 2, "COPY none /", "failed to compute cache key: \"/none\" not found: not found")]
    public void A_step_that_BuildKit_names_is_found_by_its_name(string error, int line, string instruction, string reason)
    {
        var step = FailedStepFinder.Find("Dockerfile", "FROM a\nCOPY none /\nRUN exit 3\n", null, error)!;

        Assert.Equal((line, instruction, reason), (step.Line, step.Instruction, step.Reason));
    }

    [Fact]
    public void The_exec_form_and_another_shell_are_found()
    {
        Assert.Equal(2, FailedStepFinder.Find("Dockerfile", "FROM a\nRUN [\"make\", \"all\"]\n", null, "The command 'make all' returned a non-zero code: 2")!.Line);
        Assert.Equal(3, FailedStepFinder.Find("Dockerfile", "FROM a\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN make\n", null, "The command '/bin/bash -o pipefail -c make' returned a non-zero code: 2")!.Line);
    }

    [Fact]
    public void Of_two_alike_the_classic_builders_number_tells_which()
    {
        var error = "The command '/bin/sh -c make' returned a non-zero code: 2";

        Assert.Equal(5, FailedStepFinder.Find("Dockerfile", Twice, new BuildStep(null, 5, 12, "RUN make"), error)!.Line);
        Assert.Equal(2, FailedStepFinder.Find("Dockerfile", Twice, new BuildStep(null, 2, 12, "RUN make"), error)!.Line);
    }

    [Fact]
    public void Of_two_alike_another_builders_number_tells_nothing()
    {
        var error = "process \"/bin/sh -c make\" did not complete successfully: exit code: 2";

        Assert.Null(FailedStepFinder.Find("Dockerfile", Twice, new BuildStep("one", 2, 2, "RUN make"), error)!.Line);
        Assert.Null(FailedStepFinder.Find("Dockerfile", Twice, new BuildStep(null, 2, 3, "RUN make"), error)!.Line);
    }

    [Fact]
    public void A_command_that_only_ends_alike_is_another() => Assert.Null(
        FailedStepFinder.Find("Dockerfile", "FROM a\nRUN make\n", null, "The command '/bin/sh -c cmake' returned a non-zero code: 2")!.Line);

    [Theory]
    [InlineData("dockerfile parse error line 2: unknown instruction: RNU.")]
    [InlineData("dockerfile parse error on line 2: unknown instruction: RNU.")]
    public void A_file_that_cannot_be_read_names_its_line_itself(string error)
    {
        var step = FailedStepFinder.Find("app/Dockerfile", "FROM a\nRNU x\n", null, error)!;

        Assert.Equal(("app/Dockerfile", 2, "unknown instruction: RNU"), (step.File, step.Line, step.Reason));
    }

    [Fact]
    public void What_cannot_be_copied_is_in_the_step_that_was_announced_last()
    {
        var step = FailedStepFinder.Find("Dockerfile", "FROM a\nCOPY x /\n", new BuildStep(null, 2, 9, "COPY x /"), "COPY failed: file not found: x.")!;

        Assert.Equal((2, "COPY x /", "file not found: x"), (step.Line, step.Instruction, step.Reason));
    }

    [Fact]
    public void What_the_registry_refuses_is_no_step() =>
        Assert.Null(FailedStepFinder.Find("Dockerfile", "FROM a\n", new BuildStep(null, 1, 1, "FROM a"), "The registry refused localhost:83/a: denied."));
}
