namespace Ci.Pipeline.Builds;

public sealed class BuildSteps
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private volatile BuildStep? _newest;
    private string? _image;

    public BuildStep? Newest => _newest;

    public Action<BuildStep> Began { private get; set; } = static _ => { };

    public int Count { get; private set; }
    public int Cached { get; private set; }

    public void Add(BuildEvent happened)
    {
        var step = (happened as BuildEvent.StepStarted)?.Step ?? (happened as BuildEvent.StepEnded)?.Step;
        if (step is not { Number: not null })
        {
            return;
        }

        if (_seen.Add(step.Id))
        {
            Count++;
            _newest = step with { Image = _image };
            Began(_newest);
        }

        Cached += happened is BuildEvent.StepEnded { Outcome: StepOutcome.Cached } ? 1 : 0;
    }

    public void Begin(string image)
    {
        _image = image;
        _newest = null;
        _seen.Clear();
    }
}
