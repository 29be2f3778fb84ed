using Ci.BuildKit.Protos;

namespace Ci.BuildKit;

/// <summary>A build's steps as the trace has told them: which have begun and ended, and the line that has not ended yet.</summary>
internal sealed class TraceSteps(Func<string, string> mask)
{
    private const int StandardError = 2;

    private readonly Dictionary<string, State> _states = new(StringComparer.Ordinal);

    public BuildKitStep Of(string digest) => StateOf(digest).Step;

    public bool Begins(Vertex vertex)
    {
        var state = StateOf(vertex.Digest);
        state.Step = new BuildKitStep(vertex.Digest, mask(vertex.Name));
        return vertex.Started is not null && !vertex.Cached && !state.Started && (state.Started = true);
    }

    /// <summary>Whether the step ends with this. It can end twice, the second time with the error that another step gave it.</summary>
    public bool Ends(Vertex vertex)
    {
        var state = StateOf(vertex.Digest);
        var isNew = vertex.Completed is not null && (!state.Ended || (vertex.Error.Length > 0 && !state.Failed));
        state.Ended |= isNew;
        state.Failed |= isNew && vertex.Error.Length > 0;
        return isNew;
    }

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
        return new[] { (Line: state.Output.Rest(), IsError: false), (Line: state.Errors.Rest(), IsError: true) }
            .Where(rest => rest.Line is not null)
            .Select(rest => new StepPrinted(state.Step, mask(rest.Line!), rest.IsError));
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
