using System.Globalization;

namespace Ci.BuildKit;

/// <summary>
/// Writes a build's events as a log for people, in the words of the classic builder.
/// <code>
/// Step 1/2 : FROM docker.io/library/alpine
///  ---> CACHED
/// Step 2/2 : RUN make
/// cc -o hello hello.c
///  ---> done in 1.2 s
/// </code>
/// Steps of several stages run side by side: what comes from another step than the line above stands below that step's
/// title again, shortened to <c>Step build 2/4 …</c>. BuildKit's housekeeping is left out unless it fails. Every call of
/// <paramref name="output"/> has one line and its end.
/// </summary>
/// <param name="output">Takes the lines.</param>
public sealed class BuildLog(Action<string> output)
{
    private readonly HashSet<string> _titled = new(StringComparer.Ordinal);
    private readonly HashSet<(string Step, string What)> _transfers = [];
    private string? _current;

    /// <summary>Writes what is worth a line.</summary>
    public void Write(BuildEvent happened)
    {
        switch (happened)
        {
            case StepStarted { Step: { IsInternal: false } step }:
                Title(step);
                break;
            case StepPrinted printed:
                WriteBelow(printed.Step, printed.Line);
                break;
            case StepTransferred { IsComplete: true, Total: > 0, Step.IsInternal: false } transfer
                when transfer.What.StartsWith("sha256:", StringComparison.Ordinal):
                WriteTransfer(transfer);
                break;
            case StepFinished finished when !finished.Step.IsInternal || finished.Result == StepResult.Failed:
                WriteBelow(finished.Step, " ---> " + End(finished));
                break;
            case BuildWarning warning:
                WriteWarning(warning);
                break;
            case BuildError error:
                output($"ERROR: {error.Error}\n");
                break;
            case EngineSaid said:
                output(said.Text.EndsWith('\n') ? said.Text : said.Text + "\n");
                break;
        }
    }

    private static string End(StepFinished finished) => finished.Result switch
    {
        StepResult.Cached => "CACHED",
        StepResult.Cancelled => "CANCELED",
        StepResult.Failed => $"ERROR: {finished.Error}",
        _ => string.Create(CultureInfo.InvariantCulture, $"done in {finished.Duration.TotalSeconds:F1} s"),
    };

    private void WriteTransfer(StepTransferred transfer)
    {
        // A layer is told twice, downloaded and extracted; the first tells its size.
        if (_transfers.Add((transfer.Step.Digest, transfer.What)))
        {
            WriteBelow(transfer.Step, string.Create(CultureInfo.InvariantCulture, $"{transfer.What} {transfer.Total / 1e6:F2} MB"));
        }
    }

    private void WriteWarning(BuildWarning warning)
    {
        output($"WARNING: {warning.Summary}{(warning.Url.Length > 0 ? $" ({warning.Url})" : "")}\n");
        foreach (var line in warning.Detail)
        {
            output($"  {line}\n");
        }
    }

    private void WriteBelow(BuildStep step, string line)
    {
        Title(step);
        output(line + "\n");
    }

    private void Title(BuildStep step)
    {
        if (_titled.Add(step.Digest))
        {
            output(step.Title + "\n");
        }
        else if (_current != step.Digest)
        {
            output(step.Label + " …\n");
        }

        _current = step.Digest;
    }
}
