using Ci.Pipeline.Builds;

namespace Ci.Tests.Builds;

/// <summary>Steps as the two builders announce them.</summary>
public sealed class BuildStepsTests
{
    private readonly BuildSteps _steps = new();

    [Fact]
    public void The_classic_builders_steps_are_read()
    {
        Read("Step 4/9 : RUN make", " ---> Using cache", " ---> 0123456789ab");

        Assert.Equal((new BuildStep(null, 4, 9, "RUN make"), 1, 1), (_steps.Newest, _steps.Count, _steps.Cached));
    }

    [Fact]
    public void BuildKits_steps_have_a_stage_and_are_counted_once()
    {
        Read("Step build 4/9 : RUN make", "Step build 4/9 …", " ---> CACHED", "Step build 4/9 : RUN make");

        Assert.Equal((new BuildStep("build", 4, 9, "RUN make"), 1, 1), (_steps.Newest, _steps.Count, _steps.Cached));
    }

    [Fact]
    public void What_a_step_prints_is_none()
    {
        Read("Stepping 4/9 : x", "a Step 4/9 : x", "Step x/9 : y");

        Assert.Null(_steps.Newest);
    }

    [Fact]
    public void The_next_image_begins_without_a_step()
    {
        Read("Step 4/9 : RUN make");
        _steps.Begin("web");

        Assert.Equal((null, 1), (_steps.Newest, _steps.Count));
    }

    private void Read(params string[] lines)
    {
        foreach (var line in lines)
        {
            _steps.Read(line);
        }
    }
}
