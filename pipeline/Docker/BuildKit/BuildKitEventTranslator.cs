using System.Globalization;
using Ci.BuildKit;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Docker.BuildKit;

/// <summary>One build's events in the pipeline's terms. BuildKit's housekeeping is left out unless it fails.</summary>
internal sealed class BuildKitEventTranslator
{
    private readonly HashSet<(string Step, string What)> _transfers = [];

    public IEnumerable<BuildEvent> Translate(BuildKitEvent happened) => happened switch
    {
        StepStarted { Step: { IsInternal: false } step } => [new BuildEvent.StepStarted(StepOf(step))],
        StepPrinted printed => [Line(printed.Step, printed.Line)],
        // A layer is told twice, downloaded and extracted; the first tells its size.
        StepTransferred { IsComplete: true, Total: > 0, Step.IsInternal: false } transfer
            when transfer.What.StartsWith("sha256:", StringComparison.Ordinal) && _transfers.Add((transfer.Step.Digest, transfer.What)) =>
            [Line(transfer.Step, string.Create(CultureInfo.InvariantCulture, $"{transfer.What} {transfer.Total / 1e6:F2} MB"))],
        // How far a layer of the base has come is not logged, but it is a sign of life.
        StepTransferred => [new BuildEvent.Activity()],
        StepFinished finished when !finished.Step.IsInternal || finished.Result == StepResult.Failed => [EndOf(finished)],
        BuildWarning warning =>
        [
            Line(null, $"WARNING: {warning.Summary}{(warning.Url.Length > 0 ? $" ({warning.Url})" : "")}"),
            .. warning.Detail.Select(line => Line(null, "  " + line)),
        ],
        BuildError error => [Line(null, $"ERROR: {error.Error}")],
        EngineSaid said => [Line(null, said.Text.TrimEnd('\n'))],
        _ => [],
    };

    public static BuildStep StepOf(BuildKitStep step) => new()
    {
        Id = step.Digest,
        Stage = step.Stage.Length > 0 ? step.Stage : null,
        Number = step.Number,
        Total = step.Total,
        Instruction = step.Instruction,
    };

    private static BuildEvent.Output Line(BuildKitStep? step, string line) => new(step is null ? null : StepOf(step), line);

    private static BuildEvent.StepEnded EndOf(StepFinished finished)
    {
        var (outcome, words) = finished.Result switch
        {
            StepResult.Cached => (StepOutcome.Cached, "CACHED"),
            StepResult.Cancelled => (StepOutcome.Cancelled, "CANCELED"),
            StepResult.Failed => (StepOutcome.Failed, $"ERROR: {finished.Error}"),
            _ => (StepOutcome.Done, string.Create(CultureInfo.InvariantCulture, $"done in {finished.Duration.TotalSeconds:F1} s")),
        };
        return new BuildEvent.StepEnded(StepOf(finished.Step), outcome, words);
    }
}
