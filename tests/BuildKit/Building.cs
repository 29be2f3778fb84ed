using System.Formats.Tar;
using System.Text;
using Ci.BuildKit;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker.BuildKit;
using Ci.Pipeline.Text;
using Ci.Tests.Fixtures;

namespace Ci.Tests.BuildKit;

/// <summary>A build in a test: its context is a few files of text; its log is kept.</summary>
internal sealed class Building(DockerEngine engine)
{
    private readonly StringBuilder _text = new();
    private readonly List<BuildKitEvent> _events = [];
    private readonly LogText _lines = new();

    public SessionAnswers Answers { get; init; } = new();

    /// <summary>What nobody is to read.</summary>
    public string[] Hidden { get; init; } = [];

    public string Log
    {
        get
        {
            lock (_text)
            {
                return _text.ToString();
            }
        }
    }

    public string[] Lines => Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public IReadOnlyList<BuildKitEvent> Events => _events;

    /// <summary>How the step ended whose instruction starts so.</summary>
    public StepResult ResultOf(string instruction) =>
        _events.OfType<StepFinished>().Single(finished => finished.Step.Instruction.StartsWith(instruction, StringComparison.Ordinal)).Result;

    /// <summary>A build of a Dockerfile, without another file beside it unless some are given.</summary>
    public static BuildKitBuild Of(string dockerfile, params (string Name, string Content)[] files) =>
        new() { WriteContext = Context([("Dockerfile", dockerfile), .. files]) };

    public static Func<Stream, CancellationToken, Task> Context(params (string Name, string Content)[] files) => async (stream, cancellationToken) =>
    {
        await using var tar = new TarWriter(stream, leaveOpen: true);
        foreach (var (name, content) in files)
        {
            await tar.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) }, cancellationToken);
        }
    };

    public Task<string> RunAsync(string dockerfile, params (string Name, string Content)[] files) => RunAsync(Of(dockerfile, files));

    public async Task<string> RunAsync(BuildKitBuild build, CancellationToken cancellationToken = default)
    {
        await engine.StartAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, TestContext.Current.CancellationToken);
        limit.CancelAfter(TestEnvironment.Limit);
        using var builder = new BuildKitBuilder(new EngineAddress(new Uri(engine.Host)), Answers);
        return await builder.BuildAsync(build with { Mask = new SecretMask([]).With(Hidden).Hide }, Hear, limit.Token);
    }

    /// <summary>What a command prints in a container of the image.</summary>
    public Task<string> PrintsAsync(string image, params string[] command) =>
        engine.RunAsync(["run", "--rm", "--network", "none", image, .. command]);

    private void Hear(BuildKitEvent happened)
    {
        _events.Add(happened);
        lock (_text)
        {
            _text.Append(_lines.Of(happened));
        }
    }
}

/// <summary>One build's events as the pipeline logs them, without times.</summary>
internal sealed class LogText
{
    private readonly BuildKitEventTranslator _events = new();
    private readonly BuildEventLines _lines = new();

    public string Of(BuildKitEvent happened) =>
        string.Concat(_events.Translate(happened).SelectMany(_lines.Of).Select(line => line.Line + "\n"));
}
