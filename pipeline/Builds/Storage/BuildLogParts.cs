namespace Ci.Pipeline.Builds.Storage;

/// <summary>Parts of a log that are written side by side and stand one behind the other: the first that goes on is shown as it grows,
/// what the others say waits until those before them have ended. Each line keeps its own time.</summary>
public sealed class BuildLogParts(BuildLog log)
{
    // What waits is kept in memory; nobody reads more of a step that says so much.
    private const int MaxWaitingCharacters = 8 << 20;

    private readonly Lock _gate = new();
    private readonly Queue<Part> _open = new();

    /// <summary>Opens a part behind those that are open; disposing ends it.</summary>
    public Part Open()
    {
        lock (_gate)
        {
            var part = new Part(this, log);
            _open.Enqueue(part);
            return part;
        }
    }

    private void Advance()
    {
        while (_open.TryPeek(out var first))
        {
            first.Show();
            if (!first.IsEnded)
            {
                return;
            }

            _open.Dequeue();
        }
    }

    public sealed class Part(BuildLogParts parts, BuildLog log) : IDisposable
    {
        private readonly Queue<Action> _waiting = new();
        private readonly BuildEventLines _lines = new();
        private int _characters;

        internal bool IsEnded { get; private set; }

        public void Begin(string image, string line)
        {
            Begin(StageKind.Build, image, () => log.Steps.Begin(image));
            Write(new BuildEvent.Output(null, line));
        }

        public void Begin(StageKind stage, string image) => Begin(stage, image, static () => { });

        public void Write(BuildEvent happened)
        {
            LogRecord[] lines = [.. _lines.Of(happened)];
            log.Hear(lines.Sum(line => line.Line.Length) + ((happened as BuildEvent.Activity)?.Characters ?? 0));
            lock (parts._gate)
            {
                if (happened is BuildEvent.StepStarted or BuildEvent.StepEnded)
                {
                    _waiting.Enqueue(() => log.Steps.Add(happened));
                }

                Array.ForEach(lines, line => Add(line with { Time = log.Elapsed }));
                parts.Advance();
            }
        }

        public void Dispose()
        {
            lock (parts._gate)
            {
                IsEnded = true;
                parts.Advance();
            }
        }

        internal void Show()
        {
            while (_waiting.TryDequeue(out var show))
            {
                show();
            }

            _characters = 0;
        }

        private void Begin(StageKind stage, string image, Action shown)
        {
            lock (parts._gate)
            {
                _waiting.Enqueue(() =>
                {
                    shown();
                    log.Begin(stage, image);
                });
                parts.Advance();
            }
        }

        private void Add(LogRecord line)
        {
            if (_characters > MaxWaitingCharacters)
            {
                return;
            }

            _characters += line.Line.Length;
            var last = new LogRecord { Time = line.Time, Text = "… What follows is left out, for it is very long." };
            var shown = _characters > MaxWaitingCharacters ? last : line;
            _waiting.Enqueue(() => log.Add(shown));
        }
    }
}

/// <summary>The lines that a build's events have in its log. Steps of several stages run side by side: what comes from another step
/// than the line above stands below that step's title again.</summary>
internal sealed class BuildEventLines
{
    private readonly HashSet<string> _titled = new(StringComparer.Ordinal);
    private string? _current;

    public IEnumerable<LogRecord> Of(BuildEvent happened) => happened switch
    {
        BuildEvent.StepStarted started => Title(started.Step),
        BuildEvent.StepEnded { Words: { } words } ended =>
            [.. Title(ended.Step), new LogRecord { Text = " ---> " + words, IsDetail = true }],
        BuildEvent.Output output =>
            [.. output.Step is { } step ? Title(step) : [], new LogRecord { Text = output.Line, IsDetail = output.IsDetail }],
        _ => [],
    };

    private IReadOnlyList<LogRecord> Title(BuildStep step)
    {
        var (isNew, isCurrent) = (_titled.Add(step.Id), _current == step.Id);
        _current = step.Id;
        return isCurrent && !isNew ? []
            : step.Number is null ? [new LogRecord { Text = isNew ? step.Title : step.Title + " …" }]
            : [new LogRecord { Step = isNew ? step : step with { Instruction = "" } }];
    }
}
