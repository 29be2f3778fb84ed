using System.Collections.Concurrent;
using System.Text;

namespace Ci.BuildKit;

/// <summary>
/// Takes the values of secrets out of text. It is a net for mishaps (<c>set -x</c>, a tool that prints its settings) and no
/// wall: a command that prints a secret in another form, reversed or encoded, gets it past.
/// </summary>
internal sealed class SecretMask
{
    /// <summary>What is shorter, in characters, would take half the log away.</summary>
    private const int MinLength = 4;

    private readonly ConcurrentDictionary<string, bool> _values = new(StringComparer.Ordinal);

    /// <summary>Hides a value from now on; one of several lines is hidden line by line, as the log is written.</summary>
    public void Add(ReadOnlySpan<byte> value)
    {
        foreach (var line in Encoding.UTF8.GetString(value).Split('\n'))
        {
            if (line.Trim() is { Length: >= MinLength } hidden)
            {
                _values[hidden] = true;
            }
        }
    }

    /// <summary>The text without the values.</summary>
    public string Apply(string text) =>
        _values.Keys.OrderByDescending(value => value.Length).Aggregate(text, (masked, value) => masked.Replace(value, "***", StringComparison.Ordinal));
}
