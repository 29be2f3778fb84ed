using System.Text;

namespace Ci.Pipeline.Report;

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
        private readonly Queue<(TimeSpan At, string Text)> _waiting = new();
        private readonly StringBuilder _partial = new();
        private int _characters;

        internal bool IsEnded { get; private set; }

        /// <summary>Adds a line.</summary>
        public void Line(string text)
        {
            parts.Log.Hear(text.Length);
            lock (parts._gate)
            {
                Add(text);
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
            while (_waiting.TryDequeue(out var line))
            {
                parts.Log.Line(line.Text, line.At);
            }

            _characters = 0;
        }

        private void Add(string text)
        {
            if (_characters > MaxWaitingCharacters)
            {
                return;
            }

            _characters += text.Length;
            _waiting.Enqueue((parts.Log.Elapsed, _characters > MaxWaitingCharacters ? "… What follows is left out, for it is very long." : text));
        }
    }

    private BuildLog Log => log;
}
