using Ci.BuildKit.Protos;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Ci.BuildKit;

/// <summary>Decodes what the engine streams while BuildKit builds: lines of JSON, most of them <c>{"id": "moby.buildkit.trace",
/// "aux": "BASE64"}</c> with a <c>moby.buildkit.v1.StatusResponse</c> in it. BuildKit sends a step again whenever it changes;
/// here every start and end is told once. One instance reads one build.</summary>
internal sealed class BuildKitTrace(Func<string, string> mask)
{
    private readonly TraceSteps _steps = new(mask);

    /// <summary>What a line says happened, in order; often nothing new.</summary>
    /// <exception cref="EngineUnavailableException">The line was cut short or is not the engine's.</exception>
    public IReadOnlyList<BuildKitEvent> Read(string line) => EngineLine.Parse(line) switch
    {
        { Error: { } error } => [new BuildError(mask(error))],
        { Trace: { } trace } => Read(Decode(trace)),
        { ImageId: { } image } => [new ImageBuilt(image)],
        { Id: null, Stream: { } text } => [new EngineSaid(mask(text))],
        { Id: null, Status: { } text } => [new EngineSaid(mask(text))],
        _ => [],
    };

    private static StatusResponse Decode(byte[] trace)
    {
        try
        {
            return StatusResponse.Parser.ParseFrom(trace);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new EngineUnavailableException("The engine's answer was cut short or is not its own.", e);
        }
    }

    private List<BuildKitEvent> Read(StatusResponse status)
    {
        // The starts first, because they tell the names. What comes in one piece is then put into the order it happened in.
        var events = new List<Timed>();
        events.AddRange(status.Vertexes.Where(_steps.Begins)
            .Select(vertex => new Timed(vertex.Started, new StepStarted(_steps.Of(vertex.Digest)))));
        events.AddRange(status.Statuses.Select(transfer => new Timed(transfer.Timestamp, new StepTransferred(
            _steps.Of(transfer.Vertex), transfer.ID, transfer.Total, transfer.Completed is not null))));
        events.AddRange(status.Logs.SelectMany(log => _steps.Printed(log).Select(line => new Timed(log.Timestamp, line))));
        foreach (var vertex in status.Vertexes.Where(_steps.Ends))
        {
            var end = EndOf(vertex, status);
            events.AddRange(_steps.Rest(vertex.Digest).Select(line => new Timed(end, line)));
            events.Add(new Timed(end, FinishedOf(vertex)));
        }

        return [.. events.OrderBy(e => e.When).Select(e => e.What), .. status.Warnings.Select(WarningOf)];
    }

    /// <summary>When a step ended; not before the last of its output that comes with its end.</summary>
    private static Timestamp? EndOf(Vertex vertex, StatusResponse status) =>
        status.Logs.Where(log => log.Vertex == vertex.Digest).Select(log => log.Timestamp).Append(vertex.Completed).Max();

    private BuildWarning WarningOf(VertexWarning warning) => new(
        mask(warning.Short.ToStringUtf8()),
        [.. warning.Detail.Select(line => mask(line.ToStringUtf8()))],
        warning.Url);

    private StepFinished FinishedOf(Vertex vertex) => new(
        _steps.Of(vertex.Digest),
        vertex.Error.EndsWith("context canceled", StringComparison.Ordinal) ? StepResult.Cancelled
            : vertex.Error.Length > 0 ? StepResult.Failed
            : vertex.Cached ? StepResult.Cached
            : StepResult.Done,
        Between(vertex.Started, vertex.Completed),
        vertex.Error.Length > 0 ? mask(vertex.Error) : null);

    private static TimeSpan Between(Timestamp? started, Timestamp completed) =>
        started is null || completed < started ? TimeSpan.Zero : (completed - started).ToTimeSpan();

    private sealed record Timed(Timestamp? When, BuildKitEvent What);
}
