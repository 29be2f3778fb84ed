using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker.Classic;

namespace Ci.Tests.Docker;

/// <summary>What the classic builder prints, as events.</summary>
public sealed class ClassicOutputTests
{
    private static readonly BuildStep From = new() { Id = "1", Number = 1, Total = 2, Instruction = "FROM a" };
    private static readonly BuildStep Make = new() { Id = "2", Number = 2, Total = 2, Instruction = "RUN make" };

    private readonly List<BuildEvent> _events = [];
    private readonly ClassicOutput _output;

    public ClassicOutputTests() => _output = new ClassicOutput(_events.Add);

    [Fact]
    public void Steps_begin_and_end_with_what_they_print_between()
    {
        Array.ForEach(["Step 1/2 : FROM a\n", " ---> 0123456789ab\n", "Step 2/2 : RUN make\n", " ---> Using cache\n", " ---> ba9876543210\n"], _output.Read);
        _output.Finish();

        Assert.Equal(
            [
                new BuildEvent.StepStarted(From),
                new BuildEvent.StepImage("0123456789ab"),
                new BuildEvent.Output(From, " ---> 0123456789ab", IsDetail: true),
                new BuildEvent.StepEnded(From, StepOutcome.Done, null),
                new BuildEvent.StepStarted(Make),
                new BuildEvent.Output(Make, " ---> Using cache", IsDetail: true),
                new BuildEvent.StepImage("ba9876543210"),
                new BuildEvent.Output(Make, " ---> ba9876543210", IsDetail: true),
                new BuildEvent.StepEnded(Make, StepOutcome.Cached, null),
            ],
            _events);
    }

    [Fact]
    public void What_a_step_prints_is_no_step()
    {
        Array.ForEach(["Step 1/2 : FROM a\n", "Stepping 4/9 : x\n", "a Step 4/9 : x\n", "Step x/9 : y\n"], _output.Read);

        Assert.Single(_events.OfType<BuildEvent.StepStarted>());
        Assert.Equal(3, _events.OfType<BuildEvent.Output>().Count(output => !output.IsDetail && output.Step == From));
    }

    [Fact]
    public void Pieces_of_a_line_are_signs_of_life_and_make_one_line()
    {
        Array.ForEach(["a", "b\r\nc", "d"], _output.Read);
        _output.Finish();

        Assert.Equal([new BuildEvent.Activity(1), new BuildEvent.Output(null, "ab"), new BuildEvent.Activity(1), new BuildEvent.Output(null, "cd")], _events);
    }

    [Theory]
    [InlineData("RUN make", "The command '/bin/sh -c make' returned a non-zero code: 2", "exit code 2")]
    [InlineData("COPY x /", "COPY failed: file not found: x.", "file not found: x.")]
    [InlineData("FROM a", "pull access denied for a", "pull access denied for a")]
    [InlineData("RUN make", "COPY failed: file not found: x.", null)]
    [InlineData("RUN make", "the engine is tired", null)]
    public void The_newest_step_is_the_one_that_failed(string instruction, string error, string? reason)
    {
        _output.Read($"Step 1/2 : {instruction}\n");
        var step = From with { Instruction = instruction };

        Assert.Equal(reason is null ? null : new StepFailure(step, reason), _output.Fail(error));
        Assert.Equal(new BuildEvent.StepEnded(step, StepOutcome.Failed, null), _events[^1]);
    }

    [Theory]
    [InlineData("dockerfile parse error line 2: unknown instruction: RNU.")]
    [InlineData("dockerfile parse error on line 2: unknown instruction: RNU.")]
    public void A_file_that_cannot_be_read_names_its_line_itself(string error) =>
        Assert.Equal(new StepFailure(null, "unknown instruction: RNU.", 2), _output.Fail(error));
}
