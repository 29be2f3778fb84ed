using Ci.BuildKit.Protos;

namespace Ci.BuildKit;

/// <summary>The steps of a build as the trace has told them so far: which have begun and ended, and what of their output waits for its line's end.</summary>
internal sealed class BuildSteps(SecretMask mask)
{
    /// <summary>The number that BuildKit gives standard error.</summary>
    private const int StandardError = 2;

    private readonly Dictionary<string, State> _states = new(StringComparer.Ordinal);

    /// <summary>The steps of each stage. Told by other steps than its base, which BuildKit may name as another stage or another build does.</summary>
    private readonly Dictionary<string, int> _totals = new(StringComparer.Ordinal);

    /// <summary>The last step of each stage that has ended: those before it have, too, even if BuildKit told them under another stage's name, or not at all.</summary>
    private readonly Dictionary<string, int> _done = new(StringComparer.Ordinal);
    private BuildProgressed _progress = new(0, 0);

    /// <summary>The step behind a digest.</summary>
    public BuildStep Of(string digest) => StateOf(digest).Step;

    /// <summary>Whether the step begins with this.</summary>
    public bool Begins(Vertex vertex)
    {
        var state = StateOf(vertex.Digest);
        state.Step = new BuildStep(vertex.Digest, mask.Apply(vertex.Name));
        if (state.Step is { IsBase: false, Stage: var stage, Total: { } total })
        {
            _totals[stage] = total;
        }

        return vertex.Started is not null && !vertex.Cached && !state.Started && (state.Started = true);
    }

    /// <summary>Whether the step ends with this. It can end twice, the second time with the error that another step gave it.</summary>
    public bool Ends(Vertex vertex)
    {
        var state = StateOf(vertex.Digest);
        var isNew = vertex.Completed is not null && (!state.Ended || (vertex.Error.Length > 0 && !state.Failed));
        state.Ended |= isNew;
        state.Failed |= isNew && vertex.Error.Length > 0;
        if (isNew && vertex.Error.Length == 0 && state.Step is { IsBase: false, Stage: var stage, Number: { } number })
        {
            _done[stage] = Math.Max(number, _done.GetValueOrDefault(stage));
        }

        return isNew;
    }

    /// <summary>The lines that end with a piece of output.</summary>
    public IEnumerable<StepPrinted> Printed(VertexLog log)
    {
        var state = StateOf(log.Vertex);
        var isError = log.Stream == StandardError;
        return (isError ? state.Errors : state.Output).Add(log.Msg.Span).Select(line => new StepPrinted(state.Step, mask.Apply(line), isError));
    }

    /// <summary>What a step that has ended printed without ending the line.</summary>
    public IEnumerable<StepPrinted> Rest(string digest)
    {
        var state = StateOf(digest);
        if (state.Output.Rest() is { } output)
        {
            yield return new StepPrinted(state.Step, mask.Apply(output), IsError: false);
        }

        if (state.Errors.Rest() is { } errors)
        {
            yield return new StepPrinted(state.Step, mask.Apply(errors), IsError: true);
        }
    }

    /// <summary>How far the build is, if that has changed.</summary>
    public BuildProgressed? Progress()
    {
        var now = new BuildProgressed(_done.Values.Sum(), _totals.Values.Sum());
        var isNew = now != _progress;
        _progress = now;
        return isNew ? now : null;
    }

    private State StateOf(string digest)
    {
        if (!_states.TryGetValue(digest, out var state))
        {
            _states[digest] = state = new State { Step = new BuildStep(digest, digest) };
        }

        return state;
    }

    private sealed class State
    {
        public required BuildStep Step { get; set; }

        public bool Started { get; set; }

        public bool Ended { get; set; }

        public bool Failed { get; set; }

        public StepLines Output { get; } = new();

        public StepLines Errors { get; } = new();
    }
}
