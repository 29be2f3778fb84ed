namespace Ci.Pipeline.Builds;

/// <summary>The steps of a build as far as it has come: the newest, and how many there were.</summary>
public sealed class BuildSteps
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private volatile BuildStep? _newest;
    private string? _image;

    /// <summary>The step that began last; null when there is none yet of the image that is built now.</summary>
    public BuildStep? Newest => _newest;

    /// <summary>Is told of every step that begins.</summary>
    public Action<BuildStep> Began { private get; set; } = static _ => { };

    public int Count { get; private set; }
    public int Cached { get; private set; }

    /// <summary>Takes in what happens. What is no step of the Dockerfile does not count.</summary>
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

    /// <summary>Another image begins; the counts go on.</summary>
    public void Begin(string image)
    {
        _image = image;
        _newest = null;
        _seen.Clear();
    }
}
