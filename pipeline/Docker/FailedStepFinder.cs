using System.Text;
using System.Text.RegularExpressions;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Pipeline.Source.Dockerfile;

namespace Ci.Pipeline.Docker;

/// <summary>Finds the step of a Dockerfile that an engine's error is about.</summary>
public static partial class FailedStepFinder
{
    // What is told of an instruction; the log has all of it.
    private const int MaxInstruction = 500;

    /// <summary>The step that an engine's error is about; null when it is about none.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="spec">The image that was built.</param>
    /// <param name="newest">The step that was announced last.</param>
    /// <param name="error">The engine's words.</param>
    /// <param name="cancellationToken">Stops the reading of the commit.</param>
    public static async Task<FailedStep?> FindAsync(
        CommitSource commit, ImageSpec spec, BuildStep? newest, string error, CancellationToken cancellationToken)
    {
        var file = await commit.ReadAsync(spec.DockerfilePath, cancellationToken);
        return Find(spec.DockerfilePath, file is null ? null : Encoding.UTF8.GetString(file), newest, error);
    }

    /// <summary>The step that an engine's error is about, by the Dockerfile's text; null when it is about none.</summary>
    public static FailedStep? Find(string path, string? dockerfile, BuildStep? newest, string error)
    {
        var instructions = (dockerfile is null ? null : DockerfileParser.Read(dockerfile)) ?? [];
        if (Command().Match(error) is { Success: true } command)
        {
            return OfCommand(path, instructions, newest, command.Groups["command"].Value, "exit code " + command.Groups["code"].Value);
        }

        if (Told().Match(error) is { Success: true } told)
        {
            return OfInstruction(path, instructions, newest, told.Groups["what"].Value, told.Groups["reason"].Value);
        }

        if (Unreadable().Match(error) is { Success: true } unreadable && int.TryParse(unreadable.Groups["line"].Value, out var line))
        {
            return new FailedStep { File = path, Line = line, Reason = unreadable.Groups["reason"].Value.TrimEnd('.') };
        }

        // The classic builder goes from step to step: what it cannot copy, or not build upon, is in the one that was announced last.
        var failed = Copying().Match(error);
        return newest is not null && (failed.Success ? newest.Instruction.StartsWith(failed.Groups["what"].Value, StringComparison.OrdinalIgnoreCase) : IsBase(newest, error))
            ? new FailedStep
            {
                File = path,
                Line = LineOf(instructions, newest, Same(instructions, newest.Instruction)),
                Instruction = Shown(newest.Instruction),
                Reason = (failed.Success ? failed.Groups["reason"].Value : error).TrimEnd('.'),
            }
            : null;
    }

    /// <summary>BuildKit's steps say what they are; of stages that ran side by side it is not the newest that failed.</summary>
    private static FailedStep OfInstruction(string path, IReadOnlyList<DockerfileInstruction> instructions, BuildStep? newest, string what, string reason)
    {
        var same = Same(instructions, what);
        return new FailedStep
        {
            File = path,
            Line = same is [var only] ? only.Line : newest is not null && newest.Instruction == what ? LineOf(instructions, newest, same) : null,
            Instruction = Shown(same is [var first, ..] ? first.Text : what),
            Reason = reason.TrimEnd('.').Replace("did not complete successfully: exit code:", "exit code", StringComparison.Ordinal).TrimStart(),
        };
    }

    private static FailedStep OfCommand(string path, IReadOnlyList<DockerfileInstruction> instructions, BuildStep? newest, string command, string reason)
    {
        // The shell that a RUN step's text is given to is the engine's words, and not the Dockerfile's.
        string[] spellings = [Core(command), Core(Shell().Replace(command, ""))];
        var found = instructions.Where(i => Run().Match(i.Text) is { Success: true } run && spellings.Contains(Core(run.Groups["command"].Value))).ToList();
        return new FailedStep
        {
            File = path,
            Line = newest is not null ? LineOf(instructions, newest, found) : found is [var only] ? only.Line : null,
            Instruction = Shown(found is [var first, ..] ? first.Text : "RUN " + Shell().Replace(command, "")),
            Reason = reason,
        };
    }

    /// <summary>
    /// The line of the only instruction that it can be. Of several alike the step's number tells which, but only as the
    /// classic builder counts: all instructions of the file, and our labels behind them.
    /// </summary>
    private static int? LineOf(IReadOnlyList<DockerfileInstruction> instructions, BuildStep step, IReadOnlyList<DockerfileInstruction> alike) =>
        alike is [var only] ? only.Line
        : step.Stage is null && step.Total > instructions.Count && step.Number <= instructions.Count && alike.Contains(instructions[step.Number - 1])
            ? instructions[step.Number - 1].Line
        : null;

    private static List<DockerfileInstruction> Same(IReadOnlyList<DockerfileInstruction> instructions, string text) =>
        [.. instructions.Where(i => Core(i.Text) == Core(text))];

    private static bool IsBase(BuildStep step, string error) =>
        step.Instruction.StartsWith("FROM ", StringComparison.OrdinalIgnoreCase) && !error.StartsWith("The ", StringComparison.Ordinal);

    /// <summary>A text without what the engine's quoting, the exec form and continued lines change in it.</summary>
    private static string Core(string text) => Quoting().Replace(text, "");

    private static string Shown(string instruction)
    {
        var line = instruction.Split('\n')[0];
        return line.Length > MaxInstruction ? line[..MaxInstruction] + " …" : line;
    }

    [GeneratedRegex("""(?:^The command '(?<command>.*)' returned a non-zero code|process "(?<command>.*)" did not complete successfully: exit code): (?<code>\d+)""", RegexOptions.Singleline)]
    private static partial Regex Command();

    // As Ci.BuildKit says which step it was.
    [GeneratedRegex(@"^Step (?:\S+ )?\d+/\d+ : (?<what>.+?)(?:(?<reason> did not complete successfully: exit code: \d+)\.?$|: (?<reason>(?:failed|executor failed|error|rpc error|its container)\b.*)$)", RegexOptions.Singleline)]
    private static partial Regex Told();

    [GeneratedRegex(@"dockerfile parse error (?:on )?line (?<line>\d{1,6}): (?<reason>.+)", RegexOptions.IgnoreCase)]
    private static partial Regex Unreadable();

    [GeneratedRegex("^(?<what>COPY|ADD) failed: (?<reason>.+)", RegexOptions.Singleline)]
    private static partial Regex Copying();

    [GeneratedRegex(@"^RUN\s+(?:--\S+\s+)*(?<command>.+)$", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Run();

    [GeneratedRegex(@"^/\S+(?: (?!-c )\S+){0,4}? -c ")]
    private static partial Regex Shell();

    [GeneratedRegex("""\\+[nrt]?|[\s"',\[\]]""")]
    private static partial Regex Quoting();
}
