using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;

namespace Ci.Tests.Docker;

/// <summary>From a failed step to the line of the Dockerfile, and to none rather than to a wrong one.</summary>
public sealed class FailedStepLocatorTests
{
    private const string Twice = "FROM a AS one\nRUN make\nFROM b\nENV x=1\nRUN make\n";

    [Fact]
    public void A_command_is_found_by_what_it_is()
    {
        var step = Locate("FROM a\n\n# why\nRUN --mount=type=cache,target=/c cd x && \\\n    make\nRUN true\n", "RUN --mount=type=cache,target=/c cd x &&     make");

        Assert.Equal((4, "RUN --mount=type=cache,target=/c cd x && make", "exit code 2"), (step.Line, step.Instruction, step.Reason));
    }

    [Theory]
    [InlineData("FROM a\nRUN true\nRUN echo \"x\" && exit 3\n", "RUN echo \"x\" && exit 3", 3)]
    [InlineData("FROM a\nRUN [\"make\", \"all\"]\n", "RUN [\"make\",\"all\"]", 2)]
    [InlineData("FROM a\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN make\n", "RUN make", 3)]
    [InlineData("FROM a\nRUN make\n", "RUN cmake", null)]
    public void However_a_builder_spells_it(string dockerfile, string instruction, int? line) => Assert.Equal(line, Locate(dockerfile, instruction).Line);

    [Theory]
    [InlineData(5)]
    [InlineData(2)]
    public void Of_two_alike_the_classic_builders_number_tells_which(int number) =>
        Assert.Equal(number, Locate(Twice, new BuildStep { Number = number, Total = 12, Instruction = "RUN make" }).Line);

    [Theory]
    [InlineData("one", 2, 2)]
    [InlineData(null, 2, 3)]
    public void Of_two_alike_another_builders_number_tells_nothing(string? stage, int number, int total) =>
        Assert.Null(Locate(Twice, new BuildStep { Stage = stage, Number = number, Total = total, Instruction = "RUN make" }).Line);

    [Fact]
    public void A_line_that_the_builder_names_is_taken()
    {
        var step = FailedStepLocator.Locate("app/Dockerfile", "FROM a\nRNU x\n", new StepFailure(null, "unknown instruction: RNU.", 2));

        Assert.Equal(("app/Dockerfile", 2, null, "unknown instruction: RNU"), (step.File, step.Line, step.Instruction, step.Reason));
    }

    private static FailedStep Locate(string dockerfile, string instruction) => Locate(dockerfile, new BuildStep { Number = 2, Total = 2, Instruction = instruction });

    private static FailedStep Locate(string dockerfile, BuildStep step) =>
        FailedStepLocator.Locate("Dockerfile", dockerfile, new StepFailure(step, "exit code 2"));
}
