using Ci.BuildKit.Protos;

namespace Ci.BuildKit;

/// <summary>A build's steps as the trace has told them so far: which have begun and ended, and what of their output waits for its line's end.</summary>
internal sealed class TraceSteps(Func<string, string> mask)
{
    private const int StandardError = 2;

    private readonly Dictionary<string, State> _states = new(StringComparer.Ordinal);

    // The steps of each stage. Told by other steps than its base, which BuildKit may name as another stage or another build does.
    private readonly Dictionary<string, int> _totals = new(StringComparer.Ordinal);

    // The last step of each stage that has ended: those before it have, too, even if BuildKit told them under another
    // stage's name, or not at all.
    private readonly Dictionary<string, int> _done = new(StringComparer.Ordinal);
    private BuildProgressed _progress = new(0, 0);

    public BuildKitStep Of(string digest) => StateOf(digest).Step;

    public bool Begins(Vertex vertex)
    {
        var state = StateOf(vertex.Digest);
        state.Step = new BuildKitStep(vertex.Digest, mask(vertex.Name));
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
        var lines = (isError ? state.Errors : state.Output).Add(log.Msg.Span);
        return lines.Select(line => new StepPrinted(state.Step, mask(line), isError));
    }

    /// <summary>What a step that has ended printed without ending the line.</summary>
    public IEnumerable<StepPrinted> Rest(string digest)
    {
        var state = StateOf(digest);
        if (state.Output.Rest() is { } output)
        {
            yield return new StepPrinted(state.Step, mask(output), IsError: false);
        }

        if (state.Errors.Rest() is { } errors)
        {
            yield return new StepPrinted(state.Step, mask(errors), IsError: true);
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
            _states[digest] = state = new State { Step = new BuildKitStep(digest, digest) };
        }

        return state;
    }

    private sealed class State
    {
        public required BuildKitStep Step { get; set; }

        public bool Started { get; set; }

        public bool Ended { get; set; }

        public bool Failed { get; set; }

        public StepLines Output { get; } = new();

        public StepLines Errors { get; } = new();
    }
}
