using System.Text;
using System.Text.RegularExpressions;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Pipeline.Source.Dockerfile;

namespace Ci.Pipeline.Docker;

/// <summary>Finds the place of a failed step in the commit's Dockerfile.</summary>
internal static partial class FailedStepLocator
{
    // What is told of an instruction; the log has all of it.
    private const int MaxInstruction = 500;

    public static async Task<FailedStep> LocateAsync(
        CommitSource commit, ImageSpec spec, StepFailure failure, CancellationToken cancellationToken)
    {
        var file = await commit.ReadAsync(spec.DockerfilePath, cancellationToken);
        return Locate(spec.DockerfilePath, file is null ? "" : Encoding.UTF8.GetString(file), failure);
    }

    /// <summary>The step by the Dockerfile's text; no line rather than a wrong one.</summary>
    public static FailedStep Locate(string path, string dockerfile, StepFailure failure)
    {
        var instructions = DockerfileParser.Read(dockerfile) ?? [];
        var alike = failure.Step is { } step ? instructions.Where(i => Core(i.Text) == Core(step.Instruction)).ToList() : [];
        return new FailedStep
        {
            File = path,
            Line = failure.Line ?? LineOf(instructions, failure.Step, alike),
            Instruction = alike is [var first, ..] ? Shown(first.Text) : failure.Step is null ? null : Shown(failure.Step.Instruction),
            Reason = failure.Reason.Trim().TrimEnd('.'),
        };
    }

    /// <summary>The line of the only instruction that it can be. Of several alike the step's number tells which, but only as the
    /// classic builder counts: all instructions of the file, and our label behind them.</summary>
    private static int? LineOf(IReadOnlyList<DockerfileInstruction> instructions, BuildStep? step, List<DockerfileInstruction> alike) =>
        alike is [var only] ? only.Line
        : step is { Stage: null, Number: { } number } && step.Total > instructions.Count && number <= instructions.Count
            && alike.Contains(instructions[number - 1]) ? instructions[number - 1].Line
        : null;

    /// <summary>A text without what a builder's quoting, the exec form and continued lines change in it.</summary>
    private static string Core(string text) => Quoting().Replace(text, "");

    private static string Shown(string instruction)
    {
        var line = instruction.Split('\n')[0];
        return line.Length > MaxInstruction ? line[..MaxInstruction] + " …" : line;
    }

    [GeneratedRegex("""\\+[nrt]?|[\s"',\[\]]""")]
    private static partial Regex Quoting();
}
