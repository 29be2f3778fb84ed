using System.Text;

namespace Ci.Pipeline.Builds.Storage;

/// <summary>
/// Parts of a log that are written side by side and stand one behind the other: the first that goes on is shown as it
/// grows, what the others say waits until those before them have ended. Each line keeps its own time.
/// </summary>
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
            var part = new Part(this);
            _open.Enqueue(part);
            return part;
        }
    }

    /// <summary>Shows what waits of the part whose turn it is, and of those behind it if it has ended.</summary>
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

    /// <summary>One part.</summary>
    public sealed class Part(BuildLogParts parts) : IDisposable
    {
        private readonly Queue<Action> _waiting = new();
        private readonly StringBuilder _partial = new();
        private int _characters;

        internal bool IsEnded { get; private set; }

        /// <summary>The steps that this part tells of, shown already or not.</summary>
        public BuildSteps Steps { get; } = new();

        /// <summary>Begins with an image, and a line that says so.</summary>
        public void Begin(string image, string line)
        {
            parts.Log.Hear(line.Length);
            lock (parts._gate)
            {
                _waiting.Enqueue(() => parts.Log.Steps.Begin(image));
                Add(line);
                parts.Advance();
            }
        }

        /// <summary>Adds output as it comes, in pieces that need not end with a line; an empty one is a sign of life.</summary>
        public void Output(string piece)
        {
            parts.Log.Hear(piece.Length);
            lock (parts._gate)
            {
                BuildLog.Split(piece, _partial, Add);
                parts.Advance();
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (parts._gate)
            {
                if (_partial.Length > 0)
                {
                    Add(_partial.ToString());
                    _partial.Clear();
                }

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

        private void Add(string text)
        {
            Steps.Read(text);
            if (_characters > MaxWaitingCharacters)
            {
                return;
            }

            _characters += text.Length;
            var (line, at) = (_characters > MaxWaitingCharacters ? "… What follows is left out, for it is very long." : text, parts.Log.Elapsed);
            _waiting.Enqueue(() =>
            {
                parts.Log.Steps.Read(line);
                parts.Log.Line(line, at);
            });
        }
    }

    private BuildLog Log => log;
}
