using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Reporting;

/// <summary>The words of a commit status: what fits into the one line that GitHub shows of it.</summary>
internal static class StatusText
{
    /// <summary>How many characters GitHub takes (REST API, "Create a commit status").</summary>
    public const int MaxLength = 140;

    private const string Again = " Then rebuild it on its page.";

    public static string Of(Build record) => Cut(record switch
    {
        { State: BuildState.Succeeded, Images.Count: > 0 } => Pushed(record),
        { State: BuildState.Failed, FailedStep: { } step } => Failed(step),
        { State: BuildState.Error } when record.Summary.Length + Again.Length <= MaxLength => record.Summary + Again,
        _ => record.Summary,
    });

    /// <summary>How one image of several stands, and the state of its commit status.</summary>
    public static (string State, string Text) Of(Build record, string image) => record switch
    {
        { IsFinal: false } => ("pending", "Building"),
        { State: BuildState.Succeeded } when record.Images.FirstOrDefault(pushed => pushed.Name == image) is { } pushed =>
            (StateOf(record), Cut($"Pushed {Name(pushed)} · {Format.Size(pushed.Size)}")),
        { State: BuildState.Failed, FailedImage: { } failed } when failed != image =>
            ("error", Cut($"Not published, because {failed} failed")),
        _ => (StateOf(record), Of(record)),
    };

    /// <summary>The state of a build's commit status (GitHub REST API, "Create a commit status").</summary>
    public static string StateOf(Build record) => record.State switch
    {
        BuildState.Queued or BuildState.Running or BuildState.Waiting => "pending",
        BuildState.Succeeded => "success",
        BuildState.Failed => "failure",
        _ => "error",
    };

    /// <summary>Its place among those that wait, from 1, and how long they take together, if that can be told.</summary>
    public static string Queued(int place, TimeSpan? wait) =>
        $"Queued, {Ordinal(place)} in line" + (wait is { } time ? $", about {Roughly(time)}" : "");

    /// <summary>What a worker does now, by the stage and the step that began last.</summary>
    public static string Running(BuildStage? stage, BuildStep? step) => Cut(stage?.Kind switch
    {
        StageKind.Build when step is not null => $"Building {step.Image ?? stage.Image}, step {step.Place}",
        StageKind.Build => $"Building {stage.Image}",
        StageKind.Push => $"Pushing {stage.Image}",
        StageKind.Tags => "Moving tags",
        _ => "Fetching source",
    });

    /// <summary><c>Dockerfile line 7: RUN make: exit code 2</c>. The reason is shown whole before the instruction is.</summary>
    public static string Failed(FailedStep step)
    {
        var place = Place(step);
        if (step.Instruction is not { } instruction)
        {
            return Cut($"{place}: {step.Reason}");
        }

        var room = MaxLength - place.Length - step.Reason.Length - ": : ".Length;
        return Cut($"{place}: {(instruction.Length > room && room > 10 ? instruction[..(room - 1)] + "…" : instruction)}: {step.Reason}");
    }

    /// <summary>Where a step is: <c>Dockerfile line 7</c>.</summary>
    public static string Place(FailedStep step) => step.Line is { } line ? $"{step.File} line {line}" : step.File;

    private static string Pushed(Build record)
    {
        var images = record.Images.Count == 1
            ? $"{Name(record.Images[0])} · {Format.Size(record.Images[0].Size)}"
            : string.Join(", ", record.Images.Select(image => $"{Name(image)} {Format.Size(image.Size)}"));
        return $"Pushed {images}" + (record.FinishedAt - record.StartedAt is { } time ? $" · {Format.Duration(time)}" : "");
    }

    private static string Name(PushedImage image) => $"{image.Name}:{image.Tags[0]}";

    /// <summary>A time that is a guess, and looks like one.</summary>
    private static string Roughly(TimeSpan time) => time switch
    {
        { TotalSeconds: < 55 } => Number(Math.Max(1, Math.Round(time.TotalSeconds / 10)) * 10) + " s",
        { TotalMinutes: < 59.5 } => Number(Math.Max(1, Math.Round(time.TotalMinutes))) + " min",
        _ => Number(Math.Round(time.TotalHours)) + " h",
    };

    private static string Ordinal(int number) => Number(number) + (number % 100 is 11 or 12 or 13 ? "th" : (number % 10) switch
    {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    });

    private static string Number(double number) => number.ToString("0", CultureInfo.InvariantCulture);

    private static string Cut(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= MaxLength ? line : line[..(MaxLength - 1)] + "…";
    }
}
